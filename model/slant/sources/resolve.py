"""Which source each attribution is of: mentions of one speaker brought together under the fullest name in the text."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from slant.sources.attribution import Attribution
from slant.sources.cast import Cast, Figure
from slant.sources.lexicon import BODIES, OFFICES, TIMES
from slant.sources.mentions import Mention, read_mention
from slant.sources.names import Name, names
from slant.sources.speakers import Nouns, Speaker
from slant.text.spans import Span, trim

PRONOUNS = {
    **dict.fromkeys(("he", "him", "his", "himself"), "he"),
    **dict.fromkeys(("she", "her", "hers", "herself"), "she"),
    **dict.fromkeys(("it", "its", "itself"), "it"),
    **dict.fromkeys(("who", "whose", "which", "that"), "who"),
    **dict.fromkeys(
        ("they", "them", "their", "both", "all", "one", "many", "some", "others", "these", "those"), "they"
    ),
}
AUTHOR = frozenset("i we me us my our you".split())
"""Outside of quotation marks, whoever writes: no source, but the article's own voice."""
NEAR = 1_200
"""Characters before a pronoun in which its bearer is looked for."""
_ARTICLES = frozenset("a an the his her its their".split())
_DETERMINER = re.compile(r"(?:the|a|an|this|that|his|her|its|their|another|one|some|many|several|most|other)\s+", re.I)
_DEFINITE = re.compile(r"(?:the|this|that|his|her|its|their)\s", re.I)
_PREPOSITION = re.compile(r"\s(?:of|for|from|at|in|with|on|by|to|as|who|that|and)\s|,")
_BEHIND = re.compile(r"\s*+,\s++(?P<role>[^,.;:()\"\u2014]{3,90}?)(?=\s*+(?:[,.;:()\"\u2014]|$)|\s++--?\s)")
_BEFORE = re.compile(r"(?P<role>(?:[\w'-]+ ){1,6})$")


class Resolver:
    """Finds out of whom each attribution is, one after the other."""

    def __init__(self, text: str, sentences: Sequence[Span]) -> None:
        self._text, self._sentences = text, sentences
        self._begins = [sentence.start for sentence in sentences]
        self.cast = Cast(text, names(text, sentences))
        self._figures, self._described = dict[Figure, Speaker](), dict[str, Speaker]()
        self._roles, self._nouns = dict[Figure, Span | None](), Nouns()
        self._last: Speaker | None = None

    def speakers(self, attributions: Iterable[Attribution]) -> list[Speaker]:
        """Return the sources of attributions, in the order in which they first speak."""
        found = dict[Speaker, None]()
        for one in attributions:
            for speaker in self._speakers(one):
                speaker.attributions.append(one)
                self._nouns.speaks(speaker, one)
                self._last = speaker
                found[speaker] = None
        return list(found)

    def _speakers(self, attribution: Attribution) -> list[Speaker]:
        """Return whom an attribution's mention stands for; nobody if it has none, or is the author."""
        span = replace(attribution, source=self._whole_mentions(attribution.source)).nearest_source
        mention = read_mention(self._text, self.cast, self.cast.whole(span)) if span else None
        words = mention.span.of(self._text).lower().split() if mention else []
        if mention is None or words[0] in AUTHOR:
            return []
        if len(words) == 1 and words[0] in PRONOUNS:
            bearer = self._bearer(mention.span, PRONOUNS[words[0]])
            return [bearer] if bearer else []
        found = [self._figure(self.cast.of(name)) for name in mention.names]
        for speaker in found if mention.role else []:
            self._give(speaker, mention.role)
        return [*([self._description(mention)] if mention.described or not found else []), *found]

    def _whole_mentions(self, source: tuple[Span, ...]) -> tuple[Span, ...]:
        """Return the spans of a source, if others are left without lone small words: they are torn off a mention."""
        words = [(span, span.of(self._text)) for span in source]
        kept = tuple(span for span, text in words if " " in text or not text.islower() or text in PRONOUNS)
        return kept or source

    def _figure(self, figure: Figure) -> Speaker:
        if figure not in self._figures:
            speaker = self._figures[figure] = Speaker(figure.fullest.span, None)
            self._nouns.enter(speaker, (False, -len(self._figures)))
            self._give(speaker, self._role(figure))
        return self._figures[figure]

    def _give(self, speaker: Speaker, role: Span | None) -> None:
        """Give a speaker who has no role yet one."""
        if role and not speaker.role:
            speaker.role = role
            self._nouns.call(speaker, _head(role.of(self._text)))

    def _description(self, mention: Mention) -> Speaker:
        """Return who is named by what they are: somebody in that role, described so before, or new."""
        text = mention.description.of(self._text)
        begin = _DETERMINER.match(text)
        key = text[begin.end() if begin else 0 :].lower()
        if _DEFINITE.match(text) and mention.description == mention.span and (known := self._meant(mention.span, key)):
            return known
        if key not in self._described:
            speaker = self._described[key] = Speaker(mention.description, None)
            self._nouns.enter(speaker, (True, -len(self._described)))
            self._nouns.call(speaker, _head(key))
        return self._described[key]

    def _meant(self, mention: Span, key: str) -> Speaker | None:
        """Return whom ``the spokesman`` or ``the company`` stands for, if it is somebody that was there before."""
        noun = _head(key)
        if found := self._nouns.latest(noun, mention.start):
            return found
        if noun in self._first_called:
            return self._figure(self._first_called[noun])
        return self._bearer(mention, "it") if noun in BODIES and key == noun else None

    @cached_property
    def _first_called(self) -> dict[str, Figure]:
        """Return the first figure for every noun: a person in such a role, or a body whose name ends so."""
        found = dict[str, Figure]()
        for figure in self.cast.figures:
            role = self._role(figure) if figure.personal else None
            if role:
                found.setdefault(_head(role.of(self._text)), figure)
            if not figure.personal:
                found.setdefault(figure.fullest.last, figure)
        return found

    def _bearer(self, mention: Span, pronoun: str) -> Speaker | None:
        """Return whom a pronoun stands for: who spoke last or is the subject near before, if it fits."""
        if pronoun == "they":
            return self._last
        reach = 60 if pronoun == "who" else NEAR
        best, bearer = -math.inf, None
        for name in reversed(list(self.cast.between(max(0, mention.start - reach), mention.start))):
            apart = self._apart(name, mention)
            if _likely(spoke=True, subject=True, sure=1, apart=apart) < best:
                break  # whatever stands before is no nearer
            if self._fits(name, pronoun) and (found := self._nearness(name, apart)) > best:
                best, bearer = found, name
        return self._figure(self.cast.of(bearer)) if bearer else self._last

    def _fits(self, name: Name, pronoun: str) -> bool:
        figure = self.cast.of(name)
        if pronoun == "who":
            return True
        if pronoun == "it":
            return not figure.personal
        return figure.personal and figure.fits(pronoun)

    def _apart(self, name: Name, mention: Span) -> int:
        """Return how many sentences begin between a name and a mention."""
        begins = self._begins
        return max(0, bisect_right(begins, mention.start) - bisect_left(begins, name.span.end))

    def _nearness(self, name: Name, apart: int) -> float:
        """Return how likely a pronoun goes back to a name: near, a subject, who spoke last, known to fit."""
        figure = self.cast.of(name)
        n = bisect_right(self._begins, name.span.start) - 1
        inside = n >= 0 and name.span.start < self._sentences[n].end
        subject = not inside or name.span.start - self._begins[n] < 40
        spoke = self._last is not None and self._figures.get(figure) is self._last
        sure = (figure.pronoun is not None) - (len(figure.fullest.words) == 1)
        return _likely(spoke=spoke, subject=subject, sure=sure, apart=apart)

    def _role(self, figure: Figure) -> Span | None:
        """Return what the text says that somebody is, behind a comma or before the name."""
        if figure not in self._roles:
            names = sorted(figure.names, key=lambda name: (-len(name.words), name.span))
            told = (self._role_behind(name) or self._role_before(name) for name in names)
            self._roles[figure] = next((role for role in told if role), None)
        return self._roles[figure]

    def _role_behind(self, name: Name) -> Span | None:
        found = _BEHIND.match(self._text, name.span.end)
        words = _words(found["role"]) if found else []
        if found and (OFFICES & set(words) or (words[:1] and words[0] in _ARTICLES and not TIMES & set(words))):
            return Span(*found.span("role"))
        return None

    def _role_before(self, name: Name) -> Span | None:
        """Return the words before a name from its title on: ``New York Assembly member``."""
        start = name.title.start if name.title else name.span.start
        found = _BEFORE.search(self._text[max(0, start - 60) : start])
        words = found["role"].split() if found else []
        while words and words[0] not in OFFICES and not words[0][0].isupper():
            words = words[1:]
        if words and words[-1].lower() in OFFICES:
            length = len(found["role"]) - found["role"].index(words[0]) if found else 0
            return trim(self._text, start - length, name.span.start)
        told = name.title and OFFICES & set(_words(name.title.of(self._text)))
        return name.title if told else None


def _head(phrase: str) -> str:
    """Return the noun that a phrase is about: ``spokesman`` of ``the spokesman for the board``."""
    words = _words(_PREPOSITION.split(phrase, maxsplit=1)[0])
    return words[-1] if words else ""


def _words(text: str) -> list[str]:
    return re.findall(r"[\w-]+", text.lower())


def _likely(*, spoke: bool, subject: bool, sure: int, apart: int) -> float:
    return 2.0 * spoke + 1.0 * subject + 0.7 * sure - 0.8 * apart
