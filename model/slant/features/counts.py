"""Counts of word pieces: what the words say, whatever their order.

The pieces are the encoder's own, so an article is tokenised once for both. Single pieces measured
better than pieces with hashed pairs of them, and need no vocabulary but the tokenizer's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from slant.types import Floats, Ints, TokenIds

LONGEST = 1_500
"""Pieces counted: what an article is about stands in its first thousand words."""


class Counts(NamedTuple):
    """How often each piece occurs in each of n articles, as the three arrays of a compressed sparse row matrix.

    ``indices`` are the pieces, those of one article after those of another, ``data`` how often each of them occurs, and
    ``indptr`` (n + 1,) where the pieces of each article begin.
    """

    indices: Ints
    data: Floats
    indptr: Ints


def count_pieces(articles: Iterable[TokenIds], vocabulary: int) -> Counts:
    """Return how often each piece occurs in each of n tokenised articles.

    Raises:
        ValueError: a piece lies beyond the vocabulary.
    """
    rows = [np.unique(np.array(ids[:LONGEST], dtype=np.int64), return_counts=True) for ids in articles]
    pieces = np.concatenate([row[0] for row in rows]) if rows else np.zeros(0, dtype=np.int64)
    if pieces.max(initial=-1) >= vocabulary or pieces.min(initial=0) < 0:
        raise ValueError("a piece lies beyond the vocabulary")
    times = np.concatenate([row[1] for row in rows]) if rows else np.zeros(0)
    return Counts(pieces, times.astype(np.float32), np.cumsum([0, *(len(row[0]) for row in rows)]))


def piece_weights(articles: Iterable[TokenIds], vocabulary: int) -> Floats:
    """Return the smoothed inverse document frequency of every piece, of shape (vocabulary,)."""
    seen, total = np.zeros(vocabulary), 0
    for ids in articles:
        seen[np.unique(np.array(ids, dtype=np.int64))] += 1
        total += 1
    return np.log((total + 1) / (seen + 1)).astype(np.float32)
