"""An encoder that reads no text twice: agency news, bylines and appeals to subscribe come again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache

import numpy as np

from slant.features.encoder import Encoder, Framed
from slant.types import Floats

MOST = 8_192
"""Readings that are remembered, of some two kilobytes each."""


@dataclass(frozen=True, slots=True)
class RememberingEncoder(Encoder):
    """Remembers the last ``MOST`` readings. Answers are the same to the last bit: a text is read by itself."""

    recall: Callable[[tuple[int, ...], int], tuple[Floats, Floats]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make the memory."""
        object.__setattr__(self, "recall", lru_cache(MOST)(self._read_one))

    def read(self, inputs: Sequence[Framed]) -> tuple[Floats, Floats]:
        """Return vectors (n, width) and logits (n, columns) for n framed inputs."""
        found = [self.recall(tuple(framed.ids), framed.passage) for framed in inputs]
        vectors = np.array([vector for vector, _ in found], dtype=np.float32).reshape(len(found), self.width)
        logits = np.array([logits for _, logits in found], dtype=np.float32).reshape(len(found), len(self.columns))
        return vectors, logits

    def _read_one(self, ids: tuple[int, ...], passage: int) -> tuple[Floats, Floats]:
        vectors, logits = Encoder.read(self, [Framed(list(ids), passage)])
        return vectors[0], logits[0]


def remembering(encoder: Encoder) -> RememberingEncoder:
    """Return the same encoder with a memory."""
    return RememberingEncoder(**{part.name: getattr(encoder, part.name) for part in fields(encoder)})
