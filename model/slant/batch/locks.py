"""Locks that keep a second run out of a folder, and that the dead do not hold."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from slant.batch.again import again
from slant.errors import Locked, OptionError

LEASE = 30.0
"""Seconds without a sign of life after which the owner of a lock in an object store counts as dead."""
BEATS = 4
"""Signs of life in that time."""


@contextlib.contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold a lock on a file: the system lets go of it when the process ends, however it ends.

    Raises
    ------
    Locked
        Another process holds it.
    OptionError
        There is something else in its place.
    """
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout as error:
        raise Locked(f"{path.parent}: another run is at work there") from error
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise OptionError(f"{path}: wanted a file of Slant's own, got a link", field="out") from error
        raise


@dataclass(frozen=True, slots=True)
class Term:
    """A run's turn at a folder in an object store: the ``number`` of its lock there, and the run's own name."""

    path: str
    number: int
    run: str

    @property
    def lock(self) -> str:
        """Return the name of the lock: it says who holds it, and is written once."""
        return self.path if self.number == 1 else f"{self.path}-{self.number}"

    @property
    def pulse(self) -> str:
        """Return the name of the object that shows signs of life: nobody else writes to it."""
        return f"{self.path}-of-{self.run}"

    def after(self, run: str) -> Term:
        """Return the turn of who takes over."""
        return Term(self.path, self.number + 1, run)

    def check(self, fs: Any) -> None:
        """Make sure that the turn is not over.

        Raises
        ------
        Locked
            Another run has taken over.
        OSError
            It cannot be known: the store does not answer, however often it is asked.
        """
        if not self._is_mine(fs):
            folder = self.path.rpartition("/")[0]
            raise Locked(f"{folder}: another run has taken over, for this one gave no sign of life for too long")

    def _is_mine(self, fs: Any) -> bool:
        return _run_of(_content(fs, self.lock)) == self.run and _content(fs, self.after("").lock) is None


@contextlib.contextmanager
def lease(fs: Any, path: str, seconds: float = LEASE) -> Iterator[Term]:
    """Hold an object that says who is at work, and give signs of life beside it.

    Whoever finds one watches for ``seconds``, by no clock but its own, and takes over if nothing moves: by making the
    next lock, which a store lets only one of them do. Nobody ever writes over what another has made, so that who was
    taken for dead and wakes up finds out, and harms nobody.

    Raises
    ------
    Locked
        Its owner is alive.
    """
    term = _begun(fs, path, seconds)
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(fs, term, seconds / BEATS, ended), daemon=True)
    beating.start()
    try:
        yield term
    finally:
        ended.set()
        beating.join()
        _end(fs, term)


def _begun(fs: Any, path: str, seconds: float) -> Term:
    """Return a turn that has begun."""
    run = uuid.uuid4().hex
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "run": run}
    term = Term(path, 1, run)
    while not _taken(fs, term, owner):
        held = _last(fs, path)
        if not _dead(fs, held, seconds):
            raise Locked(f"{path.rpartition('/')[0]}: another run is at work there")
        gone = _content(fs, held.lock) is None
        term = Term(path, 1, run) if gone else held.after(run)
    return term


def _taken(fs: Any, term: Term, owner: dict[str, Any]) -> bool:
    """Make a lock, if there is neither this one nor a later one."""
    if not _created(fs, term.lock, owner):
        return False
    if _content(fs, term.after("").lock) is None:
        return True
    _remove(fs, term.lock)
    return False


def _last(fs: Any, path: str) -> Term:
    """Return the turn of who holds the lock: of those that there are, the last."""
    term = Term(path, 1, "")
    while _content(fs, term.after("").lock) is not None:
        term = term.after("")
    return Term(term.path, term.number, _run_of(_content(fs, term.lock)) or "")


def _created(fs: Any, path: str, owner: dict[str, Any]) -> bool:
    try:
        fs.pipe_file(path, json.dumps(owner).encode(), mode="create")
    except FileExistsError:
        return False
    return True


def _dead(fs: Any, held: Term, seconds: float) -> bool:
    """Tell whether a lock stays as it is for so long, and gives no sign of life; it is dead too if it goes."""
    first, end = _seen(fs, held), time.monotonic() + seconds
    while time.monotonic() < end:
        now = _seen(fs, held)
        if now[0] is None:
            return True
        if now != first:
            return False
        time.sleep(seconds / BEATS / 2)
    return True


def _seen(fs: Any, held: Term) -> tuple[bytes | None, ...]:
    return _content(fs, held.lock), _content(fs, held.pulse), _content(fs, held.after("").lock)


def _content(fs: Any, path: str) -> bytes | None:
    """Return what a lock or a pulse holds, ``None`` if it is not there; half of it would tell of something else.

    Raises
    ------
    OSError
        It cannot be read to its end, however often it is tried.
    """

    def read() -> bytes:
        found: bytes = fs.cat_file(path)
        if len(found) != fs.info(path)["size"]:
            raise OSError(f"{path}: a read came short")
        return found

    try:
        return again(read)
    except FileNotFoundError:
        return None


def _run_of(content: bytes | None) -> str | None:
    """Return the name of the run that made a lock; ``None`` if the lock does not say."""
    with contextlib.suppress(ValueError, TypeError, KeyError):
        return str(json.loads(content or b"")["run"])
    return None


def _beat(fs: Any, term: Term, pause: float, ended: threading.Event) -> None:
    n = 0
    while not ended.wait(pause):
        n += 1
        with contextlib.suppress(Exception):  # the store is away for a moment: the next beat may come through
            fs.pipe_file(term.pulse, str(n).encode())


def _end(fs: Any, term: Term) -> None:
    """Take away what is left of this turn and of those before it; of one that was taken over, only the pulse."""
    locks = [Term(term.path, number, "") for number in range(term.number, 0, -1)]
    with contextlib.suppress(Exception):  # what stays is dead, and who comes next waits a little
        term.check(fs)
        for one in locks:
            _remove(fs, Term(term.path, one.number, _run_of(_content(fs, one.lock)) or "").pulse)
            _remove(fs, one.lock)
    with contextlib.suppress(Exception):
        _remove(fs, term.pulse)


def _remove(fs: Any, path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        fs.rm_file(path)
