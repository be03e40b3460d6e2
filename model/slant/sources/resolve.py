"""Which source each attribution is of: mentions of one speaker brought together under the fullest name in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from slant.sources.attribution import Attribution
from slant.sources.cast import Cast, Figure
from slant.sources.lexicon import BODIES, OFFICES, TIMES
from slant.sources.mentions import Mention, read_mention
from slant.sources.names import Name, names
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
_BEHIND = re.compile(r"\s*,\s+(?P<role>[^,.;:()\"\u2014]{3,90}?)\s*(?=[,.;:()\"\u2014]|\s--?\s|$)")
_BEFORE = re.compile(r"(?P<role>(?:[\w'-]+ ){1,6})$")


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


class Resolver:
    """Finds out of whom each attribution is, one after the other."""

    def __init__(self, text: str, sentences: Sequence[Span]) -> None:
        self._text, self._sentences = text, sentences
        self.cast = Cast(text, names(text, sentences))
        self._figures, self._described = dict[Figure, Speaker](), dict[str, Speaker]()
        self._last: Speaker | None = None

    def speakers(self, attributions: Iterable[Attribution]) -> list[Speaker]:
        """Return the sources of attributions, in the order in which they first speak."""
        found = list[Speaker]()
        for one in attributions:
            for speaker in self._speakers(one):
                speaker.attributions.append(one)
                self._last = speaker
                if speaker not in found:
                    found.append(speaker)
        return found

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
            speaker.role = speaker.role or mention.role
        return [*([self._description(mention)] if mention.described or not found else []), *found]

    def _whole_mentions(self, source: tuple[Span, ...]) -> tuple[Span, ...]:
        """Return the spans of a source, if others are left without lone small words: they are torn off a mention."""
        words = [(span, span.of(self._text)) for span in source]
        kept = tuple(span for span, text in words if " " in text or not text.islower() or text in PRONOUNS)
        return kept or source

    def _figure(self, figure: Figure) -> Speaker:
        if figure not in self._figures:
            self._figures[figure] = Speaker(figure.fullest.span, self._role(figure))
        return self._figures[figure]

    def _description(self, mention: Mention) -> Speaker:
        """Return who is named by what they are: somebody in that role, described so before, or new."""
        text = mention.description.of(self._text)
        begin = _DETERMINER.match(text)
        key = text[begin.end() if begin else 0 :].lower()
        if _DEFINITE.match(text) and mention.description == mention.span and (known := self._meant(mention.span, key)):
            return known
        if key not in self._described:
            self._described[key] = Speaker(mention.description, None)
        return self._described[key]

    def _meant(self, mention: Span, key: str) -> Speaker | None:
        """Return whom ``the spokesman`` or ``the company`` stands for, if it is somebody that was there before."""
        noun = _head(key)
        described = [one for words, one in self._described.items() if _head(words) == noun]
        roles = [one for one in self._figures.values() if one.role and _head(one.role.of(self._text)) == noun]
        if found := max(described + roles, key=lambda one: _last_before(one, mention.start), default=None):
            return found
        for figure in self.cast.figures:
            role = self._role(figure) if figure.personal else None
            if (role and _head(role.of(self._text)) == noun) or (not figure.personal and figure.fullest.last == noun):
                return self._figure(figure)
        return self._bearer(mention, "it") if noun in BODIES and key == noun else None

    def _bearer(self, mention: Span, pronoun: str) -> Speaker | None:
        """Return whom a pronoun stands for: who spoke last or is the subject near before, if it fits."""
        if pronoun == "they":
            return self._last
        reach = 60 if pronoun == "who" else NEAR
        near = self.cast.between(max(0, mention.start - reach), mention.start)
        scored = [(self._nearness(name, mention), name) for name in near if self._fits(name, pronoun)]
        if not scored:
            return self._last
        return self._figure(self.cast.of(max(scored, key=lambda found: (found[0], found[1].span))[1]))

    def _fits(self, name: Name, pronoun: str) -> bool:
        figure = self.cast.of(name)
        if pronoun == "who":
            return True
        if pronoun == "it":
            return not figure.personal
        return figure.personal and figure.pronoun in (None, pronoun)

    def _nearness(self, name: Name, mention: Span) -> float:
        """Return how likely a pronoun goes back to a name: near, a subject, who spoke last, known to fit."""
        figure = self.cast.of(name)
        apart = sum(name.span.end <= one.start <= mention.start for one in self._sentences)
        sentence = next((one for one in self._sentences if one.start <= name.span.start < one.end), name.span)
        subject = name.span.start - sentence.start < 40
        spoke = self._last is not None and self._figures.get(figure) is self._last
        sure = (figure.pronoun is not None) - (len(figure.fullest.words) == 1)
        return 2.0 * spoke + 1.0 * subject + 0.7 * sure - 0.8 * apart

    def _role(self, figure: Figure) -> Span | None:
        """Return what the text says that somebody is, behind a comma or before the name."""
        for name in sorted(figure.names, key=lambda name: (-len(name.words), name.span)):
            if found := self._role_behind(name) or self._role_before(name):
                return found
        return None

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


def _last_before(speaker: Speaker, place: int) -> int:
    """Return where somebody was last a source, at most before a place."""
    starts = [span.start for one in speaker.attributions for span in one.source]
    return max((start for start in starts if start < place), default=-1)
