"""The attribution model at work: finds the cues in an article's pieces, and for each what its parts are.

A long article is read in windows that overlap, and a cue is taken from the window in which it has more around it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slant.features.encoder import Encoder, providers, session_options
from slant.sources.attribution import ROLES
from slant.sources.pieces import Pieces
from slant.types import Floats, Ints

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LENDER = "encoder.onnx"
"""The file in which the graph finds the word embeddings, which are the encoder's."""
LENT_BY = "lent_by"
"""The graph's metadata under this name tells the sha256 of that file."""
LENGTH = 254
"""The most pieces in a window; with the two marks around them 256, as the model was trained."""
OVERLAP = 64
"""Pieces that a window shares with the next: a cue has 32 on either side at least."""


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
                    yield Cue(first + n, float(probabilities[n]), first, parts[:, n])

    def _read(self, ids: Ints) -> tuple[Floats, Floats]:
        """Return log-odds (pieces,) that a cue begins, and (roles, pieces, pieces) of its parts."""
        framed = np.concatenate([[self.start], ids, [self.stop]])[None]
        cue, parts = self.session.run(["cue", "parts"], {"input_ids": framed, "attention_mask": np.ones_like(framed)})
        return cue[0, 1:-1], parts[0, : len(ROLES), 1:-1, 1:-1]


def windows(n: int) -> Iterator[Window]:
    """Yield the windows over n pieces, all but the last of one length."""
    count = max(1, math.ceil((n - OVERLAP) / (LENGTH - OVERLAP)))
    step = math.ceil(max(0, n - OVERLAP) / count)
    for k in range(count):
        first, last = k * step, k == count - 1
        begin = first + OVERLAP // 2 if k else 0
        yield Window(first, n if last else first + step + OVERLAP, begin, n if last else first + step + OVERLAP // 2)


def load_tagger(
    graph: bytes, lender: bytes, encoder: Encoder, threads: int | None = None, device: str = "cpu"
) -> Tagger:
    """Build a tagger from the bytes of its graph and of the encoder's, whose word embeddings it borrows.

    ``threads`` and ``device`` as for ``load_encoder``.

    Raises:
        ValueError: it goes with another encoder.
    """
    import onnxruntime

    options = session_options(threads)
    options.add_external_initializers_from_files_in_memory([LENDER], [lender], [len(lender)])
    session = onnxruntime.InferenceSession(graph, options, providers=providers(device))
    wanted = session.get_modelmeta().custom_metadata_map[LENT_BY]
    if wanted != hashlib.sha256(lender).hexdigest():
        raise ValueError(f"the attribution model goes with the encoder of sha256 {wanted}")
    return Tagger(session, encoder.start, encoder.stop)
