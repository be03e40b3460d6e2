"""Judging in a process apart, once workers have died: a row that kills it is found, and costs only itself.

``main`` is that process: what judges and then lists of rows come in as pickles, outcomes go out one by one. It ends
when nobody writes to it any more, or has not for a while.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, cast

from slant.batch.asked import Asked
from slant.batch.judge import Load, Outcome, judge
from slant.batch.rows import Row
from slant.errors import SlantError

MOST_DEATHS = 2
"""Processes that may die at a row before it is given up."""
IDLE = 60.0
"""Seconds without work after which the process ends."""
_held = threading.local()


class Died(Exception):
    """The process apart is no more."""


class Apart:
    """A process that judges, and the way to it."""

    def __init__(self, load: Load, asked: Asked) -> None:
        self.what = (load, asked)
        command = [sys.executable, "-c", "from slant.batch import careful; careful.main()"]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe)  # noqa: S603
        self._to, self._from = cast(BinaryIO, self._process.stdin), cast(BinaryIO, self._process.stdout)
        self._send(self.what)

    @property
    def alive(self) -> bool:
        """Tell whether it is there."""
        return self._process.poll() is None

    def judge(self, rows: Sequence[Row]) -> Iterator[Outcome]:
        """Yield what comes of each row.

        Raises:
            SlantError: what judges cannot be loaded.
            Died: the process died at the row whose turn it was.
        """
        self._send(rows)
        for _ in rows:
            yield self._receive()

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _send(self, what: object) -> None:
        try:
            pickle.dump(what, self._to)
            self._to.flush()
        except OSError as error:
            raise Died from error

    def _receive(self) -> Outcome:
        try:
            found = pickle.load(self._from)  # noqa: S301 - from a process of our own
        except (EOFError, pickle.UnpicklingError) as error:
            raise Died from error
        if isinstance(found, SlantError):
            raise found
        outcome: Outcome = found
        return outcome


def judge_carefully(load: Load, asked: Asked, rows: Sequence[Row]) -> Iterator[Outcome]:
    """Yield what comes of each row, in order; of one at which ``MOST_DEATHS`` processes died, that they did.

    Raises:
        SlantError: what judges cannot be loaded.
    """
    done, deaths = 0, 0
    while done < len(rows):
        try:
            for outcome in _apart(load, asked).judge(rows[done:]):
                yield outcome
                done, deaths = done + 1, 0
        except Died:
            let_go()
            deaths += 1
        if deaths == MOST_DEATHS:
            yield f"it killed {MOST_DEATHS} processes that judged it"
            done, deaths = done + 1, 0


def _apart(load: Load, asked: Asked) -> Apart:
    """Return this thread's process, the one from before if it judges with the same."""
    held: Apart | None = getattr(_held, "process", None)
    if held is None or held.what != (load, asked) or not held.alive:
        let_go()
        held = _held.process = Apart(load, asked)
    return held


def let_go() -> None:
    """End this thread's process, if there is one."""
    held: Apart | None = getattr(_held, "process", None)
    if held is not None:
        held.end()
    _held.process = None


def main() -> None:
    """Judge what standard input says until it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    load, asked = pickle.load(sys.stdin.buffer)  # noqa: S301 - from who started this
    try:
        classifier = load(asked)
    except SlantError as error:
        pickle.dump(error, answers)
        return
    while rows := _next():  # what waits in vain ends: a cluster's workers stay when a run is over
        for outcome in judge(classifier, asked, rows):
            pickle.dump(outcome, answers)
            answers.flush()


def _next() -> Any:
    """Return what comes next; ``None`` if nothing does. After ``IDLE`` seconds the process ends by itself."""
    alarm = threading.Timer(IDLE, os._exit, (0,))
    alarm.start()
    try:
        return pickle.load(sys.stdin.buffer)  # noqa: S301 - from who started this
    except EOFError:
        return None
    finally:
        alarm.cancel()
