"""An article in, a judgement out: the values that every other part speaks in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from slant.errors import ArticleError, DataError, TargetError
from slant.labels import Stance
from slant.types import Json
from slant.values import is_missing, kind_of, name_of

LONGEST_TARGET = 300
MOST_TARGETS = 16
"""Targets of one article, over HTTP and in batch."""
AUTO: Literal["auto"] = "auto"
"""Stands in the place of targets where they are to be proposed."""
Targets = Sequence[str] | Literal["auto"]
AnyTargets = Iterable[str] | Literal["auto"] | None
"""What is taken for targets: strings in whatever holds several, or nothing."""
Id = str | int
ALL: Literal["all"] = "all"
"""Stands in the place of true where the topics that are not given are wanted too."""
Topics = bool | Literal["all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A news article, as plain ``text`` or as ``html``; exactly one of the two.

    What tables put where nothing is (``None``, NaN, pandas' ``NA``) is nothing. ``id`` is given back as it came.

    Raises
    ------
    ArticleError
        Neither or both of ``text`` and ``html`` were given, or something that is no text.
    """

    text: str | None = None
    html: str | None = None
    title: str | None = None
    id: Id | None = None

    def __post_init__(self) -> None:
        """Refuse an article that has no body, or two."""
        for part in ("text", "html", "title"):
            object.__setattr__(self, part, _text(part, getattr(self, part)))
        object.__setattr__(self, "id", name_of(self.id))
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

    id: Id | None
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

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the judgement that ``to_dict`` made values of, or that was read from JSON or from an HTTP answer.

        Raises
        ------
        DataError
            The values are no judgement's.
        """
        try:
            held = {
                "topics": _all_of(TopicScore, values["topics"]),
                "stances": tuple(_stance(one) for one in values["stances"]),
                "read": Read(**values["read"]),
                "warnings": tuple(values["warnings"]),
                "model": ModelId(**values["model"]),
                "sources": _all_of(Source, values.get("sources", ()), spans=Words),
            }
            return cls(**{**values, **held})
        except (KeyError, TypeError, AttributeError) as error:
            said = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            raise DataError(f"these are not the values of a judgement: {said}") from error


def check_targets(targets: Iterable[str] | None) -> tuple[str, ...]:
    """Return the targets stripped of outer white space.

    Parameters
    ----------
    targets
        Strings in whatever holds several: a list, a generator, an array, a column. ``None`` holds none.

    Raises
    ------
    TargetError
        They are something else, or one of them is blank, or longer than ``LONGEST_TARGET`` characters.
    """
    if targets is None:
        return ()
    if isinstance(targets, str):
        said = f"got one string of {len(targets)} characters"
    elif isinstance(targets, bytes | Mapping) or not isinstance(targets, Iterable):
        said = f"got {kind_of(targets)}"
    elif getattr(targets, "ndim", 1) != 1:
        said = "got a table"
    else:
        return tuple(_check_target(number, target) for number, target in enumerate(targets))
    raise TargetError(f'wanted a list of targets, as ["the toll"], or "{AUTO}", {said}', field="targets")


def _check_target(number: int, target: Any) -> str:
    if not isinstance(target, str):
        raise TargetError(f"target {number}: wanted a string, got {kind_of(target)}", field="targets")
    stripped = target.strip()
    if not stripped:
        raise TargetError(f"target {number} is blank; a target names what a stance is toward", field="targets")
    if len(stripped) > LONGEST_TARGET:
        raise TargetError(
            f"target {number} has {len(stripped)} characters; at most {LONGEST_TARGET} are read",
            field="targets",
        )
    return str(stripped)


def _text(part: str, value: Any) -> str | None:
    """Return a part of an article; ``None`` where there is nothing."""
    if is_missing(value):
        return None
    if not isinstance(value, str):
        hint = "; decode it first, as content.decode()" if isinstance(value, bytes | bytearray | memoryview) else ""
        raise ArticleError(f"{part}: wanted a string, got {kind_of(value)}{hint}", field=part)
    return str(value)


def _all_of(kind: type[Any], values: Iterable[Json], **within: type[Any]) -> tuple[Any, ...]:
    """Return what values make, one by one; ``within`` are the names of what each of them holds several of."""
    return tuple(kind(**value | {name: _all_of(one, value[name]) for name, one in within.items()}) for value in values)


def _stance(value: Json) -> StanceScore:
    among = value.get("label_set")
    held = {
        "evidence": _all_of(Evidence, value["evidence"]),
        "sources": _all_of(SourceScore, value.get("sources", ()), spans=Words),
        "label_set": None if among is None else tuple(among),
    }
    return StanceScore(**value | held)
