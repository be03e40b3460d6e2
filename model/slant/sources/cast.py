"""Who is named in an article: names that stand for the same person or body, brought together.

Two full names with one surname are two people, and a bare surname is then the one named last before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from slant.sources.names import Name, pronoun
from slant.text.spans import Span

_SMALL = frozenset("of for the and in on".split())


@dataclass(slots=True, eq=False)
class Figure:
    """A person or body of an article, and the names by which the text calls it, in order."""

    names: list[Name] = field(default_factory=list)
    pronoun: str | None = None

    @property
    def fullest(self) -> Name:
        """Return the first of its longest names."""
        return max(self.names, key=lambda name: (len(name.words), -name.span.start))

    @property
    def personal(self) -> bool:
        """Tell whether it may be a person."""
        return self.fullest.personal


class Cast:
    """The figures of an article, and which of them each name stands for."""

    def __init__(self, text: str, names: Iterable[Name]) -> None:
        self.names = sorted(names, key=lambda name: name.span)
        self._text, self._of = text, dict[Name, Figure]()
        self._by_last: dict[str, list[Figure]] = defaultdict(list)
        for name in (one for one in self.names if len(one.words) > 1):
            self._join(name, self._same(name) or self._new(name))
        for name in (one for one in self.names if len(one.words) == 1):
            self._join(name, self._called(name) or self._new(name))
        for figure in self.figures:
            figure.names.sort(key=lambda name: name.span)

    @property
    def figures(self) -> list[Figure]:
        """Return the figures, in the order in which the text first names them."""
        return list(dict.fromkeys(self._of[name] for name in self.names))

    def of(self, name: Name) -> Figure:
        """Return whom a name stands for."""
        return self._of[name]

    def between(self, start: int, end: int) -> Iterator[Name]:
        """Yield the names that begin in ``[start, end)``, in order."""
        for name in self.names[bisect_right(self.names, start - 1, key=lambda one: one.span.start) :]:
            if name.span.start >= end:
                return
            yield name

    def whole(self, span: Span) -> Span:
        """Return a span with the names that it cuts as a whole."""
        cut = [span, *(name.span for name in self.names if name.span.overlaps(span))]
        return Span(min(one.start for one in cut), max(one.end for one in cut))

    def _join(self, name: Name, figure: Figure) -> None:
        figure.names.append(name)
        figure.pronoun = figure.pronoun or pronoun(self._text, name)
        self._of[name] = figure

    def _new(self, name: Name) -> Figure:
        figure = Figure()
        self._by_last[name.last].append(figure)
        return figure

    def _same(self, name: Name) -> Figure | None:
        """Return who has a name of several words already, in this form or a longer or shorter one."""
        return next((one for one in reversed(self._by_last[name.last]) if any(map(name_agrees(name), one.names))), None)

    def _called(self, name: Name) -> Figure | None:
        """Return whom a single word stands for: the last named before it of those it fits, else the first after."""
        own = pronoun(self._text, name)
        fitting = [one for one in self._candidates(name) if not own or one.pronoun in (None, own)]
        return _nearest(fitting, name.span.start)

    def _candidates(self, name: Name) -> list[Figure]:
        """Return those whose name ends so; else those whose name begins so, or has these initials."""
        word = name.words[0]
        if ending := self._by_last[word]:
            return ending
        longer = [one for one in self._of.values() if len(one.fullest.words) > 1]
        beginning = [one for one in longer if one.fullest.words[0] == word]
        return list(dict.fromkeys(beginning or [one for one in longer if initials(one.fullest.words) == word]))


def name_agrees(name: Name) -> Callable[[Name], bool]:
    """Return what tells whether another name of several words may be of the same person or body."""
    return lambda other: _ends(name.words, other.words) or (name.personal and _agree(name.words, other.words))


def initials(words: Sequence[str]) -> str:
    """Return the first letters of a body's words, small ones left out."""
    return "".join(word[0] for word in words if word not in _SMALL)


def _agree(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Tell whether two full names with one surname may be one person's: the same given name, or its initial."""
    mine, other = ours[0], theirs[0]
    return mine == other or (min(len(mine), len(other)) == 1 and mine[0] == other[0])


def _ends(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    short, long = sorted((tuple(ours), tuple(theirs)), key=len)
    return long[-len(short) :] == short


def _nearest(figures: Sequence[Figure], place: int) -> Figure | None:
    """Return who was named last before a place; if nobody was, who is named first after it."""
    before = [(max(starts), one) for one in figures if (starts := [s for s in _starts(one) if s < place])]
    if before:
        return max(before, key=lambda found: found[0])[1]
    return min(figures, key=lambda one: min(_starts(one)), default=None)


def _starts(figure: Figure) -> list[int]:
    return [name.span.start for name in figure.names]
