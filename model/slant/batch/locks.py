"""Locks that keep a second run out of a folder, and that the dead do not hold."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from slant.errors import Locked

LEASE = 30.0
"""Seconds without a sign of life after which the owner of a lock in an object store counts as dead."""
BEATS = 4
"""Signs of life in that time."""


@contextlib.contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold a lock on a file: the system lets go of it when the process ends, however it ends.

    Raises:
        Locked: another process holds it.
    """
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout as error:
        raise Locked(f"{path.parent}: another run is at work there") from error


@contextlib.contextmanager
def lease(fs: Any, path: str, seconds: float = LEASE) -> Iterator[None]:
    """Hold an object that says who is at work, and give signs of life in it.

    Whoever finds it watches for ``seconds``, by no clock but its own, and takes it over if nothing moves.

    Raises:
        Locked: its owner is alive.
    """
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "run": uuid.uuid4().hex}
    if not _created(fs, path, owner) and not (_dead(fs, path, seconds) and _taken_over(fs, path, owner)):
        raise Locked(f"{path.rpartition('/')[0]}: another run is at work there")
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(fs, path, owner, seconds / BEATS, ended), daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()
        with contextlib.suppress(FileNotFoundError):
            fs.rm_file(path)


def _created(fs: Any, path: str, owner: dict[str, Any]) -> bool:
    try:
        fs.pipe_file(path, json.dumps(owner).encode(), mode="create")
    except FileExistsError:
        return False
    return True


def _dead(fs: Any, path: str, seconds: float) -> bool:
    """Tell whether the lock stays as it is for so long; it is dead too if it goes."""
    first, end = _content(fs, path), time.monotonic() + seconds
    while time.monotonic() < end:
        if _content(fs, path) != first:
            return False
        time.sleep(seconds / BEATS / 2)
    return True


def _content(fs: Any, path: str) -> bytes | None:
    try:
        found: bytes = fs.cat_file(path)
    except FileNotFoundError:
        return None
    return found


def _taken_over(fs: Any, path: str, owner: dict[str, Any]) -> bool:
    with contextlib.suppress(FileNotFoundError):
        fs.rm_file(path)
    return _created(fs, path, owner)


def _beat(fs: Any, path: str, owner: dict[str, Any], pause: float, ended: threading.Event) -> None:
    n = 0
    while not ended.wait(pause):
        n += 1
        with contextlib.suppress(OSError):  # the store is away for a moment: the next beat may come through
            fs.pipe_file(path, json.dumps(owner | {"beat": n}).encode())
