"""Predictions to figures: everything ``slant evaluate`` says of a bundle on a file."""

from __future__ import annotations

import numpy as np

from slant.errors import DataError
from slant.evaluation import metrics
from slant.evaluation.predict import Predictions
from slant.heads.conformal import Reference
from slant.types import Floats, Json

MOST_SLICES = 30
PROMISED = (0.8, 0.9, 0.95)
"""Coverages at which label sets are checked."""


def figures(predictions: Predictions, *, intervals: bool = True) -> Json:
    """Return the figures of one set of predictions, plain numbers ready for JSON.

    An article with several topics counts as right for confidence (``ece``, ``coverage``) when the
    likeliest topic is one of them: that is what a topic's probability speaks of.
    """
    truth, predicted, labels = predictions.truth, predictions.predicted, predictions.labels
    right = _right(predictions)
    found: Json = {
        "n": len(truth),
        "accuracy": metrics.accuracy(truth, predicted),
        "macro_f1": metrics.macro_f1(truth, predicted),
        "side": metrics.side(truth, predicted, labels),
        "f_avg": metrics.f_avg(truth, predicted, labels),
        "fnc_score": metrics.fnc_score(truth, predicted, labels),
        "strict": None,
        "lenient": None,
        "ece": metrics.expected_calibration_error(predictions.confidence, right),
        "brier": metrics.brier(truth, predictions.probabilities),
        "majority": float(np.bincount(truth).max() / len(truth)),
        "majority_f1": metrics.macro_f1(truth, np.full(len(truth), np.bincount(truth).argmax())),
        "per_class": metrics.per_class(truth, predicted, labels),
        "labels": list(labels),
        "confusion": metrics.confusion(truth, predicted, labels),
        "reliability": metrics.reliability(predictions.confidence, right),
        "coverage": metrics.coverage_curve(predictions.confidence, right),
        "precision": metrics.precision_by_confidence(truth, predicted, predictions.confidence, labels),
        "automation": metrics.automation(right, predicted, predictions.confidence, labels),
    }
    if any(names is not None for names in predictions.also):
        found |= {"strict": found["accuracy"], "lenient": float(right.mean())}
    return found | ({"intervals": _intervals(predictions, right)} if intervals else {})


def slices(predictions: Predictions, field: str) -> Json:
    """Return the figures of each value of a field, keyed ``field=value``.

    Raises:
        DataError: no row has the field, or it has too many values to be one to slice by.
    """
    values = [fields.get(field) for fields in predictions.fields]
    names = sorted({str(value) for value in values if value is not None})
    if not names or len(names) > MOST_SLICES:
        known = sorted({key for fields in predictions.fields for key in fields})
        raise DataError(f"--slice {field!r} has {len(names)} values in this data; its fields are {', '.join(known)}")
    rows = {name: np.flatnonzero([str(value) == name for value in values]) for name in names}
    return {f"{field}={name}": figures(predictions.take(where), intervals=False) for name, where in rows.items()}


def label_set_figures(predictions: Predictions, reference: Reference) -> list[Json]:
    """Return, for some coverages, how often a label set held the right label and how many it held on average."""
    found = [(promised, reference.sets(predictions.probabilities, promised)) for promised in PROMISED]
    rows = np.arange(len(predictions.truth))
    return [
        {
            "promised": promised,
            "held": float(sets[rows, predictions.truth].mean()),
            "size": float(sets.sum(axis=1).mean()),
        }
        for promised, sets in found
    ]


def masked_figures(masked: Predictions) -> Json:
    """Return the short figures of the target-masked control."""
    keep = ("n", "accuracy", "macro_f1", "f_avg", "fnc_score", "ece")
    found = figures(masked, intervals=False)
    return {name: found[name] for name in keep}


def _right(predictions: Predictions) -> Floats:
    labels, rows = predictions.labels, zip(predictions.predicted, predictions.truth, predictions.also, strict=True)
    return np.array([labels[got] in (also or (labels[true],)) for got, true, also in rows], dtype=float)


def _intervals(predictions: Predictions, right: Floats) -> Json:
    truth, predicted, n = predictions.truth, predictions.predicted, len(predictions.truth)
    classes = len(predictions.labels)
    return {
        "accuracy": metrics.interval(lambda rows: float((truth == predicted)[rows].mean()), n, predictions.groups),
        "macro_f1": metrics.interval(
            lambda rows: metrics.fast_macro_f1(truth[rows], predicted[rows], classes), n, predictions.groups
        ),
        "lenient": metrics.interval(lambda rows: float(right[rows].mean()), n, predictions.groups),
    }
