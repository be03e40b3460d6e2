"""Pieces spread over processes: those of this machine, or of a Dask cluster, by joblib either way."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError

from slant.errors import BatchError, MissingExtra

A = TypeVar("A")
B = TypeVar("B")


WAIT = "10s"
"""For an answer of a cluster's scheduler."""


class WorkerDied(Exception):
    """A process that worked is gone, and with it what it had in hand."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who works: so many processes of this machine, or all of the cluster whose scheduler is at an address."""

    workers: int
    cluster: str | None = None

    @property
    def alone(self) -> bool:
        """Tell whether this process does all the work by itself."""
        return self.cluster is None and self.workers == 1

    def spread(self, work: Callable[[A], B], over: Sequence[A]) -> Generator[B]:
        """Yield what ``work`` returns, in whatever order it comes.

        Raises:
            WorkerDied: start again with what is left.
            BatchError: the cluster cannot be reached, or has no workers.
        """
        with self._hired():
            found = Parallel(return_as="generator_unordered", batch_size=1)(delayed(work)(one) for one in over)
            try:
                for one in found:  # noqa: UP028 - closing is ours to do, below
                    yield one
            except TerminatedWorkerError as error:
                raise WorkerDied("a worker process died") from error
            finally:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # that work in hand is lost is what a cut means
                    found.close()

    @contextlib.contextmanager
    def _hired(self) -> Iterator[None]:
        if self.cluster is None:
            with parallel_config("loky", n_jobs=self.workers, inner_max_num_threads=1):
                yield
            return
        with _client(self.cluster) as client, parallel_config("dask", client=client, n_jobs=-1):
            yield


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtra("cluster", str(error.name)) from error
    try:
        return Client(address, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BatchError(f"cluster {address}: cannot be reached: {error}") from error
