"""Which passages speak of a target, and what a stance head gets to see of them.

A window is a sentence widened to its neighbours. Its vector is the sentence's own, plus half of each
neighbour's: the sentences are encoded once per article, however many targets are asked about.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slant.types import Floats, Ints, TokenIds

READ = 5
"""Windows whose vectors are pooled into one for the article."""
NEIGHBOUR = 0.5
OVERLAP = 0.5
"""Weight of shared words beside the cosine when sentences are ranked."""


@dataclass(frozen=True, slots=True)
class Passages:
    """The sentences of an article that were encoded, in order.

    ``vectors`` is (n, width), ``windows`` (n, width), ``title`` (width,), zero where there is no title.
    """

    tokens: list[TokenIds]
    vectors: Floats
    windows: Floats
    title: Floats


@dataclass(frozen=True, slots=True)
class TargetView:
    """An article as seen from one target.

    ``article`` is the features of the whole, of shape (d,); ``order`` the READ nearest windows, nearest
    first; ``windows`` the features of each of those alone, of shape (len(order), d).
    """

    article: Floats
    windows: Floats
    order: Ints


def widen(vectors: Floats) -> Floats:
    """Return the window around every sentence as a unit vector; (n, width) in and out."""
    wide = vectors.copy()
    wide[:-1] += NEIGHBOUR * vectors[1:]
    wide[1:] += NEIGHBOUR * vectors[:-1]
    return unit(wide)


def unit(vectors: Floats) -> Floats:
    """Return vectors scaled to length one along their last axis; zero stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def word_overlap(target: TokenIds, sentences: list[TokenIds], weights: Floats) -> Floats:
    """Return the weighted part of the target's pieces that stands in each sentence, of shape (n,)."""
    wanted = sorted(set(target))
    total = float(weights[wanted].sum()) or 1.0
    found = [sum(float(weights[piece]) for piece in wanted if piece in set_) for set_ in map(set, sentences)]
    return np.array(found, dtype=np.float32) / total


def view(passages: Passages, target: Floats, overlap: Floats) -> TargetView:
    """Return what the stance head sees of an article, for a target's vector (width,) and overlaps (n,)."""
    cosine = passages.vectors @ target
    order = np.argsort(-(cosine + OVERLAP * overlap), kind="stable")[:READ]
    pooled = unit(passages.windows[order].mean(axis=0)) if len(order) else np.zeros_like(target)
    title = float(passages.title @ target)
    whole = _features(pooled, target, cosine, overlap, order, title)
    alone = [
        _features(passages.windows[n], target, cosine[[n]], overlap[[n]], np.zeros(1, dtype=np.int64), title)
        for n in order
    ]
    return TargetView(whole, np.array(alone).reshape(len(order), len(whole)), order)


def _features(window: Floats, target: Floats, cosine: Floats, overlap: Floats, order: Ints, title: float) -> Floats:
    """Return (3 * width + READ + 6,) features, each group scaled to about unit variance."""
    nearest = np.zeros(READ, dtype=np.float32)
    top = np.sort(cosine)[::-1][:READ]
    nearest[: len(top)] = top
    scalars = [
        float(overlap.max(initial=0.0)),
        float(overlap[order[0]]) if len(order) else 0.0,
        title,
        float(title != 0.0),
        float(cosine.mean()) if len(cosine) else 0.0,
        float(np.log1p(len(cosine))) / 5,
    ]
    return np.concatenate([2 * window, 2 * target, 16 * window * target, nearest, scalars]).astype(np.float32)
