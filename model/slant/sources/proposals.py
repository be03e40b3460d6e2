"""Targets that nobody has named: the things and claims that an article is most about.

A candidate is a phrase between two words that cannot be part of one, or a short clause as a whole. Those rank first
whose words the article uses most, each word for itself, so that a longer phrase must earn its length.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slant.article import LONGEST_TARGET
from slant.sources.lexicon import LINKS, SMALL, VAGUE, VERBS
from slant.text.spans import Span

MOST = 5
"""Targets that are proposed for an article."""
READ = 400
"""Sentences, the first ones, in which they are looked for."""
LONGEST_PHRASE, LONGEST_CLAUSE = 8, 12
"""Words of a candidate."""
COST, COST_OF_LENGTH, HEADLINE = 1.3, 0.2, 0.5
"""What a word that tells something must bring in, what every word costs, and what it counts to be in the headline."""
SHARED = 0.5
"""Part of the shorter candidate's words; two that share more are about the same."""
STEM = 6
"""Letters by which two words are taken for forms of one: ``privatise``, ``privatisation``."""
_WORD = re.compile(r"[$\u00a3\u20ac]?[^\W_](?:[\w'.,-]*\w)?%?")
_BETWEEN = re.compile(r"[^.,;:!?()\[\]\"\u2014|\n\x1f]+|[.,](?=\d)")
_END = "\n"
_BREAKS = VERBS | LINKS
_ARTICLES = frozenset(("the", "a", "an"))
_IDLE = SMALL | _BREAKS
"""Words that tell nothing of what a phrase is for."""
_NO_END, _NO_START = _IDLE | VAGUE, _BREAKS | VAGUE
"""Words that a phrase does not end with; and that a clause does not begin with."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase or a clause as it would be named, and the stems of those of its words that tell something, each once."""

    text: str
    words: int
    stems: tuple[str, ...]


def propose(headline: str, text: str, sentences: Sequence[Span]) -> tuple[str, ...]:
    """Return up to ``MOST`` targets for an article, the likeliest first, each one once."""
    stretches = [headline, *(span.of(text) for span in sentences[:READ])]
    found = {
        one.text.lower(): one for stretch in stretches for one in candidates(stretch) if len(one.text) <= LONGEST_TARGET
    }
    counts, named = Counter(stem for stretch in stretches for stem in stems(stretch)), frozenset(stems(headline))
    worth = {one: _worth(one, counts, named) for one in found.values()}
    chosen = list[Candidate]()
    for one in sorted(worth, key=lambda one: -worth[one]):
        if len(chosen) < MOST and one.stems and not any(_same(one, other) for other in chosen):
            chosen.append(one)
    return tuple(one.text for one in chosen)


def candidates(text: str) -> Iterator[Candidate]:
    """Yield the phrases in a stretch of text, and its clauses that are short enough to stand for a claim."""
    for stretch in _BETWEEN.finditer(text):
        words = [Span(*word.span()) for word in _WORD.finditer(text, *stretch.span())]
        lower = [word.of(text).lower() for word in words]
        for first, last in _phrases(lower):
            start = first - 1 if first and lower[first - 1] in _ARTICLES else first
            if start < last or not words[first].of(text).islower():  # a lone word has an article or is a name
                yield _candidate(text, words[start : last + 1], lower[first : last + 1])
        if _BREAKS & set(lower) and len(words) <= LONGEST_CLAUSE and not _hangs(lower):
            yield _candidate(text, words, lower)


def stems(text: str) -> list[str]:
    """Return the stems of the words of a text that tell something, in order."""
    words = (word.lower().removesuffix("'s") for word in _WORD.findall(text))
    return [word[:STEM] for word in words if word not in _IDLE]


def _phrases(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last word of every phrase: no verb that is told by its form is inside, nor cut off."""
    for first in range(len(words)):
        if words[first] in _NO_END or not _edge(words[first - 1] if first else _END):
            continue
        for last in range(first, min(len(words), first + LONGEST_PHRASE)):
            if words[last] in _BREAKS:
                break
            if words[last] not in _NO_END and _edge(words[last + 1] if last + 1 < len(words) else _END):
                yield first, last


def _edge(word: str) -> bool:
    """Tell whether a phrase may end before a word, or begin behind it."""
    return word == _END or word in _IDLE or word.endswith("ed")


def _hangs(words: Sequence[str]) -> bool:
    """Tell whether a clause makes no sense without what stands before it."""
    return words[0] in _NO_START or words[-1] in SMALL


def _candidate(text: str, words: Sequence[Span], lower: Sequence[str]) -> Candidate:
    phrase = text[words[0].start : words[-1].end].removesuffix("'s")
    return Candidate(phrase, len(lower), tuple(dict.fromkeys(stems(" ".join(lower)))))


def _worth(one: Candidate, counts: Counter[str], named: frozenset[str]) -> float:
    """Return what the words of a candidate bring in, beyond what they cost."""
    each = (math.log1p(counts[stem]) + HEADLINE * (stem in named) - COST for stem in one.stems)
    return sum(each) - COST_OF_LENGTH * one.words


def _same(one: Candidate, other: Candidate) -> bool:
    fewer = min(len(one.stems), len(other.stems)) or 1
    return len(set(one.stems) & set(other.stems)) > SHARED * fewer
