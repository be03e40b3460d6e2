"""A store that fails now and then: a folder of this machine behind the name flaky://, as an object store would be.

What fails is said by the environment, so that worker processes know it too: FLAKY="read=3,short=5" lets every third read
fail and every fifth come short, each once, for what is counted goes on. Kinds: read, short, write, list, rename (what is
written is there, and the answer gets lost), remove, slow.
"""

from __future__ import annotations

import io
import os
import threading
import uuid
from collections import Counter
from pathlib import Path
from typing import Any, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

NAME = "FLAKY"
FIRST = "FLAKY_FIRST"
"""In the environment: where counting begins, so that what does the same again does not fail at the same again."""
KINDS = ("read", "short", "write", "list", "rename", "remove", "slow")
COUNTED = Counter(dict.fromkeys(KINDS, int(os.environ.get(FIRST, "0"))))
"""How often what kind of thing was asked for, in this process."""
INJECTED = Counter[str]()
"""How often it failed."""


def due(kind: str) -> bool:
    """Count what is asked for; tell whether it fails this time."""
    said = dict(one.split("=") for one in os.environ.get(NAME, "").split(",") if one)
    COUNTED[kind] += 1
    fails = kind in said and COUNTED[kind] % int(said[kind]) == 0
    INJECTED[kind] += fails
    return fails


def ask(kind: str) -> None:
    """Fail if it is time to."""
    if due("slow"):
        threading.Event().wait(0.002)
    if due(kind):
        raise OSError(f"injected: {kind}")


class FlakyFile(io.FileIO):
    """A file that is read with failures."""

    def read(self, size: int | None = -1) -> bytes:
        ask("read")
        short = due("short") and size is not None and size > 1
        return super().read(size // 2 if short and size else size) or b""


class FlakyStore(LocalFileSystem):  # type: ignore[misc]
    """The store."""

    protocol = "flaky"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return cast(str, super()._strip_protocol(str(path).removeprefix("flaky://")))

    def unstrip_protocol(self, name: str) -> str:
        return f"flaky://{self._strip_protocol(name)}"

    def _open(self, path: str, mode: str = "rb", **_: Any) -> io.FileIO:
        assert mode == "rb"
        return FlakyFile(path)

    def open(self, path: str, mode: str = "rb", **_: Any) -> io.FileIO:
        return self._open(self._strip_protocol(path), mode)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        with self.open(path) as file:
            file.seek(start or 0)
            return file.read(os.path.getsize(self._strip_protocol(path)) if end is None else end - (start or 0))

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
        """Write a file that is there whole or not at all, as an object is; once made, it is not made again."""
        ask("write")
        place = Path(self._strip_protocol(path))
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.parent.parent / f".{uuid.uuid4().hex}"
        beside.write_bytes(value)
        try:
            os.link(beside, place) if mode == "create" else os.replace(beside, place)
        finally:
            beside.unlink(missing_ok=True)
        ask("rename")

    def rm_file(self, path: str) -> None:
        ask("remove")
        super().rm_file(path)

    def ls(self, path: str, detail: bool = False, **options: Any) -> list[Any]:
        ask("list")
        return cast(list[Any], super().ls(path, detail, **options))

    def info(self, path: str | os.DirEntry[str], **options: Any) -> dict[str, Any]:
        if not isinstance(path, os.DirEntry):
            ask("list")
        return cast(dict[str, Any], super().info(path, **options))


fsspec.register_implementation("flaky", FlakyStore, clobber=True)
