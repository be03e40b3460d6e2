"""The heads of a bundle, made from what their file holds, once it is seen that the parts of each go together."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import InconsistentVersionWarning

from slant.errors import BundleDamaged, BundleIncompatible, BundleUntrusted
from slant.heads.stance import StanceHead
from slant.heads.topic import TopicHead, TopicLevel
from slant.inference.allowed import TREE, check_types
from slant.inference.failures import unusable
from slant.inference.trees import fault_in_arrays
from slant.types import Json

HEADS = ("topic", "stance", "source")
Heads = tuple[TopicHead | None, StanceHead | None, StanceHead | None]


def read_heads(path: Path, raw: bytes, *, vocabulary: int, width: int) -> Heads:
    """Return the heads in the order of ``HEADS``, ``None`` for one that is not there.

    Parameters
    ----------
    path
        What to call the file.
    raw
        Its bytes.
    vocabulary
        How many pieces the bundle's tokenizer knows.
    width
        How many values the vectors of the bundle's encoder have.

    Raises
    ------
    BundleUntrusted
        It holds a type that slant does not load, or what would be followed out of its memory.
    BundleIncompatible
        Another scikit-learn wrote it.
    BundleDamaged
        It cannot be read, or parts of a head do not go together.
    """
    states = _states(path, raw)
    with unusable(f"{path}: the parts of a head do not go together"):
        topic, stance, source = (states.get(name) for name in HEADS)
        heads: Heads = (
            TopicHead.from_state(topic) if topic else None,
            StanceHead.from_state(stance) if stance else None,
            StanceHead.from_state(source) if source else None,
        )
        faults = [
            _fault_in_topics(heads[0], vocabulary, width) if heads[0] else None,
            _fault_in_stances(heads[1], {vocabulary}) if heads[1] else None,
            _fault_in_stances(heads[2], {vocabulary, 0}) if heads[2] else None,
        ]
    for name, fault in zip(HEADS, faults, strict=True):
        if fault:
            raise BundleDamaged(f"{path}: the {name} head: wanted {fault}")
    return heads


def _states(path: Path, raw: bytes) -> Json:
    """Return what the file holds, after every type in it was found on a list that lives in code."""
    from skops.io import loads

    with unusable(f"{path}: not a skops file"):
        check_types(path, raw)
    with unusable(f"{path}: its types are trusted but it does not load"), warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            states = loads(raw, trusted=[TREE])
        except InconsistentVersionWarning as warning:
            raise BundleIncompatible(f"{path}: written with another scikit-learn than is installed") from warning
        fault = fault_in_arrays(states)
    if fault:
        raise BundleUntrusted(f"{path}: holds {fault}")
    if not isinstance(states, dict):
        raise BundleDamaged(f"{path}: wanted the heads by name")
    return states


def _fault_in_topics(head: TopicHead, vocabulary: int, width: int) -> str | None:
    """Tell what was wanted where a head is not for so many pieces and so wide a vector; nothing looks again later."""
    if not _numbers(head.idf, (vocabulary,)):
        return "as many inverse document frequencies as pieces"
    levels = [level for level in (head.first, head.second) if level]
    faults = (_fault_in_level(level, vocabulary + width) for level in levels)
    return next((fault for fault in faults if fault), None)


def _fault_in_level(level: TopicLevel, features: int) -> str | None:
    n = len(level.labels)
    shapes = {
        "a weight for each topic and each piece or value": (level.coefficients, (features, n)),
        "an intercept for each topic": (level.intercepts, (n,)),
        "a curve for each topic": (level.sigmoids, (n, 2)),
        "a threshold for each topic": (level.thresholds, (n,)),
    }
    if not _all_text([text for label in level.labels for text in label if text is not None]):
        return "topics with codes and names"
    return next((wanted for wanted, (found, shape) in shapes.items() if not _numbers(found, shape)), None)


def _fault_in_stances(head: StanceHead, weights: set[int]) -> str | None:
    n, features = len(head.labels), int(head.estimator.n_features_in_)
    if not _all_text(head.labels) or len(set(head.labels)) < max(n, 2):
        return "two labels or more, all different"
    if not _places(head.estimator.classes_, n) or len(set(head.estimator.classes_)) < len(head.estimator.classes_):
        return "an estimator of these labels"
    if not any(_numbers(head.weights, (size,)) for size in weights):
        return "a weight for each piece"
    if len(head.opinion) not in (0, n) or not _places(head.opinion, features):
        return "an opinion for each label"
    if type(head.temperature) is not float or not 0 < head.temperature < np.inf:
        return "a temperature above 0"
    known = head.reference
    if known and not (_numbers(known.probabilities, (len(known.truth), n)) and _places(known.truth, n)):
        return "a reference of probabilities and labels"
    answer = head.probabilities(np.zeros((1, features), dtype=np.float32))
    if not _numbers(answer, (1, n)) or not np.isclose(answer.sum(), 1.0, atol=1e-3):
        return "an estimator that gives probabilities"
    return None


def _all_text(values: Sequence[Any]) -> bool:
    return bool(values) and all(type(value) is str for value in values)


def _numbers(array: Any, shape: tuple[int, ...]) -> bool:
    """Tell whether an array is of a shape and holds numbers that are some."""
    return (
        isinstance(array, np.ndarray)
        and array.shape == shape
        and array.dtype.kind == "f"
        and bool(np.isfinite(array).all())
    )


def _places(array: Any, n: int) -> bool:
    """Tell whether an array holds places among n."""
    return (
        isinstance(array, np.ndarray)
        and array.ndim == 1
        and array.dtype.kind in "iu"
        and bool(((array >= 0) & (array < n)).all())
    )
