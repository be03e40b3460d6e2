"""A folder, on this machine or in an object store, in which files are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import fsspec

from slant.batch.locks import file_lock, lease

BESIDE = ".writing-"
"""Begins the names of files that are not whole yet; what a kill leaves of them is removed."""
LOCK = "_lock"


@dataclass(frozen=True, slots=True)
class Store:
    """The folder ``url``. Names in it may have one folder before them.

    A file on this machine is written beside its name, forced to the disk, and renamed. Object stores show an
    object when all of it has come, so there it is written under its name at once.
    """

    url: str

    @property
    def local(self) -> bool:
        """Tell whether it is on this machine, or on a disk that this machine has mounted."""
        return "local" in self._fs.protocol or "file" in self._fs.protocol

    def make(self) -> None:
        """Make the folder, if there is none."""
        self._fs.makedirs(self._path, exist_ok=True)

    def put(self, name: str, content: bytes) -> None:
        """Write a file, in the place of one that may be there."""
        if not self.local:
            self._fs.pipe_file(f"{self._path}/{name}", content)
            return
        place = Path(self._path, name)
        place.parent.mkdir(exist_ok=True)
        beside = place.with_name(f"{BESIDE}{place.name}-{uuid.uuid4().hex}")
        try:
            with open(beside, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, place)
        finally:
            beside.unlink(missing_ok=True)

    def get(self, name: str) -> bytes | None:
        """Return what a file holds; ``None`` if there is none."""
        try:
            return cast(bytes, self._fs.cat_file(f"{self._path}/{name}"))
        except FileNotFoundError:
            return None

    def get_all(self, names: Iterable[str]) -> list[bytes]:
        """Return what files hold, in order; from an object store many at a time."""
        paths = [f"{self._path}/{name}" for name in names]
        found: dict[str, bytes] = self._fs.cat(paths) if paths else {}
        return [found[path] for path in paths]

    def names(self) -> set[str]:
        """Return the names of all files, as they are now."""
        self._fs.invalidate_cache()
        return {one.removeprefix(self._path).lstrip("/") for one in self._fs.find(self._path)}

    def remove(self, names: Iterable[str]) -> None:
        """Remove files that may be there; from an object store many at a time."""
        paths = [f"{self._path}/{name}" for name in names]
        for some in [[path] for path in paths] if self.local else [paths] if paths else []:
            with contextlib.suppress(FileNotFoundError):
                self._fs.rm(some)

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keep all others out for as long as this is entered; entering raises ``Locked`` if another is in."""
        return file_lock(Path(self._path, LOCK)) if self.local else lease(self._fs, f"{self._path}/{LOCK}")

    @property
    def _fs(self) -> Any:
        return self._found[0]

    @property
    def _path(self) -> str:
        return self._found[1]

    @property
    def _found(self) -> tuple[Any, str]:
        found: tuple[Any, str] = fsspec.core.url_to_fs(self.url)  # fsspec keeps what it opened
        return found
