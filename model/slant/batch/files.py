"""Input files: found by name, folder or pattern, on this machine or in any store that fsspec knows, and opened."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import fsspec
import pyarrow as pa

from slant.errors import DataError

FORMS = {"jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "tsv": "csv", "parquet": "parquet", "pq": "parquet"}
PACKINGS = {"gz": "gzip", "gzip": "gzip", "zst": "zstd", "zstd": "zstd"}
WANTED = ".jsonl, .csv or .parquet, the first two also with .gz or .zst behind it"
BLOCK = 2**20
"""Bytes read at a time."""
HIDDEN = ("_", ".")
"""In a folder, files whose names begin so are not data: marks and leftovers of whoever wrote there."""


@dataclass(frozen=True, slots=True)
class File:
    """One input file. ``stamp`` changes when the file does: its time of change, or a store's own mark."""

    path: str
    form: str
    packing: str | None
    size: int
    stamp: str


def find(inputs: Iterable[str]) -> list[File]:
    """Return the files that names, folders and patterns stand for, each once, in the order of their paths.

    Raises:
        DataError: one of them stands for nothing, or for a file of another kind.
    """
    found = {file.path: file for given in inputs for file in _find(given)}
    if not found:
        raise DataError("no input: wanted files, folders or patterns", field="input")
    return [found[path] for path in sorted(found)]


def look(path: str) -> File:
    """Return a file as it is now.

    Raises:
        DataError: it is gone, or of another kind.
    """
    _kind(path)
    fs, inner = fsspec.core.url_to_fs(path)
    fs.invalidate_cache()
    try:
        return _file(path, fs.info(inner))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file", field="input") from error


def opened(file: File) -> BinaryIO:
    """Open a file of lines as a stream of its unpacked bytes; a packed one can only be read onward."""
    raw = fsspec.open(file.path, "rb").open()
    if file.packing is None:
        return cast(BinaryIO, raw)
    unpacked = pa.CompressedInputStream(pa.PythonFile(raw, "r"), file.packing)
    return cast(BinaryIO, io.BufferedReader(unpacked))


def between(file: File, start: int, stop: int) -> bytes:
    """Return the bytes of an unpacked file from ``start`` to ``stop``, and reads no others."""
    fs, path = fsspec.core.url_to_fs(file.path)
    return cast(bytes, fs.cat_file(path, start=start, end=stop))


def _find(given: str) -> Iterator[File]:
    fs, path = _store(given)
    fs.invalidate_cache()  # a store's listing may be older than the files
    if fs.isdir(path):
        listed = {one: info for one, info in fs.find(path, detail=True).items() if _is_data(one.removeprefix(path))}
    elif _is_pattern(path) and not fs.exists(path):
        listed = {one: info for one, info in fs.glob(path, detail=True).items() if info["type"] == "file"}
    else:
        yield look(fs.unstrip_protocol(path) if "://" in given else path)
        return
    if not listed:
        raise DataError(f"{given}: no data in it; wanted {WANTED}", field="input")
    for one, info in listed.items():
        yield _file(fs.unstrip_protocol(one) if "://" in given else one, info)


def _store(given: str) -> tuple[Any, str]:
    try:
        fs, path = fsspec.core.url_to_fs(given)
    except (ValueError, ImportError) as error:  # an unknown protocol, or one whose library is missing
        raise DataError(f"{given}: {error}", field="input") from error
    return fs, path


def _is_pattern(path: str) -> bool:
    return any(sign in path for sign in "*?[")


def _is_data(path: str) -> bool:
    hidden = any(part.startswith(HIDDEN) for part in path.split("/") if part)
    return not hidden and _kind_or_none(path) is not None


def _kind(path: str) -> tuple[str, str | None]:
    kind = _kind_or_none(path)
    if kind is None:
        raise DataError(f"{path}: wanted {WANTED}", field="input")
    return kind


def _kind_or_none(path: str) -> tuple[str, str | None] | None:
    """Return a file's form and packing, from the ends of its name."""
    name, _, last = path.lower().rpartition(".")
    packing = PACKINGS.get(last)
    form = FORMS.get(name.rpartition(".")[2] if packing else last)
    return None if form is None or (packing and form == "parquet") else (form, packing)


def _file(path: str, info: dict[str, Any]) -> File:
    form, packing = _kind(path)
    stamp = next((str(info[key]) for key in ("ETag", "etag", "mtime", "LastModified", "updated") if key in info), "")
    return File(path, form, packing, int(info["size"]), stamp)
