"""The nouns that signatures are written in: a few lines to know before reading on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
TokenIds: TypeAlias = list[int]
Json: TypeAlias = dict[str, Any]

Progress: TypeAlias = Callable[[int], None]
"""Told how many further rows are done."""
Watch: TypeAlias = Callable[[str, int | None], Progress]
"""Told the name of a long step and its size, if known; returns what to tell how far it is."""
