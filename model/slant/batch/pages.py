"""How large the pages of a Parquet file are once unpacked, by the headers that stand before them: a page is unpacked as
a whole, so a few bytes of a file can ask for gigabytes, whatever its footer says.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

WALKED = 16 * 2**20
"""Bytes of a column in a group of rows whose pages are looked at; who stores more can ask for more."""
MOST = 50_000
"""Pages that are looked at: more of them would be of a few bytes each."""
HEADER = 512
"""Bytes in which most headers fit."""
LONGEST_HEADER = 16 * 2**20
VALUE = 8
"""Bytes at least that a value takes once it is unpacked."""
LARGE, LARGEST = 64 * 2**20, 2**30
"""Bytes unpacked that are never too many, and that always are."""
TIGHTEST = 100
"""Times the bytes stored: what unpacks to more than ``LARGE`` and to more than so many times is no text."""
DICTIONARY = 2
"""The type of the pages that hold each value of a column once."""
TRUE, FALSE, BYTE, *INTEGERS, DOUBLE, BINARY, LIST, SET, MAP, STRUCT, UUID = range(1, 14)
"""The types of Thrift's compact protocol."""
LONG = 15
"""Says that the length of a list stands behind it."""


@dataclass(frozen=True, slots=True)
class Page:
    """The header of a page. ``size`` is in bytes unpacked, ``stored`` in bytes of the file."""

    kind: int
    size: int
    stored: int
    values: int


def largest_value(stream: io.RawIOBase, column: Any, *, repeated: bool) -> int:
    """Return how many bytes a value of a column in a group of rows has at most that is stored once for many rows.

    Parameters
    ----------
    stream
        The file.
    column
        What its footer says of the column in the group.
    repeated
        Whether a row may have many values in it.

    Raises
    ------
    ValueError
        A page of it would unpack to more than can be meant.
    """
    pages = list(_pages(stream, column))
    for page in pages:
        if page.size > LARGEST or (page.size > LARGE and page.size > TIGHTEST * page.stored):
            raise ValueError(f"{page.stored} bytes of column {column.path_in_schema!r} unpack to {page.size}")
    values, stored = sum(page.values for page in pages), sum(page.stored for page in pages)
    if repeated and values * VALUE > max(LARGE, TIGHTEST * stored):
        raise ValueError(f"{stored} bytes of column {column.path_in_schema!r} unpack to {values} values")
    return sum(page.size for page in pages if page.kind == DICTIONARY)


def _pages(stream: io.RawIOBase, column: Any) -> Iterator[Page]:
    """Yield the headers of pages, up to one that nobody can read."""
    at = min(offset for offset in (column.dictionary_page_offset, column.data_page_offset) if offset)
    stop = at + min(column.total_compressed_size, WALKED)
    for _ in range(MOST):
        if at >= stop or (found := _header(stream, at)) is None:
            return
        page, length = found
        yield page
        at += length + page.stored
    raise ValueError(f"column {column.path_in_schema!r} has more than {MOST} pages in {WALKED} bytes")


def _header(stream: io.RawIOBase, at: int) -> tuple[Page, int] | None:
    """Return the header at a place in the file, and its length; ``None`` if there is none."""
    size = HEADER
    while True:
        stream.seek(at)
        raw = stream.read(size) or b""
        try:
            fields, length = _struct(raw, 0)
            page = Page(fields[1], fields[2], fields[3], sum(fields.get(n, {}).get(1, 0) for n in (5, 7, 8)))
        except IndexError:
            if len(raw) < size or size >= LONGEST_HEADER:
                return None
            size *= 8
        except (KeyError, AttributeError, TypeError, RecursionError):
            return None
        else:
            if not all(0 <= n < 2**31 for n in (page.size, page.stored, page.values)):
                raise ValueError(f"the page at byte {at} is of no size")
            return page, length


def _struct(raw: bytes, at: int) -> tuple[dict[int, Any], int]:
    """Return the fields of a struct in Thrift's compact protocol by number, and where it ends."""
    fields, number = dict[int, Any](), 0
    while head := raw[at]:
        at += 1
        if head >> 4:
            number += head >> 4
        else:
            number, at = _integer(raw, at)
        kind = head & 15
        fields[number], at = (kind == TRUE, at) if kind in (TRUE, FALSE) else _value(raw, at, kind)
    return fields, at + 1


def _value(raw: bytes, at: int, kind: int) -> tuple[Any, int]:
    """Return an integer or a struct, and where it ends; of other values, only where they end."""
    if kind in (TRUE, FALSE, BYTE):
        return raw[at], at + 1
    if kind in INTEGERS:
        return _integer(raw, at)
    if kind == STRUCT:
        return _struct(raw, at)
    if kind in (LIST, SET):
        return None, _list_end(raw, at)
    length, at = (8, at) if kind == DOUBLE else _varint(raw, at) if kind == BINARY else _no_value(kind)
    if at + length > len(raw):
        raise IndexError(length)
    return None, at + length


def _no_value(kind: int) -> NoReturn:
    if kind in (MAP, UUID):  # who reads the page may know how to go on behind it
        raise ValueError(f"a header of a page has a value of type {kind}")
    raise KeyError(kind)


def _list_end(raw: bytes, at: int) -> int:
    size, kind, at = raw[at] >> 4, raw[at] & 15, at + 1
    if size == LONG:
        size, at = _varint(raw, at)
    if size > HEADER:
        raise ValueError(f"a header of a page has a list of {size}")
    for _ in range(size):
        _, at = _value(raw, at, kind)
    return at


def _integer(raw: bytes, at: int) -> tuple[int, int]:
    found, at = _varint(raw, at)
    return (found >> 1) ^ -(found & 1), at


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        found |= (raw[at] & 127) << shift
        shift += 7
        at += 1
        if raw[at - 1] < 128:
            return found, at
        if shift > 63:
            raise KeyError(shift)
