"""An article as the features see it: cleaned, split into sentences, tokenised once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slant.article import Article
from slant.errors import ArticleError
from slant.features.encoder import Encoder
from slant.features.nearness import Nearness, unit, word_overlap
from slant.text.clean import HOLE, clean, is_blank, normalise
from slant.text.html import extract
from slant.text.repeats import without_repeats
from slant.text.sentences import sentences
from slant.text.spans import Span
from slant.types import Floats, Ints, TokenIds

LEAD = 128
"""Pieces in each of the two windows that the topic head's vector reads."""
FIRST, LAST, NEAREST = 16, 8, 24
"""Of a long article, a stance reads the first and last sentences and those nearest to the target."""
LONGEST = 1_000_000
"""Characters of an article that are looked at; what stands behind them is reported as not read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An article's text as the caller sent it (``text``), and what was made of it.

    ``spans`` are the sentences, each of them once, offsets into ``text``; ``tokens`` their pieces, one list a
    sentence. ``title`` are those of the ``headline``. ``html_cut``: of the page that the text comes from some was left
    out.
    """

    text: str
    cleaned: str
    spans: list[Span]
    tokens: list[TokenIds]
    headline: str
    title: TokenIds
    html_cut: bool = False

    @property
    def characters(self) -> int:
        """Return how many characters cleaning has kept."""
        return len(self.cleaned) - self.cleaned.count(HOLE)

    @property
    def pieces(self) -> TokenIds:
        """Return the pieces of the title and of every sentence, in order."""
        return [*self.title, *(piece for sentence in self.tokens for piece in sentence)]


def read_article(encoder: Encoder, article: Article) -> Reading:
    """Clean, split and tokenise an article.

    Raises:
        ArticleError: nothing readable is in it.
    """
    text, title, cut = article.text or "", article.title or "", False
    if article.html is not None:
        extracted = extract(article.html)
        text, title, cut = extracted.text, title or extracted.title or "", extracted.cut
    cleaned, headline = clean(text[:LONGEST]), normalise(title)
    if is_blank(cleaned) and not title.strip():
        raise ArticleError(f"nothing to read: {len(text)} characters of text, none of them an article's", field="text")
    spans = without_repeats(cleaned, sentences(cleaned))
    first, *rest = encoder.tokenise([headline, *(span.of(cleaned) for span in spans)])
    return Reading(text, cleaned, spans, rest, headline, first, cut)


def lead_features(encoder: Encoder, reading: Reading) -> Floats:
    """Return how an article begins, (width,): the vector of its first ``LEAD`` pieces, and half as much the next.

    News says what it is about at once: the lead alone is best on agency news, more of the text on features.
    """
    pieces = reading.pieces[: 2 * LEAD]
    parts = [pieces[:LEAD], pieces[LEAD:]] if len(pieces) > LEAD else [pieces]
    vectors = encoder.embed(parts)
    return unit(vectors[0] + 0.5 * vectors[1]) if len(vectors) > 1 else vectors[0]


def choose(reading: Reading, overlap: Floats) -> Ints:
    """Return which sentences a stance reads, in order: all, or of a long article the promising ones."""
    n = len(reading.tokens)
    if n <= FIRST + LAST + NEAREST:
        return np.arange(n)
    middle = np.argsort(-overlap[FIRST : n - LAST], kind="stable")[:NEAREST] + FIRST
    return np.sort(np.concatenate([np.arange(FIRST), middle, np.arange(n - LAST, n)]))


def compare(encoder: Encoder, reading: Reading, targets: Sequence[TokenIds], weights: Floats) -> list[Nearness]:
    """Return for every tokenised target how near the article's sentences are to it.

    Sentences are encoded once, whatever the number of targets. ``weights`` is (vocabulary,), the
    weight of each piece when a sentence's words are compared with the target's.
    """
    if not targets:
        return []
    overlaps = [word_overlap(ids, reading.tokens, weights) for ids in targets]
    chosen = [choose(reading, overlap) for overlap in overlaps]
    union = np.unique(np.concatenate(chosen))
    sentences = encoder.embed([reading.tokens[n] for n in union])
    title = encoder.embed([reading.title])[0] if reading.title else np.zeros(encoder.width, dtype=np.float32)
    return [
        Nearness(part, sentences[np.searchsorted(union, part)] @ vector, overlap[part], float(title @ vector))
        for part, overlap, vector in zip(chosen, overlaps, encoder.embed(targets), strict=True)
    ]
