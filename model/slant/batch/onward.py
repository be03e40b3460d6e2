"""Files that can only be read onward, packed ones and Parquet: kept open, for a worker's next piece lies further on."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeVar, cast

import pyarrow as pa
import pyarrow.parquet as pq

from slant.batch.files import BLOCK, File, ReadFailed, Stored, opened
from slant.batch.pages import largest_value
from slant.errors import DataError
from slant.records.layout import Layout

T = TypeVar("T", "Packed", "Parquet")
ROWS = 64
"""Rows of Parquet that are unpacked at a time."""
ROOM = 64 * 2**20
"""Bytes that they may take, where each of them may be the same large value."""


class Packed:
    """The bytes of a packed file unpacked, and of one in another encoding in UTF-8."""

    def __init__(self, file: File, layout: Layout) -> None:
        self.at = 0
        self._stream: BinaryIO = opened(file, layout)

    def between(self, start: int, stop: int) -> BinaryIO:
        """Return the stream from ``start``, which is not before ``at``, to ``stop``."""
        while self.at < start:
            self._read(min(BLOCK, start - self.at))
        return cast(BinaryIO, io.BufferedReader(_Onward(self._read, start, stop), BLOCK))

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _read(self, n: int) -> bytes:
        raw = self._stream.read(n)
        self.at += len(raw)
        if len(raw) < n:
            raise ReadFailed(f"a read came short: {len(raw)} bytes of {n}")
        return raw


class _Onward(io.RawIOBase):
    """A stretch of what is read onward."""

    def __init__(self, read: Callable[[int], bytes], start: int, stop: int) -> None:
        self._read, self._left = read, stop - start

    def readable(self) -> bool:
        return True

    def readinto(self, room: memoryview) -> int:  # type: ignore[override]
        n = min(len(room), self._left)
        room[:n] = self._read(n) if n else b""
        self._left -= n
        return n


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Rows that are in a file and cannot be read: how many, and why."""

    rows: int
    reason: str


class Parquet:
    """The rows of a Parquet file, a group of them after the other; one in which none is wanted is not read.

    Where a group cannot be read further, for all that the store gave its bytes, the rest of it is unreadable. Batches
    are counted from the beginning of a group, so that everyone who reads it fails at the same row.
    """

    at: int
    _end: int
    _batches: Iterator[pa.RecordBatch] | None
    _rest: pa.RecordBatch | Unreadable | None

    def __init__(self, file: File, names: tuple[str, ...]) -> None:
        self._file, self._names = file, list(names)
        self._open()
        self._begin(0, 0)

    def _open(self) -> None:
        names = tuple(self._names)
        self._stream = Stored(self._file)
        try:
            self._about = pq.read_metadata(self._stream)
            columns = {n: self._about.schema.column(n) for n in range(self._about.num_columns)}
            self._columns = {n: column for n, column in columns.items() if _top(column.path, names)}
            self._within = [column.path for column in self._columns.values() if column.path not in names]
            how = {"metadata": self._about, "pre_buffer": False, "buffer_size": BLOCK}
            # of lists and structs each value is held once, and of a flat column few at a time
            self._found = pq.ParquetFile(self._stream, read_dictionary=self._within, **how)
        except BaseException:
            self._stream.close()
            raise

    def between(self, start: int, stop: int) -> Iterator[pa.RecordBatch | Unreadable]:
        """Yield rows from ``start``, which is not before ``at``, to ``stop``.

        Raises
        ------
        ReadFailed
            The store did not give what is there.
        DataError
            The file holds fewer rows than it says.
        """
        self._skip(start)
        while self.at < stop:
            batch = self._next()
            n = batch.rows if isinstance(batch, Unreadable) else len(batch)
            low, high = max(0, start - self.at), min(n, stop - self.at)
            self._rest, self.at = _cut(batch, high, n), self.at + high
            if low < high:
                yield _cut(batch, low, high)

    def close(self) -> None:
        """Close the file."""
        self._found.close()
        self._stream.close()

    def _next(self) -> pa.RecordBatch | Unreadable:
        """Return the next rows of the group, or of the next one."""
        if self._rest is not None:
            return self._rest
        while self.at == self._end:
            self._begin(self._group + 1, self.at)
        for first in (True, False):
            try:
                return self._batch() if first else self._batch_anew()
            except (ReadFailed, MemoryError, DataError):
                raise
            except Exception as error:  # whatever a damaged file leads to
                reason = f"cannot be read: {error or type(error).__name__}"
        return Unreadable(self._end - self.at, reason)

    def _batch(self) -> pa.RecordBatch:
        self._batches = self._batches or self._unpacked()
        batch = next((batch for batch in self._batches if len(batch)), None)
        if batch is None or len(batch) > self._end - self.at:
            rows, path = self._end - self._begun, self._file.path
            raise DataError(f"{path}: says that it has {rows} rows from row {self._begun + 1} on, and has others")
        return batch

    def _batch_anew(self) -> pa.RecordBatch:
        """Return the same rows, read once more: what is damaged may only be what came."""
        at = self.at
        try:
            self.close()
            self._open()
            self._begin(self._group, self._begun)
            while self.at < at:
                self.at += len(self._batch())
            return self._batch()
        finally:
            self.at = at

    def _unpacked(self) -> Iterator[pa.RecordBatch]:
        """Unpack the group: the fewer rows at a time, the larger a value may be that all of them have."""
        group, largest = self._about.row_group(self._group), 1
        for n, column in self._columns.items():
            size = largest_value(self._stream, group.column(n), repeated=column.max_repetition_level > 0)
            largest = max(largest, 0 if column.path in self._within else size)
        rows = max(1, min(ROWS, ROOM // largest))
        batches: Iterator[pa.RecordBatch] = self._found.iter_batches(
            rows, row_groups=[self._group], columns=self._names
        )
        return batches

    def _skip(self, start: int) -> None:
        """Begin at the group that holds a row, if it is not the one that is being read."""
        begun = 0
        for group in range(self._about.num_row_groups):
            rows = self._about.row_group(group).num_rows
            if self._group < group and begun <= start < begun + rows:
                self._begin(group, begun)
            begun += rows

    def _begin(self, group: int, row: int) -> None:
        if group >= self._about.num_row_groups > 0:
            raise DataError(f"{self._file.path}: ends before row {row + 1}")
        rows = self._about.row_group(group).num_rows if self._about.num_row_groups else 0
        self._group, self._begun, self.at, self._end = group, row, row, row + rows
        self._batches = self._rest = None


def _cut(batch: pa.RecordBatch | Unreadable, low: int, high: int) -> pa.RecordBatch | Unreadable | None:
    if low == high:
        return None
    return Unreadable(high - low, batch.reason) if isinstance(batch, Unreadable) else batch[low:high]


def _top(path: str, names: tuple[str, ...]) -> bool:
    """Tell whether what a path in a schema names is one of these columns, or within one."""
    return any(path == name or path.startswith(f"{name}.") for name in names)


_held = threading.local()


def packed(file: File, layout: Layout, start: int) -> Packed:
    """Return a packed file that was read no further than ``start``: the one this thread had before, if it can be."""
    return _kept((file, layout), start, lambda: Packed(file, layout))


def parquet(file: File, names: tuple[str, ...], start: int) -> Parquet:
    """Return a Parquet file, its columns ``names`` only, that was read no further than ``start``."""
    return _kept((file, names), start, lambda: Parquet(file, names))


def forget() -> None:
    """Close the file that this thread keeps: after a failure nobody knows where it stands."""
    before = getattr(_held, "file", None)
    _held.file = None
    if before is not None:
        before.close()


def _kept(key: object, start: int, begin: Callable[[], T]) -> T:
    before = getattr(_held, "file", None)
    if before is None or _held.key != key or before.at > start:
        forget()
        _held.file, _held.key = begin(), key
    found: T = _held.file
    return found
