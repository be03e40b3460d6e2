"""The v1 contract as types: what a request may hold and what an answer holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic.config import JsonDict

from slant.article import ALL, AUTO, LONGEST_TARGET, MOST_TARGETS
from slant.inference.caution import WITHHELD_AT
from slant.types import Json

MOST_ARTICLES = 64
LONGEST_TEXT = 1_000_000

SEEN = r"[^\s\x1c-\x1f\x85\ufeff]"
"""A character that is no white space to JSON Schema, to Python or to Rust, which each hold others to be."""
Target = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TARGET, pattern=SEEN)]
LISTED = "(listed)"
"""Stands in the place of an error where the targets are a list, or topics true or false, and is not shown."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]

EXAMPLE: JsonDict = {
    "title": "Scrap the harbour toll",
    "text": "The harbour toll is a bad idea, and it was a bad idea from the first day. It takes four pounds from "
    "every cleaner who crosses the bridge before dawn. The council should scrap it.",
    "targets": ["the harbour toll"],
}


_STRING: JsonDict = {"type": "string"}
_NOTHING: JsonDict = {"type": "null"}
ONE_BODY: JsonDict = {
    "if": {"required": ["text"], "properties": {"text": _STRING}},
    "then": {"properties": {"html": _NOTHING}},
    "else": {"required": ["html"], "properties": {"html": _STRING}},
}
"""Either ``text`` or ``html``, as JSON Schema says it; generators of clients would take ``oneOf`` for all there is."""


def _kind_of_targets(value: Any) -> str:
    return AUTO if value == AUTO else LISTED


Targets = Annotated[
    Annotated[list[Target], Field(max_length=MOST_TARGETS), Tag(LISTED)] | Annotated[Literal["auto"], Tag(AUTO)],
    Discriminator(_kind_of_targets),
    Field(description="what stances are toward; auto: up to five that are proposed for the article"),
]


def _kind_of_topics(value: Any) -> str:
    return ALL if value == ALL else LISTED


Topics = Annotated[
    Annotated[bool, Tag(LISTED)] | Annotated[Literal["all"], Tag(ALL)],
    Discriminator(_kind_of_topics),
    Field(description="say what the article is about; all: with the probability of every topic of the first level"),
]
_BROADER = Field(description="code of the topic that it lies beneath, null on level 1")


class Request(BaseModel):
    """One article, with either ``text`` or ``html``, and what to say of it."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [EXAMPLE], **ONE_BODY})

    id: Annotated[str | None, Field(max_length=200, description="given back as it came")] = None
    title: Annotated[str | None, Field(max_length=2_000)] = None
    text: Text | None = None
    html: Text | None = None
    targets: Targets = []
    topics: Topics = True
    evidence: bool = True
    min_confidence: Annotated[
        float | None, Field(ge=0, le=1, description="below this confidence a stance's label is null")
    ] = None
    coverage: Annotated[
        float | None, Field(gt=0, lt=1, description="add a set of labels that holds the right one this often")
    ] = None
    withhold: Annotated[
        list[Literal[WITHHELD_AT]],  # type: ignore[valid-type]
        Field(max_length=len(WITHHELD_AT), description="warnings of which one is enough for no label to be given"),
    ] = []
    sources: Annotated[
        bool, Field(description="add who says what, and where each of them stands toward each target")
    ] = False

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if (self.text is None) == (self.html is None):
            given = "neither" if self.text is None else "both"
            raise ValueError(f"wanted either text or html, got {given}")
        return self


class Topic(BaseModel):
    """A topic of the article; one of level 2 only beneath a given one of level 1."""

    code: str
    name: str
    probability: float
    level: int = 1
    broader: Annotated[str | None, _BROADER] = None
    given: Annotated[bool, Field(description="false if below its threshold, and there because all were asked for")] = (
        True
    )


class Evidence(BaseModel):
    """Characters ``start`` to ``end`` of the text, which carry a stance."""

    start: int
    end: int
    text: str
    label: str
    probability: float


class Words(BaseModel):
    """Characters ``start`` to ``end`` of the text, which are attributed to a source."""

    start: int
    end: int
    text: str


class Source(BaseModel):
    """Who says something in the article, by the fullest name it gives them, and what they say."""

    name: str
    role: Annotated[str | None, Field(description="what the article says they are, null if it does not")]
    spans: list[Words]


class SourceStance(BaseModel):
    """Where a source stands toward a target; one that says nothing of it is left out."""

    name: str
    role: str | None
    label: Annotated[str | None, Field(description="null where confidence is below min_confidence")]
    confidence: float
    probabilities: Annotated[dict[str, float], Field(description="unrelated: that the source says nothing of it")]
    spans: list[Words]


class Stance(BaseModel):
    """Where the article stands toward one target."""

    target: str
    label: Annotated[str | None, Field(description="null where confidence is below min_confidence")]
    confidence: float
    probabilities: dict[str, float]
    evidence: list[Evidence]
    label_set: Annotated[list[str] | None, Field(description="the set asked for with coverage, else null")]
    sources: Annotated[list[SourceStance], Field(description="if asked for: who takes a position, surest first")]


class Read(BaseModel):
    """How much was read: characters left by cleaning, sentence windows read of those there are."""

    characters: int
    windows: int
    of_windows: int


class ModelId(BaseModel):
    """The bundle that answered."""

    name: str
    version: str
    sha256: str


class Answer(BaseModel):
    """What Slant says of an article. ``text`` is the extracted text of an ``html`` article, else null."""

    id: str | None
    language: str
    topics: list[Topic]
    stances: list[Stance]
    read: Read
    warnings: list[str]
    model: ModelId
    text: str | None
    sources: Annotated[list[Source], Field(description="if asked for: who says what, in order of appearance")]


class FieldError(BaseModel):
    """One field at fault, by its path in the request."""

    field: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 (application/problem+json) has it."""

    type: Annotated[str, Field(description="/problems/ and one of the kinds that the description lists")]
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []
    id: Annotated[str | None, Field(description="in a batch, the id of the article at fault")] = None


class TopicLabel(BaseModel):
    """A topic the model knows, and the probability from which it is given."""

    code: str
    name: str
    threshold: float
    level: int = 1
    broader: Annotated[str | None, _BROADER] = None


class Model(BaseModel):
    """The loaded bundle: labels, libraries, data and measured figures."""

    name: str
    version: str
    sha256: str
    topics: list[dict[str, str]]
    stances: list[str]
    libraries: dict[str, str]
    training: list[Json]
    figures: Json


class BundleChange(BaseModel):
    """Which bundle to use from now on."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"bundle": "default"}]})

    bundle: Annotated[
        str, Field(min_length=1, max_length=1_000, description="a folder below SLANT_BUNDLE_ROOT, or default")
    ]


class Status(BaseModel):
    """A probe's answer."""

    status: str
