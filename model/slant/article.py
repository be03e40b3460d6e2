"""An article in, a judgement out: the values that every other part speaks in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from slant.errors import ArticleError, TargetError
from slant.labels import Stance
from slant.types import Json

LONGEST_TARGET = 300
MOST_TARGETS = 16
"""Targets of one article, over HTTP and in batch."""
AUTO: Literal["auto"] = "auto"
"""Stands in the place of targets where they are to be proposed."""
Targets = Sequence[str] | Literal["auto"]
ALL: Literal["all"] = "all"
"""Stands in the place of true where the topics that are not given are wanted too."""
Topics = bool | Literal["all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A news article, as plain ``text`` or as ``html``; exactly one of the two.

    Raises:
        ArticleError: neither or both of ``text`` and ``html`` were given.
    """

    text: str | None = None
    html: str | None = None
    title: str | None = None
    id: str | None = None

    def __post_init__(self) -> None:
        """Refuse an article that has no body, or two."""
        if (self.text is None) == (self.html is None):
            given = "neither" if self.text is None else "both"
            raise ArticleError(f"an article has either text or html; {given} was given", field="text")


@dataclass(frozen=True, slots=True)
class TopicScore:
    """A topic of the article, with the probability that it is one.

    ``level`` is 2 for a topic beneath another, whose code is ``broader``; else 1 and ``None``. ``given`` is ``False``
    for a topic whose probability is below its threshold, and which is there because the caller wanted all of them.
    """

    code: str
    name: str
    probability: float
    level: int = 1
    broader: str | None = None
    given: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span of the article's text that carries a stance: ``text[start:end]``."""

    start: int
    end: int
    text: str
    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Words:
    """A span of the article's text that is attributed to a source: ``text[start:end]``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """Who says something in the article, and what they say.

    ``name`` is the fullest that the text gives them, ``role`` what it says they are, ``None`` if it does not.
    """

    name: str
    role: str | None
    spans: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class SourceScore:
    """Where a source stands toward a target, and its words that say so.

    ``label`` is ``None`` where confidence is lower than the caller wanted. ``probabilities`` has the share of
    ``unrelated`` too: that the source says nothing of the target.
    """

    name: str
    role: str | None
    label: Stance | str | None
    confidence: float
    probabilities: dict[str, float]
    spans: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class StanceScore:
    """Where the article stands toward one target, and the spans that show it.

    ``label`` is ``None`` where confidence is lower than the caller wanted. ``label_set`` holds the labels among which
    the right one is as often as the caller asked for, ``None`` if the caller did not ask. ``sources`` are those who
    take a position on the target, or weigh it, if the caller asked for them.
    """

    target: str
    label: Stance | str | None
    confidence: float
    probabilities: dict[str, float]
    evidence: tuple[Evidence, ...]
    label_set: tuple[str, ...] | None = None
    sources: tuple[SourceScore, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """How much of the article was read: characters kept by cleaning, windows read of windows there are."""

    characters: int
    windows: int
    of_windows: int


@dataclass(frozen=True, slots=True)
class ModelId:
    """Which bundle answered."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that Slant says of one article.

    ``topics`` holds those that passed their threshold, of both levels, likeliest first; if the caller wanted all, also
    the others of the first level. ``text`` is the extracted text where the
    article came as HTML (offsets point into it), else ``None``. ``sources`` is who says what, if the caller asked.
    """

    id: str | None
    language: str
    topics: tuple[TopicScore, ...]
    stances: tuple[StanceScore, ...]
    read: Read
    warnings: tuple[str, ...]
    model: ModelId
    text: str | None = None
    sources: tuple[Source, ...] = ()

    def to_dict(self) -> Json:
        """Return the judgement as JSON values, in the shape of the HTTP answer."""
        return asdict(self)


def check_targets(targets: Sequence[str]) -> tuple[str, ...]:
    """Return the targets stripped of outer white space.

    Raises:
        TargetError: a target is blank, or longer than ``LONGEST_TARGET`` characters.
    """
    if isinstance(targets, str):
        raise TargetError(
            f"targets is a list of strings, or {AUTO!r}; one string was given, of {len(targets)} characters",
            field="targets",
        )
    return tuple(_check_target(number, target) for number, target in enumerate(targets))


def _check_target(number: int, target: str) -> str:
    stripped = target.strip()
    if not stripped:
        raise TargetError(f"target {number} is blank; a target names what a stance is toward", field="targets")
    if len(stripped) > LONGEST_TARGET:
        raise TargetError(
            f"target {number} has {len(stripped)} characters; at most {LONGEST_TARGET} are read",
            field="targets",
        )
    return stripped
