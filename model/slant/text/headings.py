"""The headings between an article's paragraphs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from slant.text.clean import HOLE
from slant.text.spans import Span

MOST_WORDS = 10
_NO_END = ".!?:;,\u2026\"')]"


def headings(cleaned: str, sentences: Sequence[Span]) -> list[bool]:
    """Return of every sentence whether it is a heading: a few words alone in a paragraph that do not end as one."""
    gaps = (cleaned[one.end : other.start] for one, other in pairwise(sentences))
    breaks = [True, *("\n" in gap or HOLE in gap for gap in gaps), False]  # what nothing follows heads nothing
    alone = (before and after for before, after in pairwise(breaks))
    return [only and _heads(sentence.of(cleaned)) for only, sentence in zip(alone, sentences, strict=False)]


def _heads(words: str) -> bool:
    return not words[0].islower() and words[0] != '"' and words[-1] not in _NO_END and len(words.split()) <= MOST_WORDS
