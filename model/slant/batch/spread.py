"""Pieces spread over processes: those of this machine, or of a Dask cluster, by joblib either way."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TypeVar

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from slant.batch.child import behave
from slant.batch.cluster import WorkerDied, hired, watched

AHEAD = 2_000
"""Pieces that a cluster knows of ahead: as many workers may join it while it works, and find some to do."""
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Crew:
    """Who works: so many processes of this machine, or all of the cluster whose scheduler is at an address."""

    workers: int
    cluster: str | None = None

    @property
    def alone(self) -> bool:
        """Tell whether this process does all the work by itself."""
        return self.cluster is None and self.workers == 1

    def spread(self, work: Callable[[A], B], over: Iterable[A]) -> Generator[B]:
        """Yield what ``work`` returns, in whatever order it comes.

        Raises:
            WorkerDied: start again with what is left.
            BatchError: the cluster cannot be reached.
            Incomplete: its scheduler is gone.
        """
        return self._by_processes(work, over) if self.cluster is None else self._by_cluster(self.cluster, work, over)

    def _by_processes(self, work: Callable[[A], B], over: Iterable[A]) -> Generator[B]:
        ours = {"initializer": behave, "initargs": (os.getpid(),)}
        with parallel_config("loky", n_jobs=self.workers, inner_max_num_threads=1, **ours):
            found = _begun(work, over, "2*n_jobs")
            try:
                for one in found:  # noqa: UP028 - closing is ours to do, below
                    yield one
            except TerminatedWorkerError as error:
                raise WorkerDied("a worker process died") from error
            finally:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # that work in hand is lost is what a cut means
                    found.close()
        if not self.alone:  # or joblib takes the model that a process loads for a leak since its last work
            get_reusable_executor().shutdown()

    def _by_cluster(self, address: str, work: Callable[[A], B], over: Iterable[A]) -> Generator[B]:
        with hired(address) as cluster:
            yield from watched(_begun(work, over, AHEAD), cluster)


def _begun(work: Callable[[A], B], over: Iterable[A], ahead: int | str) -> Generator[B]:
    spreading = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch=ahead)
    found: Generator[B] = spreading(delayed(work)(one) for one in over)
    return found
