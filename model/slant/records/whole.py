"""All rows of one file of this machine, as training and evaluation read them: any form that batch scoring reads."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from slant.errors import DataError, MissingExtra
from slant.records.columns import header_of
from slant.records.fields import by_names, csv_fields, decoded, json_fields, reason_of
from slant.records.layout import Given, Layout
from slant.records.lines import Record, records
from slant.records.names import form_of, partitions_of
from slant.records.objects import objects
from slant.records.recode import BLOCK, recoded
from slant.records.sniff import HEAD, PARQUET, foreign, look_at, packing_of
from slant.types import Json

LONGEST = 2**30
"""Bytes in the longest row that is read."""
ROWS = 64
"""Rows of Parquet that are unpacked at a time."""
READ = ("id", "title", "text", "target", "label", "labels", "codes", "holder")
"""Columns of which there may be only one."""
Say = Callable[[str], None]
"""Told what was guessed."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row: its line in the file (of Parquet and of JSON that is no JSON Lines: its place), from 1, and its fields.

    ``fault`` is why it cannot be read, if it cannot.
    """

    number: int
    fields: Json
    fault: str | None = None


def file_rows(path: Path, given: Given | None = None, say: Say | None = None) -> Iterator[FileRow]:
    """Yield the rows of a file.

    Parameters
    ----------
    path
        The file.
    given
        What the caller says of how it is laid out.
    say
        Told what was guessed.

    Raises
    ------
    DataError
        The file is missing, damaged, empty or of another kind.
    MissingExtra
        It is Parquet, or packed by zstd, and pyarrow is not installed.
    """
    try:
        if not path.is_file():
            raise DataError(f"{path}: no such file", field="data")
        with path.open("rb") as raw:
            yield from _rows(path, raw, given or Given(), say or (lambda _: None))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error or type(error).__name__}", field="data") from error


def _rows(path: Path, raw: BinaryIO, given: Given, say: Say) -> Iterator[FileRow]:
    named = form_of(path.name)
    head = raw.read(HEAD)
    raw.seek(0)
    strange = foreign(head)
    if strange or (named is None and not head.startswith(PARQUET)):
        raise DataError(f"{path}: {strange or _no_kind(path)}", field="data")
    if head.startswith(PARQUET) or named == "parquet":
        yield from _parquet_rows(raw)
        return
    packing = packing_of(head)
    beginning = _unpacked(raw, packing).read(BLOCK)
    raw.seek(0)
    seen = look_at(beginning, whole=len(beginning) < BLOCK, named=named or "text", given=given)
    if seen.fault:
        said = _no_kind(path) if named == "text" and path.suffix and not given.delimiter else seen.fault
        raise DataError(f"{path}: {said}", field="data")
    stream = recoded(_unpacked(raw, packing), seen.layout)
    stream.read(seen.layout.skip)
    for note in seen.notes:
        say(f"{path}: {note}")
    partitions = partitions_of(str(path))
    for row in _text_rows(path, stream, seen.layout, say):
        yield replace(row, fields=by_names(partitions, row.fields)) if partitions and not row.fault else row


def _no_kind(path: Path) -> str:
    return f"a data file is .jsonl or .csv (or .gz of these) or .parquet, not .{path.suffix.lower().lstrip('.')}"


def _unpacked(raw: BinaryIO, packing: str | None) -> BinaryIO:
    if packing == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    if packing is None:
        return raw
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtra("batch", str(error.name)) from error
    return cast(BinaryIO, io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(raw, "r"), packing), BLOCK))


def _text_rows(path: Path, stream: BinaryIO, layout: Layout, say: Say) -> Iterator[FileRow]:
    if layout.form == "json":
        found = objects(stream, longest=LONGEST)
    else:
        found = records(stream, layout.dialect, 1 + (layout.form == "csv" and layout.skip > 3), LONGEST)
    names: tuple[str, ...] | None = None
    for record in found:
        if not record.raw.strip():
            continue
        if layout.form != "csv":
            yield _row(record, layout, None)
        elif names is None:
            names = _header(path, record, say)
        else:
            yield _row(record, layout, names)


def _header(path: Path, record: Record, say: Say) -> tuple[str, ...]:
    header = header_of(record)
    doubtful = [name for name in header.twice if name in READ]
    if record.fault or doubtful:
        said = record.fault or f"two columns of one name: {doubtful[0]!r}, {doubtful[0]!r}"
        raise DataError(f"{path}: its first line is no header: {said}", field="data")
    for note in header.notes:
        say(f"{path}: {note}")
    return header.names


def _row(record: Record, layout: Layout, names: tuple[str, ...] | None) -> FileRow:
    try:
        if record.fault:
            raise ValueError(record.fault)
        fields = json_fields(record.raw) if names is None else csv_fields(names, record)
    except (ValueError, RecursionError) as error:
        return FileRow(record.line, {}, reason_of(error, layout.encoding))
    return FileRow(record.line, fields if names is None else _without_nothing(fields))


def _parquet_rows(raw: BinaryIO) -> Iterator[FileRow]:
    try:
        import pyarrow.parquet as pq

        from slant.records.cells import value
    except ImportError as error:
        raise MissingExtra("batch", str(error.name)) from error
    with pq.ParquetFile(raw) as found:
        number = 0
        for batch in found.iter_batches(ROWS):
            for n in range(len(batch)):
                number += 1
                columns = zip(batch.schema.names, batch.columns, strict=True)
                fields = {name: value(column, n) for name, column in columns}
                try:
                    yield FileRow(number, _without_nothing(decoded(fields, tuple(fields))))
                except ValueError as error:
                    yield FileRow(number, {}, str(error))


def _without_nothing(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None and value != ""}
