"""Every error in one shape (RFC 9457), and one table from Slant's errors to HTTP's.

No problem holds a value that the caller sent: it names the field and what was wanted of it.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from slant.errors import BundleError, InputError, OptionError, SlantError
from slant_service.schemas import FieldError, Problem
from slant_service.wording import message_of, path_of

log = structlog.get_logger()

KINDS = {
    "article-timeout": "A worker was at the article for longer than SLANT_ARTICLE_S; it was stopped. Do not try again.",
    "bad-request": "The request is not HTTP/1.1, or its head leaves a doubt about where it ends or whom it is for.",
    "body-too-large": "The body is longer than SLANT_MAX_BODY_BYTES, or inflates to too many times its size.",
    "busy": "No more articles, streams, bytes or requests can be taken; Retry-After says when to try again.",
    "change-under-way": "Another change of bundle is under way.",
    "forbidden": "The key has not the scope that this path needs.",
    "head-too-large": "The request's head has more than 64 KB or 100 fields.",
    "internal": "The service, or its model, failed.",
    "invalid-request": "The request is not in the documented form; errors names the fields.",
    "line-too-long": "A line of a stream has more than SLANT_MAX_LINE_BYTES.",
    "method-not-allowed": "The path does not take this method.",
    "no-key": "The path needs a key, and there is none, or none that is in force.",
    "not-found": "There is no such path.",
    "not-gzip": "The body is not the gzip that it says it is.",
    "not-json": "The body is not said to be JSON.",
    "not-ready": "There is no bundle yet, or the service is about to end; try again.",
    "too-late": "The article's time was up before its turn (SLANT_TIMEOUT_S); try again.",
    "too-many-requests": "The key has used up its articles; Retry-After says when there are more.",
    "too-slow": "The body came too slowly.",
    "unknown-encoding": "The body is encoded in a way other than gzip.",
    "unreadable-article": "The article has no text that can be read.",
    "unusable-bundle": "The bundle cannot be used; nothing has changed.",
}
"""All problems by the end of their type (``/problems/...``)."""


class NotReady(SlantError):
    """No answer can be given now: try again after ``retry_after`` seconds."""

    retry_after = 1


class Busy(NotReady):
    """No more can be taken; some of what is in hand will be done after ``retry_after`` seconds."""

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[Busy], tuple[str, int]]:
        return type(self), (str(self), self.retry_after)


class TooMany(SlantError):
    """A caller has used up what its rate allows; ``headers`` say when there is more."""

    def __init__(self, detail: str, headers: Mapping[str, str]) -> None:
        super().__init__(detail)
        self.headers = dict(headers)

    def __reduce__(self) -> tuple[type[TooMany], tuple[str, dict[str, str]]]:
        return type(self), (str(self), self.headers)


class ChangeUnderWay(SlantError):
    """Another bundle is being put in place at this moment."""


STATUS: dict[type[SlantError], tuple[int, str]] = {
    Busy: (503, "busy"),
    NotReady: (503, "not-ready"),
    TooMany: (429, "too-many-requests"),
    ChangeUnderWay: (409, "change-under-way"),
    OptionError: (422, "invalid-request"),
    InputError: (422, "unreadable-article"),
    BundleError: (409, "unusable-bundle"),
    SlantError: (500, "internal"),
}
"""The first that fits holds."""


def problem(
    status: int, kind: str, detail: str, errors: Sequence[FieldError] = (), *, id: str | None = None
) -> Problem:
    """Return a problem; ``kind``, one of ``KINDS``, is the stable end of its type."""
    title = kind.replace("-", " ").capitalize()  # HTTP's own phrases differ between versions of Python
    return Problem(type=f"/problems/{kind}", title=title, status=status, detail=detail, errors=list(errors), id=id)


def respond(found: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as a response."""
    return Response(found.model_dump_json(), found.status, headers=headers, media_type="application/problem+json")


def of_slant(error: SlantError, *, id: str | None = None) -> Problem:
    """Return the problem that one of Slant's errors is."""
    status, kind = next(found for base, found in STATUS.items() if isinstance(error, base))
    field = getattr(error, "field", None)
    errors = [FieldError(field=field, message=str(error))] if field else []
    return problem(status, kind, str(error) if status != 500 else "the model failed", errors, id=id)


def retry_header(error: SlantError) -> dict[str, str] | None:
    """Return when to try again, if that is of use."""
    if isinstance(error, TooMany):
        return error.headers
    return {"Retry-After": str(error.retry_after)} if isinstance(error, NotReady) else None


def invalid(errors: Sequence[Any], where: str = "") -> Problem:
    """Return the problem that pydantic's errors are; the first of them is its detail."""
    found = [FieldError(field=path_of(one), message=message_of(one)) for one in errors[:20]]
    first = f"{found[0].field}: {found[0].message}" if found else "the request is not in the documented form"
    return problem(422, "invalid-request", where + first, found)


def install(app: FastAPI) -> None:
    """Let ``app`` answer every error as a problem."""
    app.add_exception_handler(SlantError, _on_slant_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)


def failure_place(error: BaseException) -> str:
    """Return where an unforeseen error arose, without its message: it might quote the caller's text."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames[-5:]))
    return f"{type(error).__name__} at {where}"


def log_failure(error: BaseException) -> None:
    """Log where an unforeseen error arose."""
    log.error("unforeseen failure", place=failure_place(error))


async def _on_slant_error(request: Request, error: Any) -> Response:
    found = of_slant(error)
    if found.status == 500:
        log_failure(error)
    return respond(found, retry_header(error))


async def _on_http_error(request: Request, error: Any) -> Response:
    kinds = {404: "not-found", 405: "method-not-allowed"}
    details = {404: "there is no such path", 405: f"this path does not take {request.method}"}
    status = error.status_code
    detail = details.get(status, str(error.detail))
    return respond(problem(status, kinds.get(status, "bad-request"), detail), error.headers)


async def _on_invalid(request: Request, error: Any) -> Response:
    bare = [one | {"loc": one["loc"][1:] or one["loc"]} for one in error.errors()[:20]]  # without FastAPI's "body"
    return respond(invalid(bare))
