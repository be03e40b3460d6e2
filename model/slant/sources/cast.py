"""Who is named in an article: names that stand for the same person or body, brought together.

Two full names with one surname are two people, and a bare surname is then the one named last before it.

A name is looked up in indexes, never compared with all the others: the work grows in step with the number of names.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from slant.sources.names import Name, pronoun
from slant.text.spans import Span

_SMALL = frozenset("of for the and in on".split())
_NOBODY = -1


@dataclass(slots=True, eq=False)
class Figure:
    """A person or body of an article: the first of its longest names, and all by which the text calls it, in order."""

    fullest: Name
    names: list[Name] = field(default_factory=list)
    pronoun: str | None = None

    @property
    def personal(self) -> bool:
        """Tell whether it may be a person."""
        return self.fullest.personal

    def fits(self, pronoun: str | None) -> bool:
        """Tell whether it may be called by a pronoun; ``None`` asks for none."""
        return pronoun is None or self.pronoun in (None, pronoun)


class Cast:
    """The figures of an article, and which of them each name stands for.

    No two names overlap. ``figures`` are in the order in which the text first names them.
    """

    def __init__(self, text: str, names: Iterable[Name]) -> None:
        self.names = sorted(names, key=lambda name: name.span)
        self._starts = [name.span.start for name in self.names]
        self._ends = [name.span.end for name in self.names]
        self._text, self._of = text, dict[Name, Figure]()
        self._join_full_names()
        self._join_single_words()
        self.figures = list(dict.fromkeys(self._of[name] for name in self.names))
        for figure in self.figures:
            figure.names.sort(key=lambda name: name.span)

    def of(self, name: Name) -> Figure:
        """Return whom a name stands for."""
        return self._of[name]

    def between(self, start: int, end: int) -> Iterator[Name]:
        """Yield the names that begin in ``[start, end)``, in order."""
        for n in range(bisect_left(self._starts, start), bisect_left(self._starts, end)):
            yield self.names[n]

    def whole(self, span: Span) -> Span:
        """Return a span with the names that it cuts as a whole."""
        first, behind = bisect_right(self._ends, span.start), bisect_left(self._starts, span.end)
        if first >= behind:
            return span
        return Span(min(span.start, self._starts[first]), max(span.end, self._ends[behind - 1]))

    def _join_full_names(self) -> None:
        """Find the bearer of every name of several words: who has it already, in this form or a longer or shorter."""
        figures, known = list[Figure](), defaultdict[str, _FullNames](_FullNames)
        for name in self.names:
            if len(name.words) > 1:
                number = known[name.last].find(name)
                if number == _NOBODY:
                    number = len(figures)
                    figures.append(Figure(name))
                known[name.last].add(name, number)
                self._join(name, figures[number])

    def _join_single_words(self) -> None:
        """Find the bearer of every single word: the last named before it of those it fits, else the first after it."""
        known = _Words(dict.fromkeys(self._of.values()))
        for name in self.names:
            if len(name.words) == 1:
                word = name.words[0]
                self._join(name, known.find(word, pronoun(self._text, name)) or known.new(word, Figure(name)))
            known.met(self._of[name])

    def _join(self, name: Name, figure: Figure) -> None:
        figure.names.append(name)
        if len(name.words) > len(figure.fullest.words):
            figure.fullest = name
        figure.pronoun = figure.pronoun or pronoun(self._text, name)
        self._of[name] = figure


@dataclass(slots=True)
class _Ending:
    """The newest figure with a name that ends so, and with one that is just this; endings that are a word longer."""

    longer: dict[str, _Ending] = field(default_factory=dict)
    any: int = _NOBODY
    whole: int = _NOBODY


class _FullNames:
    """Names of several words with one last word, and the numbers of their figures, the newest of which is found.

    Two names are of one figure if one ends with the other, or if both have one given name, or its initial.
    """

    def __init__(self) -> None:
        self._ending = _Ending()
        self._given, self._initial = dict[str, int](), dict[str, int]()

    def find(self, name: Name) -> int:
        """Return the number of the newest figure that may bear a name, ``_NOBODY`` if none does."""
        return max(self._by_ending(name), self._by_given(name.words[0]) if name.personal else _NOBODY)

    def add(self, name: Name, number: int) -> None:
        """Take a name of a figure in."""
        at = self._ending
        for word in reversed(name.words):
            at = at.longer.setdefault(word, _Ending())
            at.any = max(at.any, number)
        at.whole = max(at.whole, number)
        given = name.words[0]
        for index, key in ((self._given, given), (self._initial, given[0])):
            index[key] = max(index.get(key, _NOBODY), number)

    def _by_ending(self, name: Name) -> int:
        at, shorter = self._ending, _NOBODY
        for word in reversed(name.words):
            if word not in at.longer:
                return shorter
            at = at.longer[word]
            shorter = max(shorter, at.whole)
        return max(shorter, at.any)

    def _by_given(self, word: str) -> int:
        if len(word) == 1:
            return self._initial.get(word, _NOBODY)
        return max(self._given.get(word, _NOBODY), self._given.get(word[0], _NOBODY))


class _Words:
    """Figures by the single words that may stand for them: those whose name ends so.

    If none does, those whose fullest name begins so; if none does either, those with these initials.
    """

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._ending, self._beginning, self._initials = (defaultdict[str, _Namesakes](_Namesakes) for _ in range(3))
        self._groups = defaultdict[Figure, list[_Namesakes]](list)
        for figure in figures:
            words = figure.fullest.words
            for index, key in (
                (self._ending, figure.fullest.last),
                (self._beginning, words[0]),
                (self._initials, initials(words)),
            ):
                index[key].figures.append(figure)
                self._groups[figure].append(index[key])

    def find(self, word: str, pronoun: str | None) -> Figure | None:
        """Return whom a word stands for at this point of the article, ``None`` if it fits nobody known."""
        for index in (self._ending, self._beginning, self._initials):
            if word in index:
                return index[word].nearest(pronoun)
        return None

    def new(self, word: str, figure: Figure) -> Figure:
        """Take a figure in that has no other name than a word; return it."""
        self._groups[figure].append(self._ending[word])
        return figure

    def met(self, figure: Figure) -> None:
        """Be told that the article names a figure at this point."""
        for group in self._groups[figure]:
            group.met(figure)


class _Namesakes:
    """Figures that one word may stand for, in the order in which their full names come, and who was named last.

    Whom a pronoun does not fit it will never fit, so each is passed over once.
    """

    def __init__(self) -> None:
        self.figures = list[Figure]()
        self._named: dict[str | None, list[Figure]] = {None: [], "he": [], "she": []}
        self._next = dict.fromkeys(self._named, 0)

    def met(self, figure: Figure) -> None:
        """Be told that one of them is named at this point."""
        for named in self._named.values():
            named.append(figure)

    def nearest(self, pronoun: str | None) -> Figure | None:
        """Return who of those that a pronoun fits was named last before this point, else the first after it."""
        named = self._named[pronoun]
        while named and not named[-1].fits(pronoun):
            named.pop()
        if named:
            return named[-1]
        for n in range(self._next[pronoun], len(self.figures)):
            self._next[pronoun] = n
            if self.figures[n].fits(pronoun):
                return self.figures[n]
        return None


def initials(words: Sequence[str]) -> str:
    """Return the first letters of a body's words, small ones left out."""
    return "".join(word[0] for word in words if word not in _SMALL)
