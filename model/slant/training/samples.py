"""Labelled examples to arrays: the features of training, cached on disk and shown as they are made.

They come out of the very functions that classify, so a head is fitted to what it will see.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from joblib import Memory
from scipy.sparse import csr_matrix, vstack

from slant.article import Article
from slant.data.readers import StanceExample, TopicExample, by_article
from slant.errors import ArticleError
from slant.features.counts import count_pieces
from slant.features.encoder import Encoder
from slant.features.reading import Reading, lead_features, read_article
from slant.features.views import TargetView, target_views
from slant.text.spans import Span
from slant.types import Floats, Ints, Progress

CHUNK = 64
"""Articles whose features are cached together: an interrupted run starts again at the last chunk."""
UNSURE, EVIDENCE = 0.5, 0.5
"""Weight of a row its reader was unsure of, and of a single window beside the article it stands in."""


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
    """``features`` (n, d), ``labels`` (n,), ``weights`` (n,); ``whole`` (n,) is false for single windows."""

    features: Floats
    labels: Ints
    weights: Floats
    whole: np.ndarray

    def take(self, rows: Ints) -> StanceSamples:
        """Return the given rows only."""
        return StanceSamples(self.features[rows], self.labels[rows], self.weights[rows], self.whole[rows])


@dataclass(frozen=True, slots=True)
class FeatureCache:
    """Computes features chunk by chunk; ``key`` names all that they depend on beside the text."""

    encoder: Encoder
    key: str
    memory: Memory

    def topics(self, examples: Sequence[TopicExample], progress: Progress) -> TopicSamples:
        """Return the features of every example, in order."""
        compute = self.memory.cache(_topic_chunk, ignore=["encoder"])
        parts = []
        for chunk in _chunks(examples, CHUNK):
            parts.append(compute(self.encoder, self.key, [(e.title, e.text) for e in chunk]))
            progress(len(chunk))
        return TopicSamples(vstack([part[0] for part in parts], "csr"), np.concatenate([p[1] for p in parts]))

    def stances(
        self, examples: Sequence[StanceExample], labels: Sequence[str], weights: Floats, progress: Progress
    ) -> tuple[StanceSamples, Ints]:
        """Return the features of every pair, and of its evidence windows where evidence is marked.

        The second value, (n,), tells which example each row came from.
        """
        compute = self.memory.cache(_stance_chunk, ignore=["encoder"])
        rows: list[tuple[Floats, int, float, bool, int]] = []
        owner = itertools.count()
        for chunk in _chunks(list(by_article(examples)), CHUNK):
            asked = [(group[0].title, group[0].text, [e.target for e in group]) for group in chunk]
            seen = compute(self.encoder, self.key, asked, weights)
            for group, views in zip(chunk, seen, strict=True):
                for example, viewed in zip(group, views, strict=True):
                    number = next(owner)
                    rows += [(*row, number) for row in _stance_rows(example, labels, *viewed)]
            progress(sum(map(len, chunk)))
        features, *columns, owners = zip(*rows, strict=True)
        return StanceSamples(np.array(features), *map(np.array, columns)), np.array(owners)


def tokenised(encoder: Encoder, texts: Iterable[str]) -> Iterator[list[int]]:
    """Yield the pieces of each text, in one go for many texts."""
    for chunk in _chunks(list(texts), CHUNK):
        yield from encoder.tokenise(chunk)


def _topic_chunk(encoder: Encoder, key: str, articles: list[tuple[str | None, str]]) -> tuple[csr_matrix, Floats]:
    readings = [read_row(encoder, *article) for article in articles]
    counts = count_pieces([reading.pieces for reading in readings], encoder.vocabulary)
    return counts, np.array([lead_features(encoder, reading) for reading in readings])


def _stance_chunk(
    encoder: Encoder, key: str, asked: list[tuple[str | None, str, list[str]]], weights: Floats
) -> list[list[tuple[TargetView, list[Span]]]]:
    found = []
    for title, text, targets in asked:
        reading = read_row(encoder, title, text)
        views = target_views(encoder, reading, targets, weights)
        found.append([(seen, [reading.spans[n] for n in seen.nearest]) for seen in views])
    return found


def read_row(encoder: Encoder, title: str | None, text: str) -> Reading:
    """Read a row's article as the classifier does; one that cannot be read is as good as empty."""
    try:
        return read_article(encoder, Article(text=text, title=title))
    except ArticleError:  # a row of nothing but boilerplate still has its label
        return read_article(encoder, Article(text=".", title=title))


def _stance_rows(
    example: StanceExample, labels: Sequence[str], seen: TargetView, spans: list[Span]
) -> Iterator[tuple[Floats, int, float, bool]]:
    label = labels.index(example.label)
    weight = UNSURE if example.fields.get("sure") is False else 1.0
    yield seen.article, label, weight, True
    marked = example.evidence or ()
    for features, span in zip(seen.windows, spans, strict=True):
        if any(span.overlaps(other) for other in marked):
            yield features, label, weight * EVIDENCE, False


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
