"""Input files: found by name, folder or pattern, on this machine or in any store that fsspec knows, and opened."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import fsspec
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from slant.batch.again import again
from slant.batch.listing import Infos, files_in, files_like
from slant.errors import DataError
from slant.records.layout import Layout
from slant.records.names import WANTED, form_of, is_named_as_data
from slant.records.recode import recoded

BLOCK = 2**20
"""Bytes read at a time."""
AT_ONCE = 16 * BLOCK
"""Bytes asked of a store at once."""
HIDDEN = ("_", ".")
"""In a folder, files whose names begin so are not data: marks and leftovers of whoever wrote there."""
PLAN = "_plan.json"
"""Marks the output folder of a run."""
STDIN, KEPT = "-", "_stdin"
"""The name for standard input, and the file of the output folder that what came from it is kept in."""


class ReadFailed(OSError):
    """A store did not give what it holds, or not all of it: read again, it may."""


@dataclass(frozen=True, slots=True)
class File:
    """One input file. ``form`` is what its name tells; ``stamp`` changes when the file does: its time of change, or a
    store's own mark.
    """

    path: str
    form: str
    size: int
    stamp: str


def find(inputs: Iterable[str], out: str | None = None) -> list[File]:
    """Return the files that names, folders and patterns stand for, each once, in the order of their paths.

    Parameters
    ----------
    inputs
        Names, folders and patterns; ``-`` for what came from standard input.
    out
        The folder that is written to. What lies in it is no input; nor is, in a folder, the output of another run.

    Raises
    ------
    DataError
        One of them stands for nothing, for a file of another kind, for a pipe or a device, or for one in ``out``.
    """
    place = _store(out) if out is not None else None
    found = {file.path: file for given in inputs if given != STDIN for file in _find(given, place)}
    if STDIN in inputs and out is not None:
        kept = look(f"{out.rstrip('/')}/{KEPT}")
        found[kept.path] = kept
    if not found:
        raise DataError("no input: wanted files, folders or patterns", field="input")
    return [found[path] for path in sorted(found)]


def look(path: str) -> File:
    """Return a file as it is now.

    Raises
    ------
    DataError
        It is gone, or of another kind.
    """
    _kind(path)
    fs, inner = fsspec.core.url_to_fs(path)
    fs.invalidate_cache()
    return _file(path, _info(fs, inner, path))


def unpacked(file: File, packing: str | None) -> BinaryIO:
    """Open a file as a stream of its unpacked bytes; a packed one can only be read onward."""
    raw = Stored(file)
    if packing is None:
        return cast(BinaryIO, io.BufferedReader(raw, BLOCK))
    return cast(BinaryIO, io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(raw, "r"), packing), BLOCK))


def opened(file: File, layout: Layout) -> BinaryIO:
    """Open a file of text as a stream of its unpacked bytes in UTF-8, in lines that end with a line feed."""
    return recoded(unpacked(file, layout.packing), layout)


def between(file: File, start: int, stop: int) -> BinaryIO:
    """Open an unpacked file from ``start`` to ``stop``; no other bytes are read."""
    return cast(BinaryIO, io.BufferedReader(_Stretch(file, start, stop)))


class Stored(io.RawIOBase):
    """The bytes of a file as a store holds them. ``ReadFailed`` if not all come that are asked for and there."""

    def __init__(self, file: File) -> None:
        self._file, self._at = file, 0
        try:
            self._stream = fsspec.open(file.path, "rb").open()
        except Exception as error:  # what stores raise is of many types
            raise ReadFailed(f"{type(error).__name__}: {error}") from error

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the place that is read next."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the file."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._file.size}[whence]
        return self._at

    def readinto(self, room: memoryview) -> int:  # type: ignore[override]
        """Fill all the room there is, unless the file ends."""
        wanted = max(0, min(len(room), self._file.size - self._at))
        try:
            if self._stream.tell() != self._at:
                self._stream.seek(self._at)
            done = 0
            while done < wanted and (raw := self._stream.read(wanted - done)):
                room[done : done + len(raw)] = raw
                done += len(raw)
        except Exception as error:  # what stores raise is of many types
            raise ReadFailed(f"{type(error).__name__}: {error}") from error
        _check_all_came(wanted, done)
        self._at += done
        return done

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._stream.close()
        super().close()


class _Stretch(io.RawIOBase):
    """A part of a file, asked of the store in a few large pieces."""

    def __init__(self, file: File, start: int, stop: int) -> None:
        self._fs, self._path = fsspec.core.url_to_fs(file.path)
        self._at, self._stop = start, stop
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, room: memoryview) -> int:  # type: ignore[override]
        if not self._held and self._at < self._stop:
            end = min(self._at + AT_ONCE, self._stop)
            self._held = memoryview(self._fs.cat_file(self._path, start=self._at, end=end))
            _check_all_came(end - self._at, len(self._held))
            self._at = end
        n = min(len(room), len(self._held))
        room[:n], self._held = self._held[:n], self._held[n:]
        return n


def _check_all_came(wanted: int, came: int) -> None:
    if came != wanted:
        raise ReadFailed(f"a read came short: {came} bytes of {wanted}")


def _find(given: str, out: tuple[Any, str] | None) -> Iterator[File]:
    fs, path = _store(given)
    fs.invalidate_cache()  # a store's listing may be older than the files
    try:
        listed = again(lambda: _listed(fs, path, given))
        there = {one: info for one, info in listed.items() if not _is_in(fs, one, out)}
        if not there:
            beside = " but in the output folder; wanted another --out" if listed else f"; wanted {WANTED}"
            raise DataError(f"{given}: no data in it{beside}", field="input")
        for one, info in there.items():
            known = _info(fs, one, one) if info.get("islink") else info
            yield _file(fs.unstrip_protocol(one) if "://" in given else one, known)
    except (DataError, ReadFailed):
        raise
    except Exception as error:  # what stores raise is of many types
        raise ReadFailed(f"{given}: {type(error).__name__}: {error}") from error


def _listed(fs: Any, path: str, given: str) -> Infos:
    """Return what a name, a folder or a pattern stands for."""
    try:
        info = fs.info(path)
    except (FileNotFoundError, NotADirectoryError):
        if not _is_pattern(path):
            raise DataError(f"{given}: no such file", field="input") from None
        return files_like(fs, path)
    if info["type"] != "directory":
        return {path: info}
    listed = files_in(fs, path)
    written = {one.rpartition("/")[0] for one in listed if one.endswith(f"/{PLAN}")} - {path.rstrip("/")}
    return {
        one: info
        for one, info in listed.items()
        if _is_data(one.removeprefix(path)) and not any(one.startswith(f"{folder}/") for folder in written)
    }


def _is_in(fs: Any, path: str, folder: tuple[Any, str] | None) -> bool:
    """Tell whether a path leads into a folder."""
    if folder is None or fs != folder[0]:
        return False
    local = isinstance(fs, LocalFileSystem)
    one, whole = (os.path.realpath(name) if local else name for name in (path, folder[1]))
    return one == whole or one.startswith(f"{whole.rstrip('/')}/")


def _info(fs: Any, path: str, name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = again(lambda: fs.info(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(f"{name}: no such file", field="input") from error
    except Exception as error:  # what stores raise is of many types
        raise ReadFailed(f"{name}: {type(error).__name__}: {error}") from error
    return found


def _store(given: str) -> tuple[Any, str]:
    try:
        fs, path = fsspec.core.url_to_fs(given)
    except (ValueError, ImportError) as error:  # an unknown protocol, or one whose library is missing
        raise DataError(f"{given}: {error}", field="input") from error
    return fs, path


def _is_pattern(path: str) -> bool:
    return any(sign in path for sign in "*?[")


def _is_data(path: str) -> bool:
    return is_named_as_data(path) and not any(part.startswith(HIDDEN) for part in path.split("/") if part)


def _kind(path: str) -> str:
    form = form_of(path)
    if form is None:
        raise DataError(f"{path}: wanted {WANTED}", field="input")
    return form


def _file(path: str, info: dict[str, Any]) -> File:
    form = _kind(path)
    if info["type"] != "file":
        raise DataError(f"{path}: wanted a regular file, got a pipe, a device or the like", field="input")
    if path != path.encode("utf-8", "replace").decode():
        raise DataError(f"{path!r}: wanted a name in UTF-8", field="input")
    if info["size"] is None:
        raise DataError(f"{path}: the store does not say how long it is", field="input")
    stamp = next((str(info[key]) for key in ("ETag", "etag", "mtime", "LastModified", "updated") if key in info), "")
    return File(path, form, int(info["size"]), stamp)
