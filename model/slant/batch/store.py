"""A folder, on this machine or in an object store, in which files are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

import fsspec

from slant.batch.again import again
from slant.batch.child import end_if_orphaned
from slant.batch.files import ReadFailed
from slant.batch.listing import files_in
from slant.batch.locks import Term, file_lock, lease

BESIDE = ".writing-"
"""Begins the names of files that are not whole yet; what a kill leaves of them is removed."""
LOCK = "_lock"
"""Begins the names of what keeps a second run out."""


@dataclass(frozen=True, slots=True)
class Store:
    """The folder ``url``. Names in it may have one folder before them.

    A file on this machine is written beside its name, forced to the disk, and renamed. Object stores show an
    object when all of it has come, so there it is written under its name at once, but only in one's own ``term``.
    """

    url: str
    term: Term | None = None

    @property
    def local(self) -> bool:
        """Tell whether it is on this machine, or on a disk that this machine has mounted."""
        return "local" in self._fs.protocol or "file" in self._fs.protocol

    def make(self) -> None:
        """Make the folder, if there is none."""
        self._fs.makedirs(self._path, exist_ok=True)

    def put(self, name: str, content: bytes | IO[bytes]) -> None:
        """Write a file, in the place of one that may be there.

        Raises
        ------
        Locked
            Another run has taken over.
        OSError
            It cannot be written.
        """
        self._check()
        if not self.local:
            self._fs.pipe_file(f"{self._path}/{name}", content if isinstance(content, bytes) else _all(content))
            return
        place = Path(self._path, name)
        place.parent.mkdir(exist_ok=True)
        beside = place.with_name(f"{BESIDE}{place.name}-{uuid.uuid4().hex}")
        try:
            with open(beside, "wb") as file:
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    content.seek(0)
                    shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, place)
        finally:
            beside.unlink(missing_ok=True)

    def get(self, name: str) -> bytes | None:
        """Return what a file holds; ``None`` if there is none."""
        path = f"{self._path}/{name}"
        self._fs.invalidate_cache()

        def read() -> bytes:
            found, size = cast(bytes, self._fs.cat_file(path)), self._fs.info(path)["size"]
            if len(found) != size:
                raise ReadFailed(f"{name}: a read came short: {len(found)} bytes of {size}")
            return found

        try:
            return again(read)
        except FileNotFoundError:
            return None

    def get_all(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return what files hold by name, without those that cannot be read; from an object store many at a time."""
        paths = {f"{self._path}/{name}": name for name in names}
        found: dict[str, Any] = self._fs.cat(list(paths), on_error="omit") if paths else {}
        return {paths[path]: content for path, content in found.items()}

    def sizes(self) -> dict[str, int]:
        """Return the sizes of all files by name, as they are now."""
        self._fs.invalidate_cache()
        found = again(lambda: files_in(self._fs, self._path))
        return {one.removeprefix(self._path).lstrip("/"): int(info["size"]) for one, info in found.items()}

    def remove(self, names: Iterable[str]) -> None:
        """Remove files that may be there; from an object store many at a time. Errors as ``put``."""
        paths = [f"{self._path}/{name}" for name in names]
        if paths:
            self._check()
        if len(paths) > 1 and not self.local:
            with contextlib.suppress(FileNotFoundError):
                self._fs.rm(paths)
            return
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                self._fs.rm_file(path)

    @contextlib.contextmanager
    def locked(self) -> Iterator[Store]:
        """Keep all others out for as long as this is entered; yield the folder as this run may write to it.

        Raises
        ------
        Locked
            Another run is in it.
        """
        if self.local:
            with file_lock(Path(self._path, LOCK)):
                yield self
        else:
            with lease(self._fs, f"{self._path}/{LOCK}") as term:
                yield replace(self, term=term)

    def _check(self) -> None:
        """Make sure that whoever works for a run still may."""
        end_if_orphaned()
        if self.term is not None:
            self.term.check(self._fs)

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


def _all(content: IO[bytes]) -> bytes:
    content.seek(0)
    return content.read()
