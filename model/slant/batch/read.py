"""The rows of a piece, read from where they stand: no worker reads more of a file than it must, or holds much of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from slant.batch import onward
from slant.batch.asked import Asked
from slant.batch.cells import sizes, value
from slant.batch.files import File, between, look
from slant.batch.onward import Unreadable
from slant.batch.plan import Piece
from slant.batch.records import LONGEST, Record, records
from slant.batch.rows import DEEPEST, Raw, Reject, Row, as_json, read_row
from slant.batch.survey import MARK, Slice, Table
from slant.errors import DataError
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
    for raw, size in _parquet(asked, table, one) if table.file.form == "parquet" else _lines(table, one):
        yield raw if isinstance(raw, Reject) else read_row(raw, asked), size
        count += 1
    _check_same(table.file)
    if count != one.rows:
        raise DataError(f"{table.file.path}: {one.rows} rows were counted from row {one.first} on, {count} were read")


def _check_same(file: File) -> None:
    now = look(file.path)
    if now != file:
        raise InputChanged(f"{file.path}: it changed under the run; it had {file.size} bytes, now {now.size}")


def _lines(table: Table, one: Slice) -> Iterator[tuple[Raw | Reject, int]]:
    file = table.file
    if file.packing:
        stream = onward.packed(file, one.start).between(one.start, one.stop)
    else:
        stream = between(file, one.start, one.stop)
    for record in records(stream, table.delimiter, one.first):
        if record.raw.strip():
            yield _read(table, record), len(record.raw)


def _read(table: Table, record: Record) -> Raw | Reject:
    path = table.file.path
    try:
        if record.fault:
            raise ValueError(record.fault)
        fields = _csv_fields(table.names, record) if table.delimiter else _json_fields(record)
    except Exception as error:  # whatever is wrong with a row costs this one
        return Reject(Raw(path, record.line, {}, record.raw), _reason(error))
    return Raw(path, record.line, fields, record.raw)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8: {error.reason}, at byte {error.start}"
    if isinstance(error, UnicodeEncodeError):
        return "it has a lone surrogate, half a character"
    if isinstance(error, RecursionError):
        return "not JSON that can be read: it is nested too deeply"
    return str(error) if isinstance(error, ValueError) else f"cannot be read: {type(error).__name__}: {error}"


def _csv_fields(names: tuple[str, ...], record: Record) -> Json:
    if len(record.fields) != len(names):
        raise ValueError(f"it has {len(record.fields)} columns; the header has {len(names)}")
    return {name: field.encode("latin-1").decode() for name, field in zip(names, record.fields, strict=True)}


def _json_fields(record: Record) -> Json:
    text = record.raw.removeprefix(MARK).decode()
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
        as_json(fields).encode()
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


def _parquet(asked: Asked, table: Table, one: Slice) -> Iterator[tuple[Raw | Reject, int]]:
    wanted = asked.columns.read
    names = tuple(name for name in table.names if asked.keep or name in wanted)
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
