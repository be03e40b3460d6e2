"""Who says something in an article, and how speakers are found again by the noun that says what they are."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from dataclasses import dataclass, field

from slant.sources.attribution import Attribution
from slant.text.spans import Span


@dataclass(slots=True, eq=False)
class Speaker:
    """Who says something in an article. ``name`` is the fullest form in the text, ``role`` what it says they are."""

    name: Span
    role: Span | None
    attributions: list[Attribution] = field(default_factory=list)

    @property
    def said(self) -> list[Span]:
        """Return the spans of all that is attributed to them, in order; of one inside another the other alone."""
        kept = list[Span]()
        for span in sorted(
            {span for one in self.attributions for span in one.content}, key=lambda s: (s.start, -s.end)
        ):
            if not kept or span.end > kept[-1].end:
                kept.append(span)
        return kept


Rank = tuple[bool, int]
"""Of speakers with one noun the greatest comes first: who is only described, then those with names, each in order."""


class Nouns:
    """Speakers by the noun that says what they are, and where each of them is a source."""

    def __init__(self) -> None:
        self._ranks, self._nouns, self._speakers = dict[Speaker, Rank](), dict[Speaker, str](), dict[Rank, Speaker]()
        self._first = dict[str, Rank]()
        self._sources = defaultdict[str, list[tuple[int, bool, int]]](list)

    def enter(self, speaker: Speaker, rank: Rank) -> None:
        """Take a speaker in."""
        self._ranks[speaker], self._speakers[rank] = rank, speaker

    def call(self, speaker: Speaker, noun: str) -> None:
        """Be told the one noun that says what a speaker is."""
        self._nouns[speaker] = noun
        self._first[noun] = max(self._first.get(noun, self._ranks[speaker]), self._ranks[speaker])
        for one in speaker.attributions:
            self.speaks(speaker, one)

    def speaks(self, speaker: Speaker, attribution: Attribution) -> None:
        """Be told of an attribution of a speaker."""
        if speaker in self._nouns:
            for span in attribution.source:
                insort(self._sources[self._nouns[speaker]], (span.start, *self._ranks[speaker]))

    def latest(self, noun: str, place: int) -> Speaker | None:
        """Return who with a noun was last a source before a place, else the first with it."""
        sources = self._sources.get(noun, [])
        n = bisect_left(sources, (place,))
        rank = sources[n - 1][1:] if n else self._first.get(noun)
        return self._speakers[rank] if rank else None
