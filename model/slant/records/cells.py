"""The values of Arrow's columns as Python's, and how large they are before they are made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from slant.types import Floats, Ints

FIXED = 8
"""Bytes that a number, a date or the like takes."""


def sizes(column: pa.Array) -> Floats:
    """Return how many bytes each value takes, shape (len(column),)."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return sizes(column.storage)
    if pa.types.is_dictionary(kind):
        once: Floats = np.append(sizes(column.dictionary), 0.0)
        return np.take(once, _numbers(column.indices.fill_null(len(column.dictionary))))
    if pa.types.is_struct(kind):
        return sum(map(sizes, column.flatten()), np.zeros(len(column)))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        ends = np.append(0.0, np.cumsum(sizes(column.values) + FIXED))
        return np.diff(ends[_numbers(column.offsets)])
    if pa.types.is_fixed_size_list(kind):
        ends = np.append(0.0, np.cumsum(sizes(column.values)))
        return np.diff(ends[(np.arange(len(column) + 1) + column.offset) * kind.list_size])
    if _is_view(kind):
        column, kind = column.cast(pa.large_binary()), pa.large_binary()
    if _is_bytes(kind):
        return _numbers(pc.binary_length(column).fill_null(0)).astype(float)
    return np.full(len(column), float(kind.byte_width if pa.types.is_fixed_size_binary(kind) else FIXED))


def _numbers(column: pa.Array) -> Ints:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.int64)


def _is_bytes(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(test(kind) for test in tests)


def _is_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def value(column: pa.Array, n: int) -> Any:
    """Return a value; one for which Python has no type as text.

    Raises
    ------
    Exception
        It cannot be read, whatever the reason.
    """
    if _in_nanoseconds(column.type):  # what Python makes of them hangs on whether pandas is there
        return _text(column, n)
    try:
        return column[n].as_py()
    except (OverflowError, ValueError, KeyError, OSError, pa.ArrowException) as error:
        if isinstance(error, UnicodeError) or not pa.types.is_temporal(column.type):
            raise
        return _text(column, n)


def _in_nanoseconds(kind: pa.DataType) -> bool:
    return pa.types.is_temporal(kind) and getattr(kind, "unit", None) == "ns"


def _text(column: pa.Array, n: int) -> str | None:
    """Return a moment or a span of time as text; in UTC, if it has a time zone."""
    one, kind = column[n : n + 1], column.type
    if not one[0].is_valid:
        return None
    if pa.types.is_duration(kind):
        return f"{one.cast(pa.int64())[0].as_py()} {kind.unit}"
    zone = "Z" if pa.types.is_timestamp(kind) and kind.tz else ""
    plain = one.cast(pa.timestamp(kind.unit)) if zone else one
    return f"{plain.cast(pa.string())[0].as_py()}{zone}"
