"""The rows of a piece, read from where they stand: no worker reads more of a file than it must, or holds much of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from slant.batch import onward
from slant.batch.asked import Asked
from slant.batch.files import File, between, look
from slant.batch.onward import Unreadable
from slant.batch.plan import Piece
from slant.batch.rows import Raw, Reject, Row, read_row
from slant.batch.survey import Slice, Table
from slant.errors import DataError
from slant.records.cells import sizes, value
from slant.records.fields import by_names, csv_fields, json_fields, reason_of
from slant.records.lines import LONGEST, Record, records
from slant.records.names import partitions_of
from slant.records.objects import objects
from slant.types import Json

HANDFUL = 16 * 2**20
"""Bytes of rows that are read, judged and written as one: a piece has less, unless it is packed very tightly."""
ROW = 1_000
"""Bytes that a row takes, however little is in it."""


class InputChanged(DataError):
    """A file is not what it was when the run was planned."""


def read_piece(asked: Asked, piece: Piece) -> Iterator[list[Row | Reject]]:
    """Yield the rows of a piece in order, a handful at a time.

    Raises
    ------
    InputChanged
        A file is not what it was when the run was planned.
    DataError
        It does not have the rows that were counted in it.
    OSError
        A file cannot be read.
    """
    held, size = list[Row | Reject](), 0
    try:
        for table, one in piece.slices:
            for row, weight in _rows(asked, table, one):
                held.append(row)
                size += weight + ROW
                if size >= HANDFUL:
                    yield held
                    held, size = [], 0
    except BaseException:
        onward.forget()
        raise
    yield held


def _rows(asked: Asked, table: Table, one: Slice) -> Iterator[tuple[Row | Reject, int]]:
    """Yield the rows of a slice, each with its size; make sure that its file is still the same, and all are there."""
    _check_same(table.file)
    count = 0
    partitions = partitions_of(table.file.path)
    for raw, size in _parquet(asked, table, one) if table.layout.form == "parquet" else _lines(table, one):
        if isinstance(raw, Reject):
            yield raw, size
        else:
            whole = replace(raw, fields=by_names(partitions, raw.fields)) if partitions else raw
            yield read_row(whole, asked, table.columns), size
        count += 1
    _check_same(table.file)
    if count != one.rows:
        raise DataError(f"{table.file.path}: {one.rows} rows were counted from row {one.first} on, {count} were read")


def _check_same(file: File) -> None:
    now = look(file.path)
    if now != file:
        raise InputChanged(f"{file.path}: it changed under the run; it had {file.size} bytes, now {now.size}")


def _lines(table: Table, one: Slice) -> Iterator[tuple[Raw | Reject, int]]:
    file, layout = table.file, table.layout
    if layout.onward:
        stream = onward.packed(file, layout, one.start).between(one.start, one.stop)
    else:
        stream = between(file, one.start, one.stop)
    found = objects(stream, one.first) if layout.form == "json" else records(stream, layout.dialect, one.first)
    for record in found:
        if record.raw.strip():
            yield _read(table, record), len(record.raw)


def _read(table: Table, record: Record) -> Raw | Reject:
    path = table.file.path
    try:
        if record.fault:
            raise ValueError(record.fault)
        fields = csv_fields(table.names, record) if table.dialect else json_fields(record.raw)
    except Exception as error:  # whatever is wrong with a row costs this one
        return Reject(Raw(path, record.line, {}, record.raw), reason_of(error, table.layout.encoding))
    return Raw(path, record.line, fields, record.raw)


def _parquet(asked: Asked, table: Table, one: Slice) -> Iterator[tuple[Raw | Reject, int]]:
    wanted = table.columns.read
    names = tuple(name for name in table.names if name not in table.twice and (asked.keep or name in wanted))
    row, path = one.first, table.file.path
    for batch in onward.parquet(table.file, names, one.start).between(one.start, one.stop):
        for found in _unreadable(path, row, batch) if isinstance(batch, Unreadable) else _unpacked(path, row, batch):
            yield found
            row += 1


def _unreadable(path: str, row: int, found: Unreadable) -> Iterator[tuple[Reject, int]]:
    for n in range(found.rows):
        yield Reject(Raw(path, row + n, {}), found.reason), len(found.reason)


def _unpacked(path: str, row: int, batch: pa.RecordBatch) -> Iterator[tuple[Raw | Reject, int]]:
    weights = np.sum([sizes(column) for column in batch.columns], axis=0)
    for n in range(len(batch)):
        size = math.ceil(weights[n])
        if size > LONGEST:
            reason = f"it has {size} bytes; at most {LONGEST} are read"
            yield Reject(Raw(path, row + n, {}), reason), len(reason)
        else:
            yield _raw(path, row + n, batch, n), size


def _raw(path: str, row: int, batch: pa.RecordBatch, n: int) -> Raw | Reject:
    fields, name = Json(), ""
    try:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            fields[name] = value(column, n)
    except UnicodeDecodeError as error:
        return Reject(Raw(path, row, {}), f"not UTF-8: {error.reason}, in column {name!r}")
    except Exception as error:  # whatever is wrong with a row costs this one
        return Reject(Raw(path, row, {}), f"cannot be read: column {name!r}: {error or type(error).__name__}")
    return Raw(path, row, fields)
