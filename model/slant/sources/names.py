"""The names in a text: runs of capitalised words, with the title before them.

Rules rather than a model: capitals and titles say it, and a rule can be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from slant.sources.lexicon import BODIES, HONORIFICS, MEN, NEVER_FIRST, OFFICES, WOMEN
from slant.text.spans import Span

_CAPITAL = "A-Z\u00c0-\u00d6\u00d8-\u00de"
_WORD = rf"(?:[{_CAPITAL}][\w'-]*\w(?:\.(?= ))?|[{_CAPITAL}]\.(?:[{_CAPITAL}]\.)*|[{_CAPITAL}])"
_PARTICLE = r"(?:de|da|di|du|del|della|der|den|van|von|bin|ibn|al|el|la|le|ten|ter|dos|das|y|abu)"
_RUN = re.compile(rf"{_WORD}(?:[ -](?:{_PARTICLE} ){{0,2}}{_WORD})*")
_OF = re.compile(rf" (?:of|for) (?:the )?(?={_WORD})")
_FIRST = re.compile(r"\w")
_SUFFIXES = frozenset("jr sr ii iii iv phd md".split())
_SMALL = frozenset("the a an".split())
_POSSESSIVE = re.compile(r"'s?$")


@dataclass(frozen=True, slots=True)
class Name:
    """A name where it stands: ``span`` is the name, ``title`` the words before it that say what its bearer is.

    ``words`` are those of the name, lower-cased, without stops and possessives. ``shouted``: it is one word in
    capitals, as ``NATO``.
    """

    span: Span
    words: tuple[str, ...]
    title: Span | None
    shouted: bool = False

    @property
    def personal(self) -> bool:
        """Tell whether it may be a person's."""
        return len(self.words) <= 4 and not self.shouted and not BODIES & set(self.words)

    @property
    def given(self) -> str | None:
        """Return the first of several words."""
        return self.words[0] if len(self.words) > 1 else None

    @property
    def last(self) -> str:
        """Return the last word that is not ``Jr.`` or the like: a person's surname."""
        return next((word for word in reversed(self.words) if word not in _SUFFIXES), self.words[-1])


def names(text: str, sentences: Sequence[Span]) -> list[Name]:
    """Return the names in the sentences of a cleaned text, in order.

    A lone word that begins a sentence is one only if it is elsewhere, or owns something: every word has a capital
    there.
    """
    found = list(_all(text, sentences))
    first = {word.start() for sentence in sentences if (word := _FIRST.search(text, *sentence))}
    lone = [
        len(name.words) == 1 and name.span.start in first and not (name.title or text.startswith("'s", name.span.end))
        for name in found
    ]
    known = {word for name, doubtful in zip(found, lone, strict=True) if not doubtful for word in name.words}
    return [name for name, doubtful in zip(found, lone, strict=True) if not doubtful or name.words[0] in known]


def _all(text: str, sentences: Iterable[Span]) -> Iterator[Name]:
    end = 0
    for sentence in sentences:
        for run in _RUN.finditer(text, *sentence):
            for name in _names(text, Span(*run.span()), sentence):
                if name.span.start >= end:  # ``Scotland`` in ``Bank of Scotland`` is none of its own
                    end = name.span.end
                    yield name


def pronoun(text: str, name: Name) -> str | None:
    """Return which of ``he`` and ``she`` goes with a name, if its title or its first word tells."""
    titles = [_plain(word) for word in (name.title.of(text).split() if name.title else ())]
    told = next((HONORIFICS[word] for word in titles if word in HONORIFICS), None)
    if told or not name.given:
        return told
    return "he" if name.given in MEN else "she" if name.given in WOMEN else None


def _names(text: str, run: Span, sentence: Span) -> Iterator[Name]:
    """Yield the name in a run of capitalised words, and what follows a possessive as one of its own."""
    tokens = [Span(run.start + found.start(), run.start + found.end()) for found in re.finditer(r"[^ ]+", run.of(text))]
    while tokens and _plain(tokens[0].of(text)) in NEVER_FIRST:
        tokens = tokens[1:]
    for n, token in enumerate(tokens[:-1]):
        if _POSSESSIVE.search(token.of(text)):
            yield from _named(text, tokens[: n + 1], sentence)
            tokens = tokens[n + 1 :]
            break
    yield from _named(text, tokens, sentence)


def _named(text: str, tokens: list[Span], sentence: Span) -> Iterator[Name]:
    if not tokens:
        return
    words = [_plain(token.of(text)) for token in tokens]
    start = _after_title(words)
    if BODIES & set(words[start:]) and not HONORIFICS.keys() & set(words[:start]):
        start = 0
    end = tokens[-1].end
    end -= len(found.group()) if (found := _POSSESSIVE.search(text[tokens[-1].start : end])) else 0
    title = Span(tokens[0].start, tokens[start - 1].end) if start else None
    span = Span(tokens[start].start, end)
    shouted = len(words) - start == 1 and len(span.of(text)) > 1 and span.of(text).isupper()
    name = Name(span, tuple(words[start:]), title, shouted)
    yield _of(text, name, sentence)


def _after_title(words: list[str]) -> int:
    """Return where the name begins behind the last word of a title, if something is left of it."""
    start = 0
    for n, word in enumerate(words[:-1]):
        if word in OFFICES or word in HONORIFICS or (word == "general" and start == n > 0):
            start = n + 1
    return start


def _of(text: str, name: Name, sentence: Span) -> Name:
    """Return a body's name with what follows in ``Bank of Scotland``."""
    link = _OF.match(text, name.span.end, sentence.end)
    if link is None or name.words[-1] not in BODIES:
        return name
    run = _RUN.match(text, link.end(), sentence.end)
    if run is None:
        return name
    place = _POSSESSIVE.sub("", run.group())
    words = (*name.words, *(_plain(word) for word in place.split()))
    return Name(Span(name.span.start, run.start() + len(place)), words, name.title)


def _plain(word: str) -> str:
    return _POSSESSIVE.sub("", word).replace(".", "").lower()


def alike(one: str, other: str) -> bool:
    """Tell whether two names may be of the same: one's words are among the other's, or the last words are the same."""
    ours, theirs = ([word for word in map(_plain, name.split()) if word not in _SMALL] for name in (one, other))
    if not ours or not theirs:
        return False
    return ours[-1] == theirs[-1] or set(ours) <= set(theirs) or set(theirs) <= set(ours)
