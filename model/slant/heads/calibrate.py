"""Probabilities that mean what they say: calibration on the logits, on data no head was fitted to."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from slant.types import Floats, Ints

FEWEST = 8
"""Positive rows below which a class has no calibration of its own."""


def fit_temperature(logits: Floats, truth: Ints, weights: Floats | None = None) -> float:
    """Return the temperature (Guo et al. 2017) that makes ``truth`` likeliest; logits are (n, classes)."""
    if len(truth) == 0:
        return 1.0

    def loss(log_temperature: float) -> float:
        chosen = log_softmax(logits / np.exp(log_temperature), axis=1)[np.arange(len(truth)), truth]
        return -float(np.average(chosen, weights=weights))

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def with_temperature(logits: Floats, temperature: float) -> Floats:
    """Return probabilities of shape (n, classes), each row summing to one."""
    return np.asarray(softmax(logits / temperature, axis=1))


def fit_sigmoids(logits: Floats, truth: Floats) -> Floats:
    """Return slope and intercept (Platt 1999) for every column of (n, classes) logits, as (classes, 2).

    A column with fewer than ``FEWEST`` positive rows takes the curve fitted to all columns together.
    """
    pooled = _sigmoid(logits.ravel(), truth.ravel())
    return np.array(
        [
            _sigmoid(column, wanted) if FEWEST <= wanted.sum() <= len(wanted) - FEWEST else pooled
            for column, wanted in zip(logits.T, truth.T, strict=True)
        ]
    )


def with_sigmoids(logits: Floats, sigmoids: Floats) -> Floats:
    """Return independent probabilities of shape (n, classes)."""
    return np.asarray(expit(logits * sigmoids[:, 0] + sigmoids[:, 1]))


def _sigmoid(logits: Floats, wanted: Floats) -> Floats:
    if len(np.unique(wanted)) < 2:
        return np.array([1.0, 0.0])
    fitted = LogisticRegression(C=1e3).fit(logits[:, None], wanted)
    return np.array([max(float(fitted.coef_[0, 0]), 1e-3), float(fitted.intercept_[0])])


def fit_thresholds(probabilities: Floats, truth: Floats) -> Floats:
    """Return for every column the probability from which to give the label, by F1, kept within 0.25 to 0.6."""
    grid = np.linspace(0.25, 0.6, 15)
    return np.array([_threshold(grid, *column) for column in zip(probabilities.T, truth.T, strict=True)])


def _threshold(grid: Floats, probabilities: Floats, wanted: Floats) -> float:
    if wanted.sum() < FEWEST:
        return 0.5
    given = probabilities[:, None] >= grid
    hits = (given & (wanted[:, None] > 0)).sum(axis=0)
    scores = 2 * hits / np.maximum(given.sum(axis=0) + wanted.sum(), 1)
    best = grid[scores == scores.max()]
    return float(best[len(best) // 2])
