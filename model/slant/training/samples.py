"""Labelled examples to arrays: the features of training, cached on disk and shown as they are made.

They come out of the very functions that classify, so a head is fitted to what it will see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from joblib import Memory
from scipy.sparse import csr_matrix, vstack

from slant.article import Article
from slant.data.readers import StanceExample, TopicExample, by_article
from slant.errors import ArticleError
from slant.features.counts import Counts, count_pieces
from slant.features.encoder import Encoder
from slant.features.reading import Reading, lead_features, read_article
from slant.features.views import target_views
from slant.types import Floats, Ints, Progress

CHUNK = 64
"""Articles whose features are cached together: an interrupted run starts again at the last chunk."""
UNSURE = 0.5
"""Weight of a row its reader was unsure of."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TopicSamples:
    """``counts`` (n, pieces) and ``leads`` (n, d) of n articles."""

    counts: csr_matrix
    leads: Floats

    def take(self, rows: Ints) -> TopicSamples:
        """Return the given rows only."""
        return TopicSamples(self.counts[rows], self.leads[rows])


@dataclass(frozen=True, slots=True)
class StanceSamples:
    """``features`` (n, d), ``labels`` (n,) and ``weights`` (n,) of n pairs of an article and a target."""

    features: Floats
    labels: Ints
    weights: Floats

    def take(self, rows: Ints) -> StanceSamples:
        """Return the given rows only."""
        return StanceSamples(self.features[rows], self.labels[rows], self.weights[rows])


@dataclass(frozen=True, slots=True)
class FeatureCache:
    """Computes features chunk by chunk; ``key`` names all that they depend on beside the text."""

    encoder: Encoder
    key: str
    memory: Memory

    def topics(self, examples: Sequence[TopicExample], progress: Progress) -> TopicSamples:
        """Return the features of every example, in order."""
        compute = self.memory.cache(_topic_chunk, ignore=["encoder"])
        counts, leads = list[csr_matrix](), list[Floats]()
        for chunk in _chunks(examples, CHUNK):
            found = compute(self.encoder, self.key, [(e.title, e.text) for e in chunk])
            counts.append(_matrix(found[0], self.encoder.vocabulary))
            leads.append(found[1])
            progress(len(chunk))
        return TopicSamples(vstack(counts, "csr"), np.concatenate(leads))

    def stances(
        self, examples: Sequence[StanceExample], labels: Sequence[str], weights: Floats, progress: Progress
    ) -> StanceSamples:
        """Return the features of every pair, in order."""
        compute = self.memory.cache(_stance_chunk, ignore=["encoder"])
        features = list[Floats]()
        for chunk in _chunks(list(by_article(examples)), CHUNK):
            asked = [(group[0].title, group[0].text, [e.target for e in group]) for group in chunk]
            seen = compute(self.encoder, self.key, asked, weights)
            features += [row for rows in seen for row in rows]
            progress(sum(map(len, chunk)))
        places = np.array([labels.index(example.label) for example in examples])
        sure = np.array([UNSURE if example.fields.get("sure") is False else 1.0 for example in examples])
        return StanceSamples(np.array(features), places, sure)


def tokenised(encoder: Encoder, texts: Iterable[str]) -> Iterator[list[int]]:
    """Yield the pieces of each text, in one go for many texts."""
    for chunk in _chunks(list(texts), CHUNK):
        yield from encoder.tokenise(chunk)


def _topic_chunk(encoder: Encoder, key: str, articles: list[tuple[str | None, str]]) -> tuple[Counts, Floats]:
    readings = [read_row(encoder, *article) for article in articles]
    counts = count_pieces([reading.pieces for reading in readings], encoder.vocabulary)
    return counts, np.array([lead_features(encoder, reading) for reading in readings])


def _matrix(counts: Counts, columns: int) -> csr_matrix:
    return csr_matrix((counts.data, counts.indices, counts.indptr), shape=(len(counts.indptr) - 1, columns))


def _stance_chunk(
    encoder: Encoder, key: str, asked: list[tuple[str | None, str, list[str]]], weights: Floats
) -> list[list[Floats]]:
    read = ((read_row(encoder, title, text), targets) for title, text, targets in asked)
    return [[seen.article for seen in target_views(encoder, *one, weights)] for one in read]


def read_row(encoder: Encoder, title: str | None, text: str) -> Reading:
    """Read a row's article as the classifier does; one that cannot be read is as good as empty."""
    try:
        return read_article(encoder, Article(text=text, title=title))
    except ArticleError:  # a row of nothing but boilerplate still has its label
        return read_article(encoder, Article(text=".", title=title))


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
