"""A first look at an input file: how many rows it has, where it can be cut, and what it holds, as a hash."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from slant.batch.asked import Columns
from slant.batch.files import BLOCK, File, ReadFailed, Stored, look, opened, unpacked
from slant.errors import DataError
from slant.records.columns import header_of
from slant.records.fields import MARK, json_fields, reason_of
from slant.records.layout import Dialect, Given, Layout
from slant.records.lines import Record, records
from slant.records.names import partitions_of
from slant.records.objects import objects
from slant.records.sniff import HEAD, PARQUET, foreign, look_at, packing_of

LOOKED_AT = 100
"""Rows of JSON that tell which columns there are: more, for as long as one that is wanted was not among them."""
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
    """A file, how it is laid out, and its columns: of JSON, those of the first rows.

    ``twice`` are the names that more than one column has; ``columns`` are those that are read.
    """

    file: File
    names: tuple[str, ...] = ()
    layout: Layout = field(default_factory=Layout)
    twice: tuple[str, ...] = ()
    columns: Columns = field(default_factory=Columns)

    @property
    def dialect(self) -> Dialect | None:
        """Return how its columns are told apart, if it is CSV."""
        return self.layout.dialect


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a file was found to hold, what was guessed of it, and why none of it can be judged if it cannot."""

    table: Table
    digest: str
    slices: tuple[Slice, ...]
    notes: tuple[str, ...] = ()
    fault: str | None = None


def survey(file: File, size: int, given: Given | None = None, columns: Columns | None = None) -> Surveyed:
    """Look through a file and cut it into slices of about ``size`` bytes.

    Parameters
    ----------
    file
        The file.
    size
        Bytes of a slice, more or less.
    given
        What the caller says of how it is laid out.
    columns
        What the caller says of its columns.

    Returns
    -------
    Surveyed
        What it holds; with a fault if it is damaged, empty or of another kind.

    Raises
    ------
    DataError
        The store does not give it, or it changed meanwhile.
    """
    fault: Exception | None = None
    for _ in range(MOST_TRIES):
        try:
            found: Surveyed | None = _survey(file, size, given or Given(), columns or Columns())
        except MemoryError:
            raise
        except Exception as error:  # whatever a damaged file leads to, or a store
            found, fault = None, error
        try:
            now = look(file.path)
        except ReadFailed as error:
            found, fault = None, error
            continue
        if now != file:
            raise DataError(f"{file.path}: it changed while it was looked at", field="input")
        if found is not None:
            return _with_columns(found, columns or Columns())
    said = str(fault) if isinstance(fault, DataError) else f"cannot be read: {fault or type(fault).__name__}"
    if isinstance(fault, ReadFailed):
        raise DataError(f"{file.path}: {said}", field="input") from fault
    return Surveyed(Table(file), "", (), fault=said)


def _with_columns(found: Surveyed, given: Columns) -> Surveyed:
    """Return what was found with the columns that are read, or why there are none."""
    table, form = found.table, found.table.layout.form
    if found.fault or (form in ("lines", "json") and not any(one.rows for one in found.slices)):
        return found
    names = (*table.names, *(name for name in partitions_of(table.file.path) if name not in table.names))
    try:
        there = given.among(names, table.twice, always=form in ("csv", "parquet"))
        columns = there.guessed(names, table.twice).without(given, there)
    except DataError as error:
        return replace(found, fault=str(error))
    return replace(found, table=replace(table, columns=columns))


def _survey(file: File, size: int, given: Given, columns: Columns) -> Surveyed:
    with Stored(file) as stream:
        head = stream.read(HEAD) or b""
    strange = foreign(head)
    if strange:
        raise DataError(strange)
    packing = packing_of(head)
    if head.startswith(PARQUET) or file.form == "parquet":
        return _survey_parquet(file, size)
    return _survey_text(file, packing, size, given, columns)


def _survey_text(file: File, packing: str | None, size: int, given: Given, columns: Columns) -> Surveyed:
    with unpacked(file, packing) as stream:
        beginning = stream.read(BLOCK)
        seen = look_at(beginning, whole=len(beginning) < BLOCK, named=file.form, given=given)
    layout = replace(seen.layout, packing=packing)
    with opened(file, layout) as stream:
        hashed = _Hashed(stream)
        buffered = io.BufferedReader(hashed, BLOCK)
        start = len(buffered.read(layout.skip))
        if layout.form == "csv":
            table, start, found, notes = _csv(file, layout, buffered, start)
        else:
            found = objects(buffered) if layout.form == "json" else records(buffered, None)
            table, notes = Table(file, layout=layout), ()
        names = _Names(columns, partitions_of(file.path))
        slices = tuple(_cut(found if table.names else names.listening(found), start, size))
        table = Table(file, table.names or tuple(names.found), layout, table.twice)
        return Surveyed(table, hashed.sha.hexdigest(), slices, (*seen.notes, *notes), seen.fault or names.fault)


def _csv(
    file: File, layout: Layout, stream: BinaryIO, start: int
) -> tuple[Table, int, Iterator[Record], tuple[str, ...]]:
    """Return a table of CSV by its header, where its rows start, these rows, and what was guessed."""
    found = records(stream, layout.dialect, 1 + (layout.skip > len(MARK)))
    for record in found:
        start += record.length
        if record.raw.strip():
            if record.fault:
                raise DataError(f"its first line is no header: {record.fault}")
            header = header_of(record)
            return Table(file, header.names, layout, header.twice), start, found, header.notes
    return Table(file, layout=layout), start, found, ()


class _Names:
    """The names in the first rows of JSON, and in further ones until those that are wanted are there."""

    def __init__(self, columns: Columns, partitions: Iterable[str]) -> None:
        self.found = dict[str, None]()
        self._columns, self._known = columns, tuple(partitions)
        self._rows, self._reason = 0, ""

    @property
    def fault(self) -> str | None:
        """Return why no row could be read, if there were some."""
        return f"none of its rows can be read; the first: {self._reason}" if self._reason and not self.found else None

    def listening(self, found: Iterator[Record]) -> Iterator[Record]:
        """Yield records, and look at them for as long as it is of use."""
        for record in found:
            yield record
            if record.raw.strip() and not record.fault:
                self._look(record)
                if self._rows >= LOOKED_AT and self._all_there():
                    break
        yield from found

    def _look(self, record: Record) -> None:
        self._rows += 1
        try:
            self.found.update(dict.fromkeys(json_fields(record.raw)))
        except (ValueError, RecursionError) as error:
            self._reason = self._reason or reason_of(error)

    def _all_there(self) -> bool:
        names = {*self.found, *self._known}
        return set(self._columns.read) <= names and self._columns.have_text(names)


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


def _survey_parquet(file: File, size: int) -> Surveyed:
    with Stored(file) as stream, pq.ParquetFile(stream) as found:
        about, names = found.metadata, tuple(found.schema_arrow.names)
        twice = tuple(dict.fromkeys(name for n, name in enumerate(names) if name in names[:n]))
        groups = [_weighed(about.row_group(n)) for n in range(about.num_row_groups)]
        if any(rows < 0 for rows, _ in groups) or sum(weight for _, weight in groups) > MOST_SLICES * size:
            raise DataError(f"says that it has {about.num_rows} rows in {file.size} bytes")
        slices = tuple(_cut_groups(groups, size))
        table = Table(file, names, Layout(form="parquet"), twice)
        return Surveyed(table, hashlib.sha256(_footer(stream, file.size)).hexdigest(), slices)


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
