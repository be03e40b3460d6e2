"""The process that workers are forked from: it has loaded what they share."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from multiprocessing import forkserver

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["slant_service.worker", "slant_service.preload"])


def prepare() -> None:
    """Start it now, so that it loads while the service itself does; without this it starts with the first worker.

    No process that the service starts looks for modules in the working directory: whoever can write a file there
    could run code otherwise. A SIGHUP that comes before the service can take it does nothing. A SIGTERM, which uvicorn
    gives back once it has done what it had to, ends the process as its last line would: with 0, and with nothing left
    among temporary files.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    forkserver.ensure_running()
