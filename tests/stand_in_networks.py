"""A classifier whose neural networks are arithmetic: all else of Slant at its real work, without waiting for them.

What they answer depends on the pieces alone, and finds sources everywhere: in cue after cue, of any length.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from slant.inference.classifier import Classifier
from slant.sources.attribution import ROLES

EVERY = 6
"""One piece in so many begins a cue."""


def without_networks(classifier: Classifier) -> Classifier:
    """Return a classifier of the same bundle that has stand-ins for its networks."""
    bundle = classifier.bundle
    encoder, hearer = (
        replace(one, session=cast(Any, StandInEncoder(one.width, len(one.columns))))
        for one in (bundle.encoder, bundle.hearer)
    )
    tagger = replace(bundle.tagger, session=cast(Any, StandInTagger()))
    return replace(classifier, bundle=replace(bundle, encoder=encoder, hearer=hearer, tagger=tagger))


class StandInEncoder:
    """Answers with numbers drawn from a hash of what it is asked."""

    def __init__(self, width: int, columns: int) -> None:
        self._width, self._columns = width, columns

    def get_outputs(self) -> list[SimpleNamespace]:
        """Return the shape of the vectors."""
        return [SimpleNamespace(shape=[None, self._width])]

    def run(self, _: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Return vectors of length one, and logits."""
        drawn = [np.random.Generator(np.random.SFC64(zlib.crc32(row.tobytes()))) for row in inputs["input_ids"]]
        vectors = np.array([one.standard_normal(self._width, dtype=np.float32) for one in drawn])
        logits = np.array([4 * one.standard_normal(self._columns, dtype=np.float32) for one in drawn])
        return [vectors / np.linalg.norm(vectors, axis=1, keepdims=True), logits]


class StandInTagger:
    """Takes every ``EVERY``th piece, by its number and place, for a cue between a source and what it says."""

    def run(self, _: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Return log-odds of cues, (1, n), and of their parts, (1, roles, n, n)."""
        ids = inputs["input_ids"][0]
        n = len(ids)
        mixed = (ids * 2_654_435_761 + 40_503 * np.arange(n)) >> 7
        away = np.arange(n)[None] - np.arange(n)[:, None]  # (cue, piece)
        side = np.where(mixed[:, None] & 1, -1, 1) * away
        source, content = 1 + mixed[:, None] % 7, 3 + (mixed[:, None] >> 3) % 40
        inside = {
            "source": (side < 0) & (side >= -source),
            "cue": (away >= 0) & (away <= mixed[:, None] % 2),
            "content": (side > 1) & (side <= 1 + content),
        }
        parts = np.stack([inside[role] for role in ROLES], axis=0)
        cues = np.where(mixed % EVERY == 0, 1.0 + (mixed >> 5) % 5, -6.0)
        return [cues[None].astype(np.float32), np.where(parts, 4.0, -4.0)[None].astype(np.float32)]
