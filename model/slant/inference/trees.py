"""Boosted trees out of a file, before they predict: scikit-learn follows their indices without looking.

A tree whose nodes lead out of it would read memory that is not its own. skops leaves this check to whoever
trusts the type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np


def sound(state: Any) -> bool:
    """Return whether every node of every boosted tree in a state leads on to a later node, by a feature there is."""
    boosted = (one for one in _within(state, set()) if hasattr(one, "_predictors"))
    return all(_sound(tree.nodes, one.n_features_in_) for one in boosted for trees in one._predictors for tree in trees)


def _within(thing: Any, seen: set[int]) -> Iterator[Any]:
    """Yield everything that a state holds, however deep."""
    if id(thing) not in seen:
        seen.add(id(thing))
        yield thing
        for part in _parts(thing):
            yield from _within(part, seen)


def _parts(thing: Any) -> Iterable[Any]:
    if isinstance(thing, dict):
        return thing.values()
    if isinstance(thing, np.ndarray):
        return thing.ravel() if thing.dtype == object else ()
    if isinstance(thing, (list, tuple, set)):
        return thing
    return vars(thing).values() if hasattr(thing, "__dict__") and not isinstance(thing, type) else ()


def _sound(nodes: np.ndarray, features: int) -> bool:
    rows = np.arange(len(nodes))
    on = [(nodes[side] > rows) & (nodes[side] < len(nodes)) for side in ("left", "right")]
    split = on[0] & on[1] & (nodes["feature_idx"] < features) & (nodes["is_categorical"] == 0)
    return len(nodes) > 0 and bool((split | (nodes["is_leaf"] == 1)).all())
