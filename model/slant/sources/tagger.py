"""The attribution model at work: finds the cues in an article's pieces, and for each what its parts are.

A long article is read in windows that overlap, and a cue is taken from the window in which it has more around it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slant.sources.pieces import Pieces
from slant.types import Floats, Ints

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LENGTH = 254
"""The most pieces in a window; with the two marks around them 256, as the model was trained."""
OVERLAP = 32
"""Pieces that a window shares with the next: a cue has 16 on either side at least."""


class Cue(NamedTuple):
    """The piece at which a cue begins, how likely it is one, and its parts.

    ``parts`` is (roles, pieces of the window), log-odds in the order of ``ROLES``; the first is of piece ``first``.
    """

    at: int
    probability: float
    first: int
    parts: Floats


class Window(NamedTuple):
    """Pieces ``first`` to ``stop``, of which those from ``begin`` to ``end`` are asked whether a cue begins there."""

    first: int
    stop: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Tagger:
    """An ONNX session of the attribution model, and the two marks around what it reads."""

    session: InferenceSession = field(repr=False)
    start: int
    stop: int

    def cues(self, pieces: Pieces, least: float) -> Iterator[Cue]:
        """Yield the cues that are at least so likely, in order."""
        for window in windows(len(pieces)):
            first = window.first
            odds, parts = self._read(pieces.ids[first : window.stop])
            probabilities = 1 / (1 + np.exp(-odds))
            for n in range(window.begin - first, window.end - first):
                if probabilities[n] >= least:
                    yield Cue(first + n, float(probabilities[n]), first, parts[:, n].copy())  # not the whole window

    def _read(self, ids: Ints) -> tuple[Floats, Floats]:
        """Return log-odds (pieces,) that a cue begins, and (roles, pieces, pieces) of its parts."""
        framed = np.concatenate([[self.start], ids, [self.stop]])[None]
        cue, parts = self.session.run(["cue", "parts"], {"input_ids": framed, "attention_mask": np.ones_like(framed)})
        return cue[0, 1:-1], parts[0, :, 1:-1, 1:-1]


def windows(n: int) -> Iterator[Window]:
    """Yield the windows over n pieces, all but the last of one length."""
    count = max(1, math.ceil((n - OVERLAP) / (LENGTH - OVERLAP)))
    step = math.ceil(max(0, n - OVERLAP) / count)
    for k in range(count):
        first, last = k * step, k == count - 1
        begin = first + OVERLAP // 2 if k else 0
        yield Window(first, n if last else first + step + OVERLAP, begin, n if last else first + step + OVERLAP // 2)
