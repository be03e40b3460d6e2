"""The figures: how often right, on which classes, how honest the probabilities, how sure of it all.

Arrays throughout: ``truth`` and ``predicted`` are class indices of shape (n,), ``probabilities`` is
(n, classes), and ``labels`` names the classes in the order of the columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from slant.labels import OPPOSITE, STANCES
from slant.types import Floats, Ints, Json

BINS = 15
COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
CONFIDENCES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
RESAMPLES = 1_000
PRECISIONS = (0.90, 0.95)
"""Precisions at which it is asked how many answers need no reader."""
FEWEST_ANSWERS = 20
"""Answers below which a precision says too little to choose a confidence by."""


def macro_f1(truth: Ints, predicted: Ints) -> float:
    """Return the mean F1 over the classes that occur in ``truth``."""
    return float(f1_score(truth, predicted, labels=np.unique(truth), average="macro", zero_division=0))


def favor_against_f1(truth: Ints, predicted: Ints) -> float:
    """Return the mean F1 of favor and against, places in ``STANCES``; any other answer to such a row is a miss."""
    wanted = [STANCES.index("favor"), STANCES.index("against")]
    return float(f1_score(truth, predicted, labels=wanted, average="macro", zero_division=0))


def per_class(truth: Ints, predicted: Ints, labels: Sequence[str]) -> Json:
    """Return precision, recall, F1 and count for each class, by label."""
    figures = precision_recall_fscore_support(truth, predicted, labels=range(len(labels)), zero_division=0)
    names = ("precision", "recall", "f1", "count")
    return {
        label: {
            name: float(figure[row]) if name != "count" else int(figure[row])
            for name, figure in zip(names, figures, strict=True)
        }
        for row, label in enumerate(labels)
    }


def confusion(truth: Ints, predicted: Ints, labels: Sequence[str]) -> list[list[int]]:
    """Return counts with a row per true class and a column per predicted class."""
    counts: list[list[int]] = confusion_matrix(truth, predicted, labels=range(len(labels))).tolist()
    return counts


def reliability(confidence: Floats, correct: Floats) -> list[Json]:
    """Return mean confidence, accuracy and count of each non-empty bin of equal width, surest last."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    filled = [(bins == b) for b in range(BINS) if (bins == b).any()]
    return [
        {
            "confidence": float(confidence[b].mean()),
            "accuracy": float(correct[b].mean()),
            "count": int(b.sum()),
        }
        for b in filled
    ]


def expected_calibration_error(confidence: Floats, correct: Floats) -> float:
    """Return the ECE (Guo et al. 2017): mean gap of confidence and accuracy over the bins of ``reliability``."""
    gaps = [abs(b["confidence"] - b["accuracy"]) * b["count"] for b in reliability(confidence, correct)]
    return float(sum(gaps)) / max(len(confidence), 1)


def brier(truth: Ints, probabilities: Floats) -> float:
    """Return the multi-class Brier score (1950): mean squared distance to the true one-hot row, 0 to 2."""
    hot = np.eye(probabilities.shape[1])[truth]
    return float(((probabilities - hot) ** 2).sum(axis=1).mean())


def coverage_curve(confidence: Floats, correct: Floats) -> list[Json]:
    """Return the accuracy on the surest part of the rows, for each part of ``COVERAGES``."""
    order = np.argsort(-confidence, kind="stable")
    points = [(part, order[: max(1, round(part * len(order)))]) for part in COVERAGES]
    return [
        {"coverage": part, "accuracy": float(correct[rows].mean()), "threshold": float(confidence[rows[-1]])}
        for part, rows in points
    ]


def precision_by_confidence(truth: Ints, predicted: Ints, confidence: Floats, labels: Sequence[str]) -> Json:
    """Return for each label given how many rows got it from each of ``CONFIDENCES`` up, and what part rightly.

    This is what ``confidence`` and ``min_confidence`` mean in practice: the precision of what is still answered.
    """
    return {
        label: [_precision((predicted == n) & (confidence >= least), truth == n, least) for least in CONFIDENCES]
        for n, label in enumerate(labels)
        if (predicted == n).any()
    }


def side(truth: Ints, predicted: Ints, labels: Sequence[str]) -> float | None:
    """Return the share of right answers among the rows that are favor or against and are answered so.

    Parameters
    ----------
    truth, predicted : array of int, shape (n,)
        Places in ``labels``.
    labels : sequence of str
        The names of the classes.

    Returns
    -------
    float or None
        None if no row is one-sided in both.
    """
    sides = [n for n, label in enumerate(labels) if label in OPPOSITE]
    both = np.isin(truth, sides) & np.isin(predicted, sides)
    return float((truth == predicted)[both].mean()) if both.any() else None


def automation(correct: Floats, predicted: Ints, confidence: Floats, labels: Sequence[str]) -> Json:
    """Return how many answers can be taken as they are at a stated precision, for all labels together and for each.

    Parameters
    ----------
    correct : array of float, shape (n,)
        1 where the answer is right.
    predicted : array of int, shape (n,)
        The label given, as its place in ``labels``.
    confidence : array of float, shape (n,)
        The probability of that label.
    labels : sequence of str
        The names of the labels.

    Returns
    -------
    dict
        By label, and for ``all``: a row for each of ``PRECISIONS`` with ``precision``, the lowest ``confidence``
        from which up so many answers are right, and their ``share`` of the answers of that label; 0 and None where
        no ``FEWEST_ANSWERS`` answers are that precise.
    """
    every = np.ones(len(predicted), dtype=bool)
    rows = {"all": every} | {label: predicted == n for n, label in enumerate(labels) if (predicted == n).any()}
    return {
        name: [_automation(correct[given], confidence[given], precision) for precision in PRECISIONS]
        for name, given in rows.items()
    }


def _automation(correct: Floats, confidence: Floats, precision: float) -> Json:
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    precise = np.cumsum(correct[order]) >= precision * np.arange(1, len(order) + 1)
    complete = np.append(ranked[1:] < ranked[:-1], True)  # equal confidences are taken together or not at all
    enough = np.arange(1, len(order) + 1) >= FEWEST_ANSWERS
    ends = np.flatnonzero(precise & complete & enough)
    if not len(ends):
        return {"precision": precision, "confidence": None, "share": 0.0}
    last = int(ends[-1])
    return {"precision": precision, "confidence": float(ranked[last]), "share": (last + 1) / len(order)}


def _precision(given: Floats, right: Floats, least: float) -> Json:
    precision = float(right[given].mean()) if given.any() else None
    return {"confidence": least, "count": int(given.sum()), "precision": precision}


def f_avg(truth: Ints, predicted: Ints, labels: Sequence[str]) -> float | None:
    """Return SemEval-2016 task 6's F_avg: the mean F1 of favor and against, other classes in play."""
    if not {"favor", "against"} <= set(labels):
        return None
    sides = [labels.index("favor"), labels.index("against")]
    return float(f1_score(truth, predicted, labels=sides, average="macro", zero_division=0))


def fnc_score(truth: Ints, predicted: Ints, labels: Sequence[str]) -> float | None:
    """Return FNC-1's weighted score as a part of the best possible: a quarter for related, the rest for which."""
    if "unrelated" not in labels:
        return None
    unrelated = labels.index("unrelated")
    related, said_related = truth != unrelated, predicted != unrelated
    got = 0.25 * (related == said_related) + 0.75 * (related & (truth == predicted))
    best = np.where(related, 1.0, 0.25)
    return float(got.sum() / best.sum())


def interval(figure: Callable[[Ints], float], n: int, groups: Sequence[str] | None = None) -> list[float]:
    """Return the 95% bootstrap interval of ``figure(rows)`` over resampled rows (Efron 1979).

    Rows of one group (the pairs of one article) are not independent: groups are drawn whole.
    """
    random = np.random.default_rng(0)
    names = np.unique(list(groups) if groups is not None else np.arange(n), return_inverse=True)[1]
    members = np.split(np.argsort(names, kind="stable"), np.cumsum(np.bincount(names))[:-1])
    draws = (random.integers(0, len(members), len(members)) for _ in range(RESAMPLES))
    values = [figure(np.concatenate([members[group] for group in draw])) for draw in draws]
    return [float(bound) for bound in np.percentile(values, (2.5, 97.5))]


def fast_macro_f1(truth: Ints, predicted: Ints, classes: int) -> float:
    """Return ``macro_f1`` without scikit-learn's checks, for the thousands of calls of a bootstrap."""
    counts = np.bincount(truth * classes + predicted, minlength=classes * classes).reshape(classes, classes)
    there = counts.sum(axis=1) > 0
    scores = 2 * np.diag(counts) / np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)
    return float(scores[there].mean())


def accuracy(truth: Ints, predicted: Ints) -> float:
    """Return the part of the rows that are right."""
    return float(accuracy_score(truth, predicted))
