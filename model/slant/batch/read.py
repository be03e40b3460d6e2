"""The rows of a piece, read from where they stand: no worker reads more of a file than it must."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import NoReturn

import pyarrow as pa
from pyarrow.lib import ArrowException

from slant.batch import onward
from slant.batch.asked import Asked
from slant.batch.files import File, between, look
from slant.batch.plan import Piece
from slant.batch.records import Record, records
from slant.batch.rows import Raw, Reject, Row, as_json, read_row
from slant.batch.survey import MARK, Slice, Table
from slant.errors import DataError
from slant.types import Json


def read_piece(asked: Asked, piece: Piece) -> list[Row | Reject]:
    """Return the rows of a piece, in order.

    Raises:
        DataError: a file is not what it was when the run was planned.
    """
    return [row for table, one in piece.slices for row in _rows(asked, table, one)]


def _rows(asked: Asked, table: Table, one: Slice) -> list[Row | Reject]:
    """Return the rows of a slice; make sure before and after that its file is still the same."""
    _check_same(table.file)
    try:
        found = _parquet(asked, table, one) if table.file.form == "parquet" else _lines(table, one)
        rows = [raw if isinstance(raw, Reject) else read_row(raw, asked) for raw in found]
    except (EOFError, ArrowException) as error:
        raise DataError(f"{table.file.path}: cannot be read: {error}", field="input") from error
    _check_same(table.file)
    return rows


def _check_same(file: File) -> None:
    now = look(file.path)
    if now != file:
        raise DataError(f"{file.path}: it changed under the run; it had {file.size} bytes, now {now.size}")


def _lines(table: Table, one: Slice) -> Iterator[Raw | Reject]:
    file = table.file
    if file.packing:
        content = onward.packed(file, one.start).between(one.start, one.stop)
    else:
        content = between(file, one.start, one.stop)
    for record in records(io.BytesIO(content), table.delimiter, one.first):
        if record.raw.strip():
            yield _read(table, record)


def _read(table: Table, record: Record) -> Raw | Reject:
    path = table.file.path
    try:
        if record.fault:
            raise ValueError(record.fault)
        fields = _csv_fields(table.names, record) if table.delimiter else _json_fields(record)
    except UnicodeDecodeError as error:
        return Reject(Raw(path, record.line, {}, record.raw), f"not UTF-8: {error.reason}, at byte {error.start}")
    except UnicodeEncodeError:
        return Reject(Raw(path, record.line, {}, record.raw), "it has a lone surrogate, half a character")
    except RecursionError:
        return Reject(Raw(path, record.line, {}, record.raw), "not JSON that can be read: it is nested too deeply")
    except ValueError as error:
        return Reject(Raw(path, record.line, {}, record.raw), str(error))
    return Raw(path, record.line, fields, record.raw)


def _csv_fields(names: tuple[str, ...], record: Record) -> Json:
    if len(record.fields) != len(names):
        raise ValueError(f"it has {len(record.fields)} columns; the header has {len(names)}")
    return {name: field.encode("latin-1").decode() for name, field in zip(names, record.fields, strict=True)}


def _json_fields(record: Record) -> Json:
    text = record.raw.removeprefix(MARK).decode()
    try:
        fields = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg}, at character {error.pos}") from error
    if not isinstance(fields, dict):
        raise ValueError(f"wanted a JSON object, got a {type(fields).__name__}")
    if "\\u" in text:  # only an escape can hold half a character
        as_json(fields).encode()
    return fields


def _no_number(said: str) -> NoReturn:
    raise ValueError(f"{said} is no number in JSON")


def _parquet(asked: Asked, table: Table, one: Slice) -> Iterator[Raw | Reject]:
    wanted = asked.columns.read
    names = tuple(name for name in table.names if asked.keep or name in wanted)
    row = one.first
    for batch in onward.parquet(table.file, names, one.start).between(one.start, one.stop):
        for n in range(len(batch)):
            yield _unpacked(table.file.path, row, batch, n)
            row += 1


def _unpacked(path: str, row: int, batch: pa.RecordBatch, n: int) -> Raw | Reject:
    try:
        return Raw(path, row, {name: batch[name][n].as_py() for name in batch.schema.names})
    except UnicodeDecodeError as error:
        return Reject(Raw(path, row, {}), f"not UTF-8: {error.reason}")
