"""From labelled sets to what the encoder learns from: (target, passage) pairs, and single texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from slant.article import LONGEST_TARGET
from slant.data.readers import StanceExample, TopicExample, by_article
from slant.features.encoder import Encoder
from slant.features.nearness import Nearness
from slant.features.pairs import DIGEST, digest, window
from slant.features.reading import LEAD, Reading, compare
from slant.sources.views import ask_source
from slant.text.clean import normalise
from slant.training.samples import UNSURE, read_row
from slant.types import Floats, Ints, TokenIds

WINDOWS = 3
"""The most windows of one article and target that are learnt from."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A passage, the target it is read beside, and its label there."""

    text: TokenIds
    target: str
    label: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Single:
    """A text read alone; ``topics`` is (topics,) of 1, 0 and NaN for unknown, or ``None`` where none are known."""

    text: TokenIds
    topics: Floats | None = None


def digest_pairs(encoder: Encoder, weights: Floats, examples: Iterable[StanceExample]) -> Iterator[Pair]:
    """Yield one pair for every example: the digest of its article."""
    for example, reading, near in _compared(encoder, weights, examples):
        if reading.pieces:
            yield Pair(digest(reading, near.nearest), example.target, example.label, _weight(example))


def window_pairs(encoder: Encoder, weights: Floats, examples: Iterable[StanceExample]) -> Iterator[Pair]:
    """Yield the windows that show each example's label: those marked as evidence, any if it is unrelated."""
    for example, reading, near in _compared(encoder, weights, examples):
        marked = _marked(example, reading)
        chosen = near.nearest if example.label == "unrelated" else marked
        for n in chosen[:WINDOWS]:
            yield Pair(window(reading, int(n)), example.target, example.label, _weight(example))


def source_pairs(encoder: Encoder, examples: Iterable[StanceExample]) -> Iterator[Pair]:
    """Yield the window of every source's words, with the source named beside the target."""
    for group in by_article(examples):
        reading = read_row(encoder, group[0].title, group[0].text)
        for example in group:
            name = example.fields.get("name", "the source")  # fields keep no name of more than 80 characters
            for n in _marked(example, reading)[:1]:
                yield Pair(window(reading, int(n)), ask_source(example.target, str(name)), example.label)


def lead_singles(encoder: Encoder, examples: Sequence[TopicExample], truth: Floats) -> Iterator[Single]:
    """Yield how every article begins, with its topics, a row of ``truth`` (n, topics) each."""
    for example, topics in zip(examples, truth, strict=True):
        pieces = read_row(encoder, example.title, example.text).pieces[:LEAD]
        if pieces:
            yield Single(pieces, topics)


def sentence_singles(pairs: Iterable[Pair], encoder: Encoder, limit: int, random: np.random.Generator) -> list[Single]:
    """Return up to ``limit`` single texts such as retrieval meets: targets, and pieces of passages."""
    found: dict[tuple[int, ...], None] = {}
    for pair in pairs:
        found[tuple(encoder.tokenise([normalise(pair.target)])[0])] = None
        start = int(random.integers(0, max(1, len(pair.text) - 24)))
        found[tuple(pair.text[start : start + int(random.integers(8, 64))])] = None
    texts = [list(text) for text in found if text]
    chosen = random.permutation(len(texts))[:limit]
    return [Single(texts[n]) for n in chosen]


def _compared(
    encoder: Encoder, weights: Floats, examples: Iterable[StanceExample]
) -> Iterator[tuple[StanceExample, Reading, Nearness]]:
    """Yield every example with its article read and compared; a short one is read whole, so nothing is encoded."""
    for group in by_article(examples):
        reading = read_row(encoder, group[0].title, group[0].text)
        targets = encoder.tokenise([normalise(example.target[:LONGEST_TARGET]) for example in group])
        if len(reading.pieces) <= DIGEST:
            found = [_all_of(reading)] * len(group)
        else:
            found = compare(encoder, reading, targets, weights)
        for example, near in zip(group, found, strict=True):
            yield example, reading, near


def _all_of(reading: Reading) -> Nearness:
    n = len(reading.tokens)
    return Nearness(np.arange(n), np.zeros(n, np.float32), np.zeros(n, np.float32), 0.0)


def _marked(example: StanceExample, reading: Reading) -> Ints:
    marked = example.evidence or ()
    return np.array([n for n, span in enumerate(reading.spans) if any(span.overlaps(one) for one in marked)], np.int64)


def _weight(example: StanceExample) -> float:
    return UNSURE if example.fields.get("sure") is False else 1.0
