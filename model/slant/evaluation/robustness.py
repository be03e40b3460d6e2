"""``slant evaluate --robustness``: how labels and scores move when articles and targets are changed by rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from slant.data.readers import StanceExample
from slant.evaluation.metrics import accuracy, macro_f1
from slant.evaluation.perturb import RULES, Rule
from slant.evaluation.predict import Predictions
from slant.labels import OPPOSITE
from slant.types import Json, Progress, Watch

Predict = Callable[[Sequence[StanceExample], Progress], Predictions]


def robustness(
    predict: Predict, rules: Sequence[str], examples: Sequence[StanceExample], before: Predictions, watch: Watch
) -> Json:
    """Return for every rule the rows it changed, how many labels changed or flipped, and the scores around it.

    ``rules`` are names of ``RULES``; ``before`` are the predictions for ``examples`` as they are.
    """
    found = {}
    for name in rules:
        figures = _one(predict, RULES[name], examples, before, watch(f"robustness: {name}", None))
        if figures is not None:
            found[name] = figures
    return found


def _one(
    predict: Predict, rule: Rule, examples: Sequence[StanceExample], before: Predictions, progress: Progress
) -> Json | None:
    changed = [(n, other) for n, example in enumerate(examples) if (other := rule(example)) is not None]
    if not changed:
        return None
    same = before.take(np.array([n for n, _ in changed]))
    after = predict([other for _, other in changed], progress)
    return {
        "n": len(changed),
        "changed": float((same.predicted != after.predicted).mean()),
        "flipped": _flipped(same, after),
        "accuracy_before": accuracy(same.truth, same.predicted),
        "accuracy": accuracy(after.truth, after.predicted),
        "macro_f1_before": macro_f1(same.truth, same.predicted),
        "macro_f1": macro_f1(after.truth, after.predicted),
    }


def _flipped(before: Predictions, after: Predictions) -> float | None:
    """Return the share of the rows called favor or against that are called the opposite afterwards."""
    names = zip((before.labels[n] for n in before.predicted), (after.labels[n] for n in after.predicted), strict=True)
    sided = [OPPOSITE[was] == now for was, now in names if was in OPPOSITE]
    return float(np.mean(sided)) if sided else None
