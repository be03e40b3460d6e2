"""Judging in a process apart: a row that kills it, fills its memory or takes too long costs only itself.

So it is where the process that reads and writes may not die: with one worker, and in a cluster. Worker processes of
this machine judge by themselves, and only what they had in hand when one of them died is judged apart.

``main`` is that process: what judges and then lists of queries come in as pickles, outcomes go out one by one. In the
place of a list, ``PROVE`` has what judges pass its own test. The process ends when nobody writes to it any more, or has
not for a while.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any, BinaryIO, cast

from slant.batch.asked import Asked
from slant.batch.child import behave
from slant.batch.judge import TEST, Asking, Judge, Load, Outcome, Query, judge, key_of, prove
from slant.errors import Incomplete, SelfTestFailed, SlantError

MOST_DEATHS = 2
"""Processes that may die at a row before it is given up; only one if it took too long."""
IDLE = 60.0
"""Seconds without work after which the process ends."""
READY = "ready"
"""Is said once what judges is loaded, and once it has passed its own test."""
PROVE = "prove"
"""Asks for the test."""
NO_MEMORY = 77
"""Exit code of a process that had no memory left."""
_held = threading.local()


class Died(Exception):
    """The process apart is no more; ``code`` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Apart:
    """A process that judges, and the way to it."""

    def __init__(self, load: Load, asked: Asked, seconds: float) -> None:
        self.what = (load, asked, seconds)
        self.busy = False
        command = [sys.executable, "-P", "-c", f"from slant.batch import careful; careful.main({os.getpid()})"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, env=_environment(), stdin=pipe, stdout=pipe)  # noqa: S603
        self._to, self._from = cast(BinaryIO, self._process.stdin), cast(BinaryIO, self._process.stdout)

    @property
    def usable(self) -> bool:
        """Tell whether it is there, and nothing is left of earlier work."""
        return not self.busy and self._process.poll() is None

    def start(self) -> None:
        """Wait until what judges is loaded; errors as ``judge``."""
        self._send(self.what)
        self._receive()

    def prove(self) -> None:
        """Wait until what judges has passed its own test; errors as ``judge``."""
        self._send(PROVE)
        self._receive()

    def judge(self, queries: Sequence[Asking]) -> Iterator[Outcome]:
        """Yield what comes of each query.

        Raises
        ------
        SlantError
            What judges cannot be loaded.
        Died
            The process died at the query whose turn it was.
        """
        self.busy = True
        self._send([Query(one.article, one.targets) for one in queries])
        for n in range(1, len(queries) + 1):
            outcome = self._receive()
            self.busy = n < len(queries)
            yield outcome

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _send(self, what: object) -> None:
        try:
            pickle.dump(what, self._to)
            self._to.flush()
        except OSError as error:
            raise Died(self._process.wait()) from error

    def _receive(self) -> Outcome:
        try:
            found = pickle.load(self._from)  # noqa: S301 - from a process of our own
        except Exception as error:  # half a pickle can fail in any way
            self._process.kill()  # if it has not died by itself
            raise Died(self._process.wait()) from error
        if isinstance(found, SlantError):
            raise found
        outcome: Outcome = found
        return outcome


def _environment() -> dict[str, str]:
    """Return an environment in which the same modules are found, and none where the process happens to be."""
    given_as_module = getattr(sys.modules["__main__"], "__spec__", None) is not None and not sys.flags.safe_path
    paths = sys.path[1:] if given_as_module and sys.path[:1] == [os.getcwd()] else sys.path
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONSAFEPATH": "1"}


def prove_carefully(load: Load, asked: Asked, seconds: float) -> None:
    """Have what judges pass its own test.

    Raises
    ------
    SlantError
        What judges cannot be loaded, or fails, or kills the processes that test it.
    """
    for left in reversed(range(MOST_DEATHS)):
        try:
            return _apart(load, asked, seconds).prove()
        except Died as error:
            let_go()
            if not left or error.code == -signal.SIGALRM:
                raise SelfTestFailed(f"self-test: {_reason(error, TEST)}") from error
    raise AssertionError


def judge_carefully(load: Load, asked: Asked, queries: Sequence[Asking], seconds: float) -> Iterator[Outcome]:
    """Yield what comes of each query, in order; of one that is given up, why.

    Raises
    ------
    SlantError
        What judges cannot be loaded.
    """
    done, deaths, given_up = 0, 0, dict[object, str]()
    while done < len(queries):
        if given_up and (reason := given_up.get(key_of(queries[done]))):
            yield reason
            done += 1
            continue
        wanted = list(takewhile(lambda one: not given_up or key_of(one) not in given_up, queries[done:]))
        try:
            for outcome in _apart(load, asked, seconds).judge(wanted):
                yield outcome
                done, deaths = done + 1, 0
        except Died as error:
            let_go()
            deaths += 1
            if deaths == MOST_DEATHS or error.code == -signal.SIGALRM:
                given_up[key_of(queries[done])] = _reason(error, seconds)
                deaths = 0


def _reason(error: Died, seconds: float) -> str:
    if error.code == -signal.SIGALRM:
        return f"it took longer than {seconds:g} seconds to judge"
    if error.code == NO_MEMORY:
        return f"it took all memory of {MOST_DEATHS} processes that judged it"
    return f"it killed {MOST_DEATHS} processes that judged it"


def _apart(load: Load, asked: Asked, seconds: float) -> Apart:
    """Return this thread's process, the one from before if it judges with the same.

    Raises
    ------
    Incomplete
        None can be started.
    """
    held: Apart | None = getattr(_held, "process", None)
    if held is not None and held.what == (load, asked, seconds) and held.usable:
        return held
    for left in reversed(range(MOST_DEATHS)):
        let_go()
        begun = _held.process = Apart(load, asked, seconds)
        try:
            begun.start()
        except Died as error:
            if not left:
                raise Incomplete(f"the process that judges ends before it begins, with code {error.code}") from error
        else:
            return begun
    raise AssertionError


def let_go() -> None:
    """End this thread's process, if there is one."""
    held: Apart | None = getattr(_held, "process", None)
    if held is not None:
        held.end()
    _held.process = None


def main(parent: int) -> None:
    """Judge what standard input says until it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    behave(parent)
    load, asked, seconds = pickle.load(sys.stdin.buffer)  # noqa: S301 - from who started this
    try:
        classifier = load(asked)
    except SlantError as error:
        pickle.dump(error, answers)
        return
    _tell(READY, answers)
    while queries := _next():  # what waits in vain ends: a cluster's workers stay when a run is over
        try:
            if queries == PROVE:
                _prove(classifier, answers)
                continue
            for outcome in judge(classifier, asked, queries, seconds):
                _tell(outcome, answers)
        except MemoryError:
            os._exit(NO_MEMORY)


def _prove(classifier: Judge, answers: BinaryIO) -> None:
    try:
        prove(classifier)
    except SlantError as error:
        pickle.dump(error, answers)
        answers.flush()
    else:
        _tell(READY, answers)


def _tell(outcome: Outcome, answers: BinaryIO) -> None:
    try:
        raw = pickle.dumps(outcome)
    except Exception as error:  # whatever is wrong with an answer costs this one
        raw = pickle.dumps(f"the model failed: {type(error).__name__}")
    answers.write(raw)
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
