"""An existing Dask cluster: reached by its scheduler's address, and watched, for it may go while it is waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from joblib import parallel_config

from slant.errors import BatchError, Incomplete, MissingExtra

T = TypeVar("T")
WAIT = "10s"
"""For the first answer of a scheduler."""
PATIENCE = 30.0
"""Seconds that a scheduler may be gone: after that, it is taken for lost with all that it knew."""
GONE = "the cluster's scheduler is gone; what is done is kept"
LOOK = 1.0
"""Seconds between two looks for it."""


class WorkerDied(Exception):
    """A process that worked is gone, and with it what it had in hand."""


def client(address: str) -> Any:
    """Return a client of a cluster.

    Raises:
        BatchError: it cannot be reached.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtra("cluster", str(error.name)) from error
    try:
        return Client(address, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BatchError(f"cluster {address}: cannot be reached: {error}") from error


@contextmanager
def hired(address: str) -> Iterator[Any]:
    """Have joblib's work done by a cluster, and yield a client of it; errors as ``client``."""
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):  # type: ignore[misc]
        """A cluster never counts as one core: joblib would do all the work here instead."""

        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(2, int(super().effective_n_jobs(n_jobs)))

    with client(address) as cluster, parallel_config(Backend(client=cluster), n_jobs=-1):
        yield cluster


def watched(found: Iterable[T], cluster: Any) -> Generator[T]:
    """Yield what a cluster finds, for as long as its scheduler is there: joblib would wait for it for ever.

    Raises:
        Incomplete: the scheduler is gone.
        WorkerDied: workers died at the same work, too often for Dask.
    """
    results, ended = SimpleQueue[Any](), object()
    threading.Thread(target=_pull, args=(found, results, ended), daemon=True).start()
    seen = time.monotonic()
    while True:
        if cluster.status == "running":
            seen = time.monotonic()
        elif time.monotonic() - seen > PATIENCE:
            raise Incomplete(GONE)
        try:
            one = results.get(timeout=LOOK)
        except Empty:
            continue
        if one is ended:
            return
        if isinstance(one, BaseException):
            raise _told(one) from one
        yield one


def _told(error: BaseException) -> BaseException:
    """Return what an error of Dask means here."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    if isinstance(error, CommClosedError | FutureCancelledError):
        return Incomplete(GONE)
    return WorkerDied("workers of the cluster died") if isinstance(error, KilledWorker) else error


def _pull(found: Iterable[T], results: SimpleQueue[Any], ended: object) -> None:
    try:
        for one in found:
            results.put(one)
    except BaseException as error:
        results.put(error)
    results.put(ended)
