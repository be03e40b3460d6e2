"""What both clients share: how requests are written, answers read, and how long a refusal is waited out."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import httpx2
from pydantic import TypeAdapter, ValidationError

from slant_service.client.errors import AnswerUnknown, FileUnreadable, RequestInvalid, ServiceProblem, Unreachable
from slant_service.schemas import MOST_ARTICLES, Answer, Model, Problem, Request
from slant_service.strict_json import MARK
from slant_service.wording import message_of, path_of

Given: TypeAlias = Request | Mapping[str, Any]
"""A request, or the values of one."""
Found: TypeAlias = Answer | Problem
"""What came of one article among many."""
Batch: TypeAlias = list[dict[str, Any] | Problem]
"""Requests of one call, and problems that were there before it."""
RETRIED = frozenset({429, 503})
TRIED_AGAIN = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.ProxyError)
"""What may be better in a moment; an address that is none will not."""
NOTHING = Exception()
"""Stands where nothing failed."""
MOST_BYTES = 2_000_000
"""Of articles in one call; the service takes four million unless it is set otherwise."""
T = TypeVar("T")
_many: TypeAdapter[list[Found]] = TypeAdapter(list[Found])


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call is tried again when the service is busy or not to be reached, and for how long it waits.

    ``Retry-After`` is obeyed up to ``longest`` seconds; where there is none, waits double from ``first`` on.
    """

    tries: int = 5
    first: float = 0.5
    longest: float = 60.0

    @property
    def attempts(self) -> range:
        """Return the numbers of the tries, of which there is one at least."""
        return range(max(1, self.tries))

    def wait(self, attempt: int, answer: httpx2.Response | None, failure: Exception) -> float | None:
        """Return the seconds to wait before the next try, ``None`` if there shall be none."""
        if attempt + 1 >= self.tries or (answer is not None and answer.status_code not in RETRIED):
            return None
        if answer is None and not isinstance(failure, TRIED_AGAIN):
            return None
        said = answer.headers.get("Retry-After", "") if answer is not None else ""
        if said.isdigit():
            return min(float(said), self.longest)
        return min(self.first * 2.0**attempt, self.longest) * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret


def settings_of(base_url: str, key: str | None, timeout: float) -> dict[str, Any]:
    """Return what an httpx2 client of the service is made with."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return {"base_url": base_url, "headers": headers, "timeout": timeout}


def written(given: Given) -> dict[str, Any]:
    """Return a request as JSON values.

    Raises
    ------
    RequestInvalid
        It is none.
    """
    if not isinstance(given, Request | Mapping):
        raise RequestInvalid("request", f"wanted a mapping with a text or html, got {type(given).__name__}")
    try:
        request = given if isinstance(given, Request) else Request.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise RequestInvalid(path_of(first).replace("body", "request"), message_of(first)) from None
    return request.model_dump(exclude_unset=True)


def lines(file: Path) -> Iterator[Given | Problem]:
    """Yield the requests of a JSON Lines file, gzipped or not; a problem in the place of a line that is none.

    Raises
    ------
    FileUnreadable
        It is not there, or cannot be read to its end.
    """
    opened = gzip.open if file.suffix == ".gz" else open
    try:
        with opened(file, "rb") as content:
            for number, line in enumerate(content, 1):
                if line.strip():
                    yield _line(number, line)
    except (OSError, EOFError, zlib.error) as error:
        raise FileUnreadable(f"{file}: {getattr(error, 'strerror', None) or error}") from error


def batches(given: Iterable[Given | Problem]) -> Iterator[Batch]:
    """Yield requests by as many as one call may hold; no more of them are read than are yielded."""
    batch, size = Batch(), 0
    for one in given:
        request = one if isinstance(one, Problem) else written(one)
        length = 0 if isinstance(request, Problem) else len(request.get("text") or request.get("html") or "")
        if batch and (len(batch) == MOST_ARTICLES or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(request)
        size += length
    if batch:
        yield batch


def read_one(answer: httpx2.Response) -> Answer:
    """Return the answer; errors as ``checked``."""
    return _read(answer, TypeAdapter(Answer))


def read_model(answer: httpx2.Response) -> Model:
    """Return what the service says of its bundle; errors as ``checked``."""
    return _read(answer, TypeAdapter(Model))


def requests_of(batch: Batch) -> list[dict[str, Any]]:
    """Return what there is to ask for."""
    return [one for one in batch if not isinstance(one, Problem)]


def problems_of(batch: Batch) -> list[Found]:
    """Return what is answered already."""
    return [one for one in batch if isinstance(one, Problem)]


def read_many(answer: httpx2.Response, batch: Batch) -> list[Found]:
    """Return what came of each article of a batch, in order; errors as ``checked``."""
    found, asked = _read(answer, _many), requests_of(batch)
    if len(found) != len(asked):
        raise AnswerUnknown(f"wanted {len(asked)} answers, got {len(found)}")
    answers = iter(found)
    return [one if isinstance(one, Problem) else next(answers) for one in batch]


def _line(number: int, line: bytes) -> Given | Problem:
    try:
        return Request.model_validate_json(line.removeprefix(MARK))
    except ValidationError as error:
        first = error.errors()[0]
        said = f"line {number}: {path_of(first).replace('body', 'it')}: {message_of(first)}"
        return Problem(type="/problems/invalid-request", title="Invalid request", status=422, detail=said)


def checked(answer: httpx2.Response) -> httpx2.Response:
    """Return an answer that is none of a problem.

    Raises
    ------
    ServiceProblem
        It is.
    AnswerUnknown
        It is not one of Slant's.
    """
    if answer.is_success:
        return answer
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        raise ServiceProblem(_parsed(answer, TypeAdapter(Problem)))
    said = Problem(type="about:blank", title=answer.reason_phrase, status=answer.status_code, detail="no problem+json")
    raise ServiceProblem(said)


def unreachable(base_url: object, error: Exception) -> Unreachable:
    """Return the error that a service was not reached."""
    return Unreachable(f"{base_url}: {error or type(error).__name__}")


def _read(answer: httpx2.Response, wanted: TypeAdapter[T]) -> T:
    return _parsed(checked(answer), wanted)


def _parsed(answer: httpx2.Response, wanted: TypeAdapter[T]) -> T:
    try:
        return wanted.validate_json(answer.content)
    except ValidationError as error:
        raise AnswerUnknown(f"{answer.url}: what is answered there is not in the form that Slant answers in") from error
