"""How a worker process of this machine behaves toward the process that hands out its work."""

from __future__ import annotations

import os
import signal
import threading
import time

LOOK = 0.5
"""Seconds between two looks for the parent."""


def behave(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end soon after it has ended, however it did: nobody else would tell."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)
