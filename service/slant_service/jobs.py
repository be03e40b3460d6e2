"""What travels between the service and its workers: an article to judge, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from slant.article import AUTO
from slant.sources.proposals import MOST
from slant_service import schemas


@dataclass(frozen=True, slots=True)
class Job:
    """One article to judge. ``deadline`` is a reading of the machine's monotonic clock, which all processes share."""

    request: schemas.Request
    deadline: float

    @property
    def weight(self) -> int:
        """Return about how much work it is, in characters read: the text once, and once more for every target.

        All of it twice, if sources are asked for.
        """
        asked = self.request
        targets = MOST if asked.targets == AUTO else len(asked.targets)
        return len(asked.text or asked.html or "") * (1 + targets) * (1 + asked.sources)


@dataclass(frozen=True, slots=True)
class Begun:
    """A worker takes up an article: if it dies before the outcome, it died with this one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is counted of an answer. Nothing in it is the caller's text."""

    language: str
    labels: tuple[str | None, ...]
    windows: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A judgement as the JSON of the contract."""

    body: bytes
    facts: Facts


@dataclass(frozen=True, slots=True)
class Refused:
    """No judgement: the article could not be read, or the model failed; ``place`` is where, for the log."""

    problem: schemas.Problem
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Expired:
    """No judgement: the deadline had passed before the work began."""


Outcome = Answered | Refused | Expired


@dataclass(frozen=True, slots=True)
class Loaded:
    """A worker's first message, where its bundle has passed the self-test: what the service says of the bundle."""

    model: schemas.Model
    topics: list[schemas.TopicLabel]


@dataclass(frozen=True, slots=True)
class Failed:
    """A process's message that a bundle cannot be read or used, and why; ``said`` is for the log alone."""

    kind: str
    said: str
