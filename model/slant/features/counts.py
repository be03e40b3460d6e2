"""Counts of word pieces: what the words say, whatever their order.

The pieces are the encoder's own, so an article is tokenised once for both. Single pieces measured
better than pieces with hashed pairs of them, and need no vocabulary but the tokenizer's.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.sparse import csr_matrix

from slant.types import Floats, TokenIds

LONGEST = 1_500
"""Pieces counted: what an article is about stands in its first thousand words."""


def count_pieces(articles: Iterable[TokenIds], vocabulary: int) -> csr_matrix:
    """Return counts of shape (n, vocabulary) for n tokenised articles.

    Raises:
        ValueError: a piece lies beyond the vocabulary; sparse products would follow it out of their memory.
    """
    columns = [np.array(ids[:LONGEST], dtype=np.int64) for ids in articles]
    ends = np.cumsum([0, *map(len, columns)])
    flat = np.concatenate(columns) if columns else np.zeros(0, dtype=np.int64)
    if flat.max(initial=-1) >= vocabulary or flat.min(initial=0) < 0:
        raise ValueError("a piece lies beyond the vocabulary")
    counts = csr_matrix((np.ones(len(flat), dtype=np.float32), flat, ends), shape=(len(columns), vocabulary))
    counts.sum_duplicates()
    return counts


def piece_weights(articles: Iterable[TokenIds], vocabulary: int) -> Floats:
    """Return the smoothed inverse document frequency of every piece, of shape (vocabulary,)."""
    seen, total = np.zeros(vocabulary), 0
    for ids in articles:
        seen[np.unique(np.array(ids, dtype=np.int64))] += 1
        total += 1
    return np.log((total + 1) / (seen + 1)).astype(np.float32)
