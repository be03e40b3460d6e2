"""How near the sentences of an article are to a target: which passages speak of it, and how plainly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slant.types import Floats, Ints, TokenIds

READ = 5
"""Sentences, the nearest ones, whose windows are read beside a target."""
OVERLAP = 0.5
"""Weight of shared words beside the cosine when sentences are ranked."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """An article's sentences as compared with one target.

    ``read`` (n,) are the sentences compared, in order; ``cosine`` and ``overlap`` (n,) how near each is by
    vector and by words; ``title`` the cosine of the title, 0 where there is none.
    """

    read: Ints
    cosine: Floats
    overlap: Floats
    title: float

    @property
    def nearest(self) -> Ints:
        """Return the READ nearest sentences, nearest first."""
        return self.read[np.argsort(-(self.cosine + OVERLAP * self.overlap), kind="stable")[:READ]]

    def only(self, sentence: int) -> Nearness:
        """Return the same of one sentence, as if the article had no other."""
        row = np.flatnonzero(self.read == sentence)
        return Nearness(self.read[row], self.cosine[row], self.overlap[row], self.title)

    def features(self) -> Floats:
        """Return (READ + 5,) features: the highest cosines, overlap, title, mean cosine, length."""
        highest = np.zeros(READ, dtype=np.float32)
        top = np.sort(self.cosine)[::-1][:READ]
        highest[: len(top)] = top
        return np.array(
            [
                *highest,
                self.overlap.max(initial=0.0),
                self.title,
                self.title != 0.0,
                self.cosine.mean() if len(self.cosine) else 0.0,
                np.log1p(len(self.cosine)) / 5,
            ],
            dtype=np.float32,
        )


def word_overlap(target: TokenIds, sentences: list[TokenIds], weights: Floats) -> Floats:
    """Return the weighted part of the target's pieces that stands in each sentence, of shape (n,)."""
    wanted = sorted(set(target))
    total = float(weights[wanted].sum()) or 1.0
    found = [sum(float(weights[piece]) for piece in wanted if piece in set_) for set_ in map(set, sentences)]
    return np.array(found, dtype=np.float32) / total


def unit(vectors: Floats) -> Floats:
    """Return vectors scaled to length one along their last axis; zero stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)
