"""Parts of a labelled row: strings, labels, spans and lists, or what is wrong with them in words."""

from __future__ import annotations

import math
from typing import Any

from slant.errors import DataError
from slant.records.fields import as_text
from slant.text.spans import Span
from slant.types import Json


def objects_of(where: str, name: str, found: Any) -> list[Json]:
    """Return a list of objects."""
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DataError(f"{where}: wanted a list of objects in {name}", field=name)
    return found


def span_of(where: str, text: str, given: Any) -> Span:
    """Return where words stand: given as ``{start, end}``, as ``[start, end]`` or as the words."""
    start, end = -1, -1
    if isinstance(given, str) and given.strip():
        start = text.find(given)
        end = start + len(given)
    elif isinstance(given, dict):
        start, end = given.get("start", -1), given.get("end", -1)
    elif isinstance(given, list) and len(given) == 2:
        start, end = given
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end):
        shown = f"{given!r}"[:80]
        raise DataError(f"{where}: wanted words of the text, or their start and end; got {shown}", field="data")
    return Span(start, end)


def label_of(where: str, row: Json, names: tuple[str, ...]) -> str:
    """Return the first of some fields that is a label, be it a number, without white space around it."""
    found = next((label for name in names if (label := label_text(row.get(name)))), None)
    if found is None:
        raise no_label(where, row, names)
    return found


def no_label(where: str, row: Json, names: tuple[str, ...]) -> DataError:
    """Return what to say of a row without a label."""
    said = f"the label is blank in {names[0]}" if names[0] in row else f"the row has {_listed(row)}"
    return DataError(f"{where}: wanted a label in {' or '.join(names)}; {said}", field=names[0])


def label_text(value: Any) -> str | None:
    """Return a label as text, be it a number; ``None`` for nothing, for blanks, and for what is no number."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return (as_text(value) or "").strip() or None


def text_of(where: str, row: Json) -> str:
    """Return the text of a row."""
    return string_of(where, row, "text")


def string_of(where: str, entry: Json, *names: str, own: Json | None = None) -> str:
    """Return the first of some fields that is a string; ``own`` is the row, where its entry is not it."""
    for name in names:
        if isinstance(entry.get(name), str) and entry[name].strip():
            return str(entry[name])
    got = _listed(entry if own is None else own)
    raise DataError(f"{where}: wanted a non-empty string in {' or '.join(names)}; the row has {got}", field=names[0])


def _listed(row: Json) -> str:
    return ", ".join(sorted(row)) or "nothing"


def wordings_of(where: str, entry: Json, name: str) -> tuple[str, ...]:
    """Return a list of wordings, empty if the entry has none."""
    wordings = entry.get(name) or []
    if not isinstance(wordings, list) or not all(isinstance(one, str) and one.strip() for one in wordings):
        raise DataError(f"{where}: wanted a list of non-empty strings in {name}; got {wordings!r}"[:300], field=name)
    return tuple(wordings)
