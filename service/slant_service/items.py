"""Items of a batch and lines of a stream: one that is not in the documented form is answered in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from slant_service.errors import invalid
from slant_service.jobs import Answered, Refused
from slant_service.schemas import Problem, Request

LONGEST_ID = 200


def _request_or_problem(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError as error:
        return problem_of(error, value)


def problem_of(error: ValidationError, value: Any, where: str = "") -> Problem:
    """Return the problem of a value that is no request, with its id if it has one."""
    given = value.get("id") if isinstance(value, dict) else None
    name = given if isinstance(given, str) and len(given) <= LONGEST_ID else None
    return invalid(error.errors(), where).model_copy(update={"id": name})


Item = Annotated[Request, WrapValidator(_request_or_problem)]
"""A request, as the description has it; where it is none, the ``Problem`` of it."""


def requests_of(items: Sequence[Request | Problem]) -> list[Request]:
    """Return those that can be judged."""
    return [item for item in items if isinstance(item, Request)]


def in_place(items: Sequence[Request | Problem], found: Sequence[Answered | Refused]) -> list[Answered | Refused]:
    """Return what came of all items: of those that could be judged what was found, in order."""
    judged = iter(found)
    return [Refused(item) if isinstance(item, Problem) else next(judged) for item in items]
