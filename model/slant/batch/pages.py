"""How large the pages of a Parquet file are once unpacked, by the headers that stand before them: a page is unpacked as
a whole, so a few bytes of a file can ask for gigabytes, whatever its footer says.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
    at = min(offset for offset in (column.dictionary_page_offset, column.data_page_offset) if offset)
    stop = at + min(column.total_compressed_size, WALKED)
    for _ in range(MOST):
        if at >= stop:
            return
        page, length = _header(stream, at)
        yield page
        at += length + page.stored
    raise ValueError(f"column {column.path_in_schema!r} has more than {MOST} pages in {WALKED} bytes")


def _header(stream: io.RawIOBase, at: int) -> tuple[Page, int]:
    """Return the header at a place in the file, and its length."""
    size = HEADER
    while True:
        stream.seek(at)
        raw = stream.read(size) or b""
        try:
            fields, length = _struct(raw, 0)
            page = Page(fields[1], fields[2], fields[3], sum(fields.get(n, {}).get(1, 0) for n in (5, 7, 8)))
        except IndexError as error:
            if len(raw) < size or size >= LONGEST_HEADER:
                raise ValueError(f"no header of a page at byte {at}") from error
            size *= 8
        except (KeyError, AttributeError, TypeError, RecursionError) as error:
            raise ValueError(f"no header of a page at byte {at}") from error
        else:
            if page.stored < 0 or page.size < 0 or page.values < 0:
                raise ValueError(f"no header of a page at byte {at}")
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
        fields[number], at = _value(raw, at, head & 15)
    return fields, at + 1


def _value(raw: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (1, 2):  # true and false stand in the head
        return kind == 1, at
    if kind == 3:
        return raw[at], at + 1
    if kind in (4, 5, 6):
        return _integer(raw, at)
    if kind == 8:
        length, at = _varint(raw, at)
        if at + length > len(raw):
            raise IndexError(length)
        return None, at + length
    if kind == 12:
        return _struct(raw, at)
    raise KeyError(kind)  # doubles, lists and maps stand in no header of a page


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
