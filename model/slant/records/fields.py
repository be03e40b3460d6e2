"""What the fields of a record hold: by name, each as JSON would have it."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from slant.records.lines import Record
from slant.types import Json

DEEPEST = 64
"""Levels of nesting that JSON in a row may have."""
MARK = b"\xef\xbb\xbf"
"""Stands before UTF-8 that some programs write."""
MADE_UP = "column_"
"""Begins the names of columns that have none."""
EXACT = 2**53
"""From here on, numbers with a point no longer tell whole numbers apart."""


def csv_fields(names: Sequence[str], record: Record) -> Json:
    """Return the fields of a CSV record; empty ones of columns without a name are left out.

    Raises
    ------
    ValueError
        It has other columns than its header, or its bytes are no UTF-8.
    """
    further = [field for field in record.fields[len(names) :] if field]
    if len(record.fields) < len(names) or further:
        raise ValueError(f"it has {len(record.fields)} columns; the header has {len(names)}")
    cells = zip(names, record.fields, strict=False)
    found = {name: None if cell is None else cell.encode("latin-1").decode() for name, cell in cells}
    return {name: cell for name, cell in found.items() if cell or not name.startswith(MADE_UP)}


def json_fields(raw: bytes) -> Json:
    """Return the members of the JSON object that a record is. A mark of UTF-8 before it is no part of it.

    Raises
    ------
    ValueError
        It is none, has a name twice in one object, a number of too many digits, or bytes that are no UTF-8.
    RecursionError
        It is nested too deeply.
    """
    text = raw.removeprefix(MARK).decode()
    try:
        fields = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg}, at character {error.pos}") from error
    except _Twice as error:
        raise ValueError(f"not JSON that can be read: {error.args[0]!r} stands twice in one object") from error
    except ValueError as error:
        raise ValueError("not JSON that can be read: a number has too many digits") from error
    if not isinstance(fields, dict):
        raise ValueError(f"wanted a JSON object, got a {type(fields).__name__}")
    if text.count("[") + text.count("{") > DEEPEST:
        _check_depth(fields)
    if "\\u" in text:  # only an escape can hold half a character
        json.dumps(fields, ensure_ascii=False).encode()
    return fields


class _Twice(ValueError):
    """A name stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = Json()
    for name, content in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = content
    return found


def _check_depth(fields: Json) -> None:
    """Refuse what is nested more deeply than everything that handles it can be sure to follow."""
    level: list[Any] = [fields]
    for _ in range(DEEPEST):
        level = [x for one in level for x in (one.values() if isinstance(one, dict) else one)]
        level = [one for one in level if isinstance(one, dict | list)]
    if level:
        raise RecursionError


def reason_of(error: Exception, encoding: str = "utf-8") -> str:
    """Return why a record could not be read, in words."""
    if isinstance(error, UnicodeDecodeError):
        if encoding != "utf-8":
            return f"not {encoding}: it has bytes that stand for nothing there"
        return f"not UTF-8: {error.reason}, at byte {error.start}; --encoding names another"
    if isinstance(error, UnicodeEncodeError):
        return "it has a lone surrogate, half a character"
    if isinstance(error, RecursionError):
        return "not JSON that can be read: it is nested too deeply"
    return str(error) if isinstance(error, ValueError) else f"cannot be read: {type(error).__name__}: {error}"


def as_text(value: Any) -> str | None:
    """Return the text of a name or a title that was stored as something else; ``None`` if there is none of it.

    Raises
    ------
    UnicodeDecodeError
        It is bytes that are no UTF-8, and no identifier.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else repr(value)
    if isinstance(value, datetime.date | datetime.time):  # datetime is one too
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode() if _is_text(value) else value.hex()
    return str(value) if isinstance(value, str | int | decimal.Decimal | uuid.UUID | datetime.timedelta) else None


def as_json_value(value: Any) -> Any:
    """Return what stands in JSON for a value that it has not."""
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    found = as_text(value)
    return str(value) if found is None else found


def decoded(fields: Json, names: Sequence[str]) -> Json:
    """Return fields with text that was stored as bytes as text, in some columns.

    Raises
    ------
    ValueError
        The bytes are no UTF-8.
    """
    found = dict(fields)
    for name in names:
        value = fields.get(name)
        if isinstance(value, bytes | list):
            try:
                found[name] = _decoded(value)
            except UnicodeDecodeError as error:
                raise ValueError(f"not UTF-8: {error.reason}, in column {name!r}") from error
    return found


def _decoded(value: bytes | list[Any]) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return [one.decode() if isinstance(one, bytes) else one for one in value]


def _is_text(value: bytes) -> bool:
    try:
        return value.decode().isprintable()
    except UnicodeDecodeError:
        return False


def by_names(partitions: Mapping[str, str | None], fields: Json) -> Json:
    """Return the fields of a row with what the names of its folders say; its own come first."""
    return {**{name: value for name, value in partitions.items() if name not in fields}, **fields}
