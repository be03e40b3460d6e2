"""What others hand in where a string or a name is wanted: tables put much there that Python does not."""

from __future__ import annotations

from numbers import Number
from typing import Any
from uuid import UUID

from slant.errors import ArticleError

NOWHERE = frozenset({"NAType", "NaTType"})
"""Types of pandas for what is not there."""


def is_missing(value: object) -> bool:
    """Tell whether a value is what tables put where nothing is: ``None``, NaN, pandas' ``NA`` and ``NaT``."""
    if value is None or type(value).__name__ in NOWHERE:
        return True
    return isinstance(value, Number) and bool(value != value)


def kind_of(value: object) -> str:
    """Return what a value is, in words for an error; the value itself is not in them."""
    if is_missing(value):
        return "nothing (None or NaN)"
    article = "an" if type(value).__name__[0].lower() in "aeiou" else "a"
    return "bytes" if isinstance(value, bytes) else f"{article} {type(value).__name__}"


def name_of(value: Any) -> str | int | None:
    """Return an id as it came, as far as JSON can say it.

    Whole numbers stay numbers, whichever library's they are; dates and UUIDs become the text that names them.

    Raises
    ------
    ArticleError
        It is something that names nothing.
    """
    if is_missing(value):
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Number) and (whole := _whole(value)) is not None:
        return whole
    if isinstance(value, UUID):
        return str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise ArticleError(f"id: wanted a string or a whole number, got {kind_of(value)}", field="id")


def _whole(value: Any) -> int | None:
    """Return a whole number as Python's own, ``None`` if it is none."""
    try:
        found = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found == value else None
