"""A first look at an input file: how many rows it has, where it can be cut, and what it holds, as a hash."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from slant.batch.files import BLOCK, File, ReadFailed, Stored, look, opened
from slant.batch.records import Record, records
from slant.errors import DataError

DELIMITERS = ",;\t|"
MARK = b"\xef\xbb\xbf"
"""Stands before UTF-8 that some programs write."""
LOOKED_AT = 100
"""Rows of JSON Lines that tell which columns there are."""
ROW = 16
"""Bytes that a row of Parquet counts at least: thousands of equal ones may be stored in a few."""
MOST_SLICES = 2**22
MOST_TRIES = 3
"""Tries for a file that its store does not give."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A run of a file's records, from ``start`` to ``stop``: unpacked bytes, or rows of Parquet from 0.

    ``first`` is the line (of Parquet: the row) of its first record, from 1; ``rows`` how many it holds.
    """

    start: int
    stop: int
    first: int
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Table:
    """A file and its columns: of JSON Lines, those of the first rows. With a delimiter it is CSV."""

    file: File
    names: tuple[str, ...] = ()
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a file was found to hold."""

    table: Table
    digest: str
    slices: tuple[Slice, ...]


def survey(file: File, size: int) -> Surveyed:
    """Look through a file and cut it into slices of about ``size`` bytes.

    Raises
    ------
    DataError
        It cannot be read, or changed meanwhile.
    """
    for left in reversed(range(MOST_TRIES)):
        try:
            found, now = _survey(file, size), look(file.path)
        except DataError:
            raise
        except Exception as error:  # whatever a damaged file leads to
            if left and isinstance(error, ReadFailed):
                continue
            raise DataError(f"{file.path}: cannot be read: {error or type(error).__name__}", field="input") from error
        if now != file:
            break
        return found
    raise DataError(f"{file.path}: it changed while it was looked at", field="input")


def _survey(file: File, size: int) -> Surveyed:
    return _survey_parquet(file, size) if file.form == "parquet" else _survey_lines(file, size)


def _survey_lines(file: File, size: int) -> Surveyed:
    with opened(file) as stream:
        hashed = _Hashed(stream)
        buffered = io.BufferedReader(hashed, BLOCK)
        start = len(buffered.read(len(MARK))) if buffered.peek(len(MARK)).startswith(MARK) else 0
        beginning = buffered.peek(BLOCK)
        delimiter = _delimiter(beginning) if file.form == "csv" else None
        found = records(buffered, delimiter)
        head = next(found, None)
        if head is None:
            return Surveyed(Table(file), hashed.sha.hexdigest(), ())
        if delimiter:
            table, start = Table(file, _header(file, head), delimiter), start + head.length
        else:
            table, found = Table(file, _keys(beginning)), chain([head], found)
        slices = tuple(_cut(found, start, size))
        return Surveyed(table, hashed.sha.hexdigest(), slices)


def _delimiter(beginning: bytes) -> str:
    """Return what stands between a file's columns: the likeliest by its first line."""
    head = beginning.split(b"\n", 1)[0].decode("latin-1")
    return max(DELIMITERS, key=head.count)


def _cut(found: Iterator[Record], start: int, size: int) -> Iterator[Slice]:
    """Yield slices of whole records, each ended by the record that fills it."""
    at, begun, first, rows = start, start, 0, 0
    for record in found:
        first = first or record.line
        at += record.length
        rows += bool(record.raw.strip())
        if at - begun >= size:
            yield Slice(begun, at, first, rows, at - begun)
            begun, first, rows = at, 0, 0
    if at > begun:
        yield Slice(begun, at, first, rows, at - begun)


def _header(file: File, head: Record) -> tuple[str, ...]:
    names = tuple(name.encode("latin-1").decode("utf-8", "replace").strip() for name in head.fields)
    if head.fault or len(set(names)) < len(names) or not all(names):
        said = head.fault or f"columns without a name, or two of one: {', '.join(map(repr, names))}"
        raise DataError(f"{file.path}: its first line is no header: {said}", field="input")
    return names


def _keys(beginning: bytes) -> tuple[str, ...]:
    """Return the names in the first rows of JSON Lines, in the order in which they come."""
    found = dict[str, None]()
    for line in beginning.split(b"\n")[:LOOKED_AT]:
        with suppress(ValueError, RecursionError):
            row = json.loads(line)
            found.update(dict.fromkeys(row if isinstance(row, dict) else ()))
    return tuple(found)


def _survey_parquet(file: File, size: int) -> Surveyed:
    with Stored(file) as stream, pq.ParquetFile(stream) as found:
        about, names = found.metadata, tuple(found.schema_arrow.names)
        if len(set(names)) < len(names):
            raise DataError(f"{file.path}: two columns of one name: {', '.join(map(repr, names))}", field="input")
        groups = [_weighed(about.row_group(n)) for n in range(about.num_row_groups)]
        if any(rows < 0 for rows, _ in groups) or sum(weight for _, weight in groups) > MOST_SLICES * size:
            raise DataError(f"{file.path}: says that it has {about.num_rows} rows in {file.size} bytes", field="input")
        slices = tuple(_cut_groups(groups, size))
        return Surveyed(Table(file, names), hashlib.sha256(_footer(stream, file.size)).hexdigest(), slices)


def _weighed(group: Any) -> tuple[int, int]:
    """Return how many rows a group has, and how many bytes they count."""
    return group.num_rows, max(group.total_byte_size, group.num_rows * ROW)


def _footer(stream: Stored, size: int) -> bytes:
    """Return the bytes of a footer: its length stands behind it, and four bytes behind that."""
    stream.seek(size - 8)
    length = int.from_bytes(stream.read(4) or b"", "little")
    stream.seek(size - 8 - length)
    return stream.read(length) or b""


def _cut_groups(groups: list[tuple[int, int]], size: int) -> Iterator[Slice]:
    """Yield slices of rows for groups of (rows, bytes); none reaches over the end of a group."""
    start = 0
    for rows, weight in groups:
        step = max(1, rows * size // weight) if weight else 1
        for begun in range(0, rows, step):
            n = min(step, rows - begun)
            yield Slice(start + begun, start + begun + n, start + begun + 1, n, n * weight // rows)
        start += rows


class _Hashed(io.RawIOBase):
    """A stream that keeps the hash of what was read of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.sha = hashlib.sha256()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, room: memoryview) -> int:  # type: ignore[override]
        raw = self._stream.read(len(room))
        room[: len(raw)] = raw
        self.sha.update(raw)
        return len(raw)
