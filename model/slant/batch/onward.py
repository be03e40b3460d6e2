"""Files that can only be read onward, packed ones and Parquet: kept open, for a worker's next piece lies further on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from slant.batch.files import BLOCK, File, opened

T = TypeVar("T", "Packed", "Parquet")
ROWS = 64
"""Rows of Parquet that are unpacked at a time."""


class Packed:
    """The unpacked bytes of a packed file."""

    def __init__(self, file: File) -> None:
        self.at = 0
        self._stream: BinaryIO = opened(file)

    def between(self, start: int, stop: int) -> bytes:
        """Return bytes from ``start``, which is not before ``at``, to ``stop``."""
        while self.at < start and (skipped := self._stream.read(min(BLOCK, start - self.at))):
            self.at += len(skipped)
        raw = self._stream.read(stop - start)
        self.at += len(raw)
        return raw

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class Parquet:
    """The rows of a Parquet file; a group of rows in which none is wanted is not read."""

    at: int

    def __init__(self, file: File, names: tuple[str, ...]) -> None:
        self._stream = fsspec.open(file.path, "rb").open()
        self._found = pq.ParquetFile(self._stream, pre_buffer=False, buffer_size=BLOCK)
        self._names = list(names)
        self._begin_at(0, 0)

    def between(self, start: int, stop: int) -> Iterator[pa.RecordBatch]:
        """Yield rows from ``start``, which is not before ``at``, to ``stop``."""
        self._skip(start)
        while self.at < stop and len(batch := self._next()):
            low, high = max(0, start - self.at), min(len(batch), stop - self.at)
            self._rest, self.at = batch[high:], self.at + high
            yield batch[low:high]

    def close(self) -> None:
        """Close the file."""
        self._found.close()
        self._stream.close()

    def _next(self) -> pa.RecordBatch:
        return self._rest if len(self._rest) else next(self._batches, self._rest)

    def _skip(self, start: int) -> None:
        """Begin anew at the group of rows that holds ``start``, if it is not the one that is being read."""
        about, begun = self._found.metadata, 0
        for group in range(about.num_row_groups):
            rows = about.row_group(group).num_rows
            if self.at < begun <= start < begun + rows:
                self._begin_at(group, begun)
            begun += rows

    def _begin_at(self, group: int, row: int) -> None:
        groups = range(group, self._found.metadata.num_row_groups)
        self._batches = self._found.iter_batches(ROWS, row_groups=list(groups), columns=self._names)
        self._rest = pa.RecordBatch.from_pylist([])
        self.at = row


_held = threading.local()


def packed(file: File, start: int) -> Packed:
    """Return a packed file that was read no further than ``start``: the one this thread had before, if it can be."""
    return _kept(("packed", file), start, lambda: Packed(file))


def parquet(file: File, names: tuple[str, ...], start: int) -> Parquet:
    """Return a Parquet file, its columns ``names`` only, that was read no further than ``start``."""
    return _kept((file, names), start, lambda: Parquet(file, names))


def _kept(key: object, start: int, begin: Callable[[], T]) -> T:
    before = getattr(_held, "file", None)
    if before is None or _held.key != key or before.at > start:
        if before is not None:
            before.close()
        _held.file = None  # if the next line fails
        _held.file, _held.key = begin(), key
    found: T = _held.file
    return found
