"""Every error in one shape (RFC 9457), and one table from Slant's errors to HTTP's.

No problem holds a value that the caller sent: it names the field and what was wanted of it.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from slant.errors import BundleError, InputError, OptionError, SlantError
from slant_service.schemas import LISTED, FieldError, Problem

log = structlog.get_logger()


class NotReady(SlantError):
    """No answer can be given now: try again after ``retry_after`` seconds."""

    retry_after = 1


class Busy(NotReady):
    """No more articles can wait; some of those that do will be done after ``retry_after`` seconds."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


STATUS: dict[type[SlantError], tuple[int, str]] = {
    Busy: (503, "busy"),
    NotReady: (503, "not-ready"),
    OptionError: (422, "invalid-request"),
    InputError: (422, "unreadable-article"),
    BundleError: (409, "unusable-bundle"),
    SlantError: (500, "internal"),
}
"""The first that fits holds."""


def problem(
    status: int, kind: str, detail: str, errors: Sequence[FieldError] = (), *, id: str | None = None
) -> Problem:
    """Return a problem; ``kind`` is the stable end of its type."""
    title = kind.replace("-", " ").capitalize()  # HTTP's own phrases differ between versions of Python
    return Problem(type=f"/problems/{kind}", title=title, status=status, detail=detail, errors=list(errors), id=id)


def respond(found: Problem, headers: dict[str, str] | None = None) -> Response:
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
    return {"Retry-After": str(error.retry_after)} if isinstance(error, NotReady) else None


def invalid(errors: Sequence[Any], where: str = "") -> Problem:
    """Return the problem that pydantic's errors are; the first of them is its detail."""
    found = [FieldError(field=_path(one["loc"]), message=_message(one)) for one in errors[:20]]
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
    return respond(problem(status, kinds.get(status, "http-error"), detail), error.headers)


async def _on_invalid(request: Request, error: Any) -> Response:
    bare = [one | {"loc": one["loc"][1:] or one["loc"]} for one in error.errors()]  # without FastAPI's "body"
    return respond(invalid(bare))


def _path(location: Sequence[str | int]) -> str:
    """Return where in the body a value stands: ``targets.0``."""
    return ".".join(str(part) for part in location if part != LISTED) or "body"


def _message(error: Any) -> str:
    if error["type"] == "json_invalid":
        return f"not JSON: {error.get('ctx', {}).get('error', 'cannot be parsed')}"
    length = (
        f", got {len(error['input'])}" if "too_long" in error["type"] and hasattr(error["input"], "__len__") else ""
    )
    kind = f", got {type(error['input']).__name__}" if error["type"].endswith("_type") else ""
    return f"{error['msg'].removeprefix('Value error, ')}{length}{kind}"
