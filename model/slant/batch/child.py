"""How a worker process of this machine behaves toward the process that hands out its work."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

LOOK = 0.5
"""Seconds between two looks for the parent."""
_parents = list[int]()
"""Of a process that was started to work, and may be ended at any moment: the one that started it."""


def behave(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end soon after it has ended, however it did: nobody else would tell."""
    _parents.append(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def expendable() -> bool:
    """Tell whether this process was started to work: if it dies, its work is done by another."""
    return bool(_parents)


def end_if_orphaned() -> None:
    """End this process if it was started to work, and nobody waits for it any more."""
    if _parents and os.getppid() != _parents[-1]:
        os._exit(1)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """End the process by SIGALRM if what is done within takes longer.

    No thread could do it: a thread of Python's waits for as long as a library keeps the interpreter to itself.
    """
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)
