"""A row of input as the classifier wants it, or the reason why it cannot be one."""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from slant.article import AUTO, MOST_TARGETS, Article, check_targets
from slant.batch.asked import Asked, Columns
from slant.errors import DataError, InputError
from slant.records.fields import DEEPEST, EXACT, as_json_value, as_text, decoded
from slant.types import Json

HALF = re.compile("[\ud800-\udfff]")
"""Half a character, which no text can hold that is written."""


ROUNDED = f"an id is a number with a point, of {EXACT} or more: it may have been rounded before it came here"


@dataclass(frozen=True, slots=True)
class Raw:
    """A row as it was read: which, its columns by name, and its bytes, where it stood as such in the file."""

    file: str
    row: int
    fields: Json
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row to judge. ``others`` is the JSON of the columns that go along."""

    raw: Raw
    article: Article
    targets: tuple[str, ...] | Literal["auto"]
    others: str | None
    note: str | None = None
    """What whoever reads the answer should know of how the row was read."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not judged, with the reason."""

    raw: Raw
    reason: str

    def to_json(self) -> bytes:
        """Return it as a line of JSON; bytes that are no text are there as base64 too."""
        found: Json = {"file": self.raw.file, "row": self.raw.row, "reason": self.reason}
        try:
            return json.dumps(found | self._raw(), ensure_ascii=False).encode() + b"\n"
        except Exception:  # what cannot be written is told of without it, and half characters are escaped
            return json.dumps(found).encode() + b"\n"

    def _raw(self) -> Json:
        if self.raw.content is None:
            return {"raw": as_json(self.raw.fields)}
        text = self.raw.content.decode("utf-8", "replace").rstrip("\r\n")
        if text.encode() == self.raw.content.rstrip(b"\r\n"):
            return {"raw": text}
        return {"raw_base64": base64.b64encode(self.raw.content).decode(), "raw": text}


def read_row(raw: Raw, asked: Asked, columns: Columns) -> Row | Reject:
    """Return the row that was read by the columns of its file, or why there is none."""
    try:
        fields = decoded(raw.fields, [name for name in (columns.text, columns.html, columns.targets) if name])
        _check_numbers(fields, columns)
        article, targets = _article(fields, columns), _targets(fields, asked, columns.targets)
        others = {name: value for name, value in raw.fields.items() if name not in columns.read}
        note = ROUNDED if _is_rounded(fields.get(columns.id or "")) else None
        return Row(raw, article, targets, as_json(others) if asked.keep else None, note)
    except (InputError, ValueError) as error:
        return Reject(raw, str(error))
    except Exception as error:  # whatever is wrong with a row costs this one
        return Reject(raw, f"cannot be read: {type(error).__name__}: {error}")


def _is_rounded(name: Any) -> bool:
    return isinstance(name, float) and abs(name) >= EXACT


def as_json(fields: Json) -> str:
    """Return columns as JSON; dates and the like as text, numbers that are none as null."""
    try:
        return json.dumps(fields, ensure_ascii=False, default=as_json_value, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(fields), ensure_ascii=False, default=as_json_value, allow_nan=False)


def _finite(value: Any) -> Any:
    """Return a value without the numbers that JSON does not have."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _check_numbers(fields: Json, columns: Columns) -> None:
    for name in columns.read:
        found = fields.get(name)
        if isinstance(found, float) and not math.isfinite(found):
            said = "NaN" if math.isnan(found) else "Infinity" if found > 0 else "-Infinity"
            raise DataError(f"{said} is no number in JSON: column {name!r}")


def _article(fields: Json, columns: Columns) -> Article:
    text, html = _string(fields, columns.text), _string(fields, columns.html)
    if not text and not html:
        wanted = " or ".join(repr(name) for name in (columns.text, columns.html) if name)
        raise DataError(f"no text: wanted it in {wanted}; the row has {', '.join(map(repr, fields)) or 'nothing'}")
    title, name = _name(fields, columns.title), _name(fields, columns.id, "a string or a whole number")
    title = None if title is None or title.isspace() else title or None
    return Article(text=text, title=title, id=name) if text else Article(html=html, title=title, id=name)


def _name(fields: Json, column: str | None, wanted: str = "a string") -> str | None:
    """Return an id or a title, as text whatever it was stored as."""
    found = fields.get(column) if column else None
    name = as_text(found)
    if name is None and found is not None:
        raise DataError(f"column {column!r}: wanted {wanted}, got {_kind(found)}")
    return name


def _string(fields: Json, name: str | None) -> str | None:
    found = fields.get(name) if name else None
    if not isinstance(found, str | None):
        raise DataError(f"column {name!r}: wanted a string, got {_kind(found)}")
    return found if found and not found.isspace() else None


def _targets(fields: Json, asked: Asked, name: str | None) -> tuple[str, ...] | Literal["auto"]:
    """Return the targets of the command, then the row's own, each once; proposed ones only where a row has none."""
    own = check_targets(_own_targets(fields.get(name), name) if name else [])
    named = () if asked.targets == AUTO else asked.targets
    found = tuple(dict.fromkeys([*named, *own]))
    if len(found) > MOST_TARGETS:
        raise DataError(f"{len(found)} targets; at most {MOST_TARGETS} are judged")
    return AUTO if asked.targets == AUTO and not found else found


def _own_targets(found: Any, name: str) -> list[str]:
    """Return targets from a list, from JSON that is one, or from one string with | between them."""
    if isinstance(found, str) and found.lstrip().startswith("["):
        if (deep := found.count("[")) > DEEPEST:
            raise DataError(f"column {name!r}: wanted a list of strings, got {deep} opening brackets")
        try:
            found = json.loads(found)
        except ValueError as error:
            raise DataError(f"column {name!r}: begins like a JSON list and is none: {error}") from error
    if isinstance(found, str):
        return [one for one in found.split("|") if one.strip()]
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise DataError(f"column {name!r}: wanted a list of strings, got {_kind(found)}")
    if any(HALF.search(one) for one in found):
        raise DataError(f"column {name!r}: has a lone surrogate, half a character")
    return found


def _kind(value: Any) -> str:
    """Return what JSON calls the type of a value."""
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds.get(type(value), f"a {type(value).__name__}")
