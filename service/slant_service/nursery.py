"""The process that workers are forked from: it has loaded what they share."""

from __future__ import annotations

import multiprocessing
from multiprocessing import forkserver

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["slant_service.worker", "slant_service.shared"])


def prepare() -> None:
    """Start it now, so that it loads while the service itself does; without this it starts with the first worker."""
    forkserver.ensure_running()
