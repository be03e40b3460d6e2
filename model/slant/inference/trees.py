"""Heads out of a file, before they predict: scikit-learn follows a tree's indices without looking.

A tree whose nodes lead out of it would read memory that is not its own. skops leaves this check to whoever
trusts the type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np


def fault_in_arrays(state: Any) -> str | None:
    """Tell what is wrong with the arrays of a state, however deep: numbers that are none, trees that lead astray.

    Parameters
    ----------
    state
        What a file of heads held: values, lists, dictionaries, arrays, estimators.

    Returns
    -------
    str or None
        What it holds that it may not; ``None`` where all is sound.
    """
    inside_trees = set[int]()
    for one in _within(state):
        if hasattr(one, "_predictors"):
            if not _sound_boosting(one):
                return "a tree whose nodes lead out of it"
            inside_trees.update(id(part) for part in _within(one))
    for one in _within(state):
        if isinstance(one, np.ndarray) and id(one) not in inside_trees and not _finite(one):
            return "an array with values that are no numbers"
    return None


def _within(state: Any) -> Iterator[Any]:
    """Yield everything that a state holds, however deep, once."""
    left, seen = [state], set[int]()
    while left:
        one = left.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            left.extend(_parts(one))


def _parts(thing: Any) -> Iterable[Any]:
    if isinstance(thing, dict):
        return thing.values()
    if isinstance(thing, np.ndarray):
        return thing.ravel().tolist() if thing.dtype == object else ()
    if isinstance(thing, (list, tuple, set)):
        return thing
    return vars(thing).values() if hasattr(thing, "__dict__") and not isinstance(thing, type) else ()


def _finite(array: np.ndarray) -> bool:
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


def _sound_boosting(one: Any) -> bool:
    """Tell whether boosted trees are sound; what stands before them might change how many features they get."""
    if one._preprocessor is not None or one.is_categorical_ is not None:
        return False
    return bool(np.isfinite(one._baseline_prediction).all()) and all(
        _sound_tree(tree.nodes, one.n_features_in_) for trees in one._predictors for tree in trees
    )


def _sound_tree(nodes: np.ndarray, features: int) -> bool:
    """Tell whether every node is a leaf with a value, or leads on to two later nodes by a feature that there is."""
    rows, leaf = np.arange(len(nodes)), nodes["is_leaf"] == 1
    later = [(nodes[side] > rows) & (nodes[side] < len(nodes)) for side in ("left", "right")]
    known = (nodes["feature_idx"] >= 0) & (nodes["feature_idx"] < features)
    split = later[0] & later[1] & known & (nodes["is_categorical"] == 0) & ~np.isnan(nodes["num_threshold"])
    return len(nodes) > 0 and bool((split | leaf).all()) and bool(np.isfinite(nodes["value"][leaf]).all())
