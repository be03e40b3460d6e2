"""Fit what turns a topic's score into a probability, and the probability from which the topic is given.

Both are fitted to articles that no head was fitted to.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from slant.types import Bools, Floats

FEWEST = 8
"""Positive rows below which a class has no calibration of its own."""
SHARED = 100
"""Rows that the curve common to all topics counts for beside those of one topic."""
DOUBT = 10
"""Rows that the threshold common to all topics of the second level counts for beside those of one topic."""


def fit_sigmoids(logits: Floats, truth: Floats) -> Floats:
    """Return slope and intercept (Platt 1999) for every column of (n, classes) logits, as (classes, 2).

    They are drawn toward those of the curve fitted to all columns together, the more the fewer positive rows there are.
    """
    pooled = fit_sigmoid(logits.ravel(), truth.ravel())
    curves = list[Floats]()
    for column, wanted in zip(logits.T, truth.T, strict=True):
        rows = wanted.sum()
        own = fit_sigmoid(column, wanted) if FEWEST <= rows <= len(wanted) - FEWEST else pooled
        curves.append((rows * own + SHARED * pooled) / (rows + SHARED))
    return np.array(curves)


def fit_sigmoid(logits: Floats, truth: Floats) -> Floats:
    """Return slope and intercept for one class, (2,); those that change nothing where the truth is always the same."""
    if len(np.unique(truth)) < 2:
        return np.array([1.0, 0.0])
    fitted = LogisticRegression(C=1e3).fit(logits[:, None], truth)
    return np.array([max(float(fitted.coef_[0, 0]), 1e-3), float(fitted.intercept_[0])])


def fit_thresholds(probabilities: Floats, truth: Floats) -> Floats:
    """Return for every column the probability from which to give the label, by F1, kept within 0.25 to 0.6."""
    grid = np.linspace(0.25, 0.6, 15)
    return np.array(
        [
            _best(grid, shares, wanted) if wanted.sum() >= FEWEST else 0.5
            for shares, wanted in zip(probabilities.T, truth.T, strict=True)
        ]
    )


def fit_lower_thresholds(probabilities: Floats, truth: Floats, allowed: Bools) -> Floats:
    """Return for every topic of the second level the probability from which to give it, kept within 0.1 to 0.6.

    It is the best by F1 for the topic, drawn toward the best for all of them together, the more the rarer it is.

    Parameters
    ----------
    probabilities, truth
        Of n articles, (n, topics).
    allowed
        Where the topic above is given, (n, topics); elsewhere none of the second level is.
    """
    grid = np.linspace(0.1, 0.6, 21)
    reachable = np.where(allowed, probabilities, 0.0)
    common = _best(grid, reachable.ravel(), truth.ravel())
    rows = truth.sum(axis=0)
    own = np.array([_best(grid, *column) for column in zip(reachable.T, truth.T, strict=True)])
    return np.where(rows < FEWEST, common, (rows * own + DOUBT * common) / (rows + DOUBT))


def _best(grid: Floats, probabilities: Floats, wanted: Floats) -> float:
    """Return the threshold of a grid with the best F1, the middle one of several."""
    given = probabilities[:, None] >= grid
    hits = (given & (wanted[:, None] > 0)).sum(axis=0)
    scores = 2 * hits / np.maximum(given.sum(axis=0) + wanted.sum(), 1)
    best = grid[scores == scores.max()]
    return float(best[len(best) // 2])
