"""The same targets in other words, and turned into their opposite: does the wording decide the answer?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from slant.data.readers import StanceExample
from slant.evaluation import metrics
from slant.evaluation.predict import Predictions
from slant.labels import OPPOSITE
from slant.types import Json, Progress, Watch

Predict = Callable[[Sequence[StanceExample], Progress], Predictions]


def wording_figures(
    predict: Predict, examples: Sequence[StanceExample], plain: Predictions, watch: Watch
) -> Json | None:
    """Return the figures of the targets' other wordings.

    Parameters
    ----------
    predict : callable
        Classifies examples, in order.
    examples : sequence of StanceExample
        The rows, those of one article side by side.
    plain : Predictions
        The predictions of ``examples`` as they are.
    watch : Watch
        Shows the progress.

    Returns
    -------
    dict or None
        For ``same`` and ``turned``: ``n``, ``macro_f1``, ``accuracy``, ``side``, ``ece`` and ``consistent``, the share
        of the wordings that get the label of their own target (turned round for ``turned``). None if no row has any.
    """
    found = {}
    for name in ("same", "turned"):
        rows = [(n, wording) for n, example in enumerate(examples) for wording in getattr(example, name)]
        if rows:
            reworded = [_reworded(examples[n], wording, opposite=name == "turned") for n, wording in rows]
            predictions = predict(reworded, watch(f"wordings: {name}", len(rows)))
            found[name] = _figures(predictions, plain.take(np.array([n for n, _ in rows])), name == "turned")
    return found or None


def _reworded(example: StanceExample, wording: str, *, opposite: bool) -> StanceExample:
    label = OPPOSITE.get(example.label, example.label) if opposite else example.label
    return replace(example, target=wording, label=label, evidence=None, same=(), turned=())


def _figures(predictions: Predictions, plain: Predictions, opposite: bool) -> Json:
    labels, truth, predicted = predictions.labels, predictions.truth, predictions.predicted
    own = [labels[n] for n in plain.predicted]
    wanted = [OPPOSITE.get(label, label) for label in own] if opposite else own
    given = [labels[n] for n in predicted]
    right = (truth == predicted).astype(float)
    return {
        "n": len(truth),
        "accuracy": metrics.accuracy(truth, predicted),
        "macro_f1": metrics.macro_f1(truth, predicted),
        "side": metrics.side(truth, predicted, labels),
        "ece": metrics.expected_calibration_error(predictions.confidence, right),
        "consistent": float(np.mean([one == other for one, other in zip(given, wanted, strict=True)])),
    }
