"""The bundle's life in the service: loaded and proven, swapped for another, rolled back; and the way to its workers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from pathlib import Path

import structlog
from threadpoolctl import threadpool_limits

from slant.errors import BundleError
from slant.inference.bundle import assemble_bundle
from slant.inference.classifier import Classifier
from slant.inference.manifest import Manifest
from slant.inference.stored import bundle_folder, read_bundle
from slant_service import schemas
from slant_service.errors import Busy, NotReady, problem
from slant_service.fair_queue import FairQueue, QueueFull, Ticket
from slant_service.jobs import Answered, Expired, Job, Loaded, Refused
from slant_service.metrics import Metrics
from slant_service.pool import Batching, Pool
from slant_service.settings import Settings
from slant_service.worker import Load

log = structlog.get_logger()
Source = Callable[[str, int], Load]
"""Reads the bundle of a name or path, for workers with so many threads; returns what loads it in each of them."""


class Engine:
    """One queue, the workers of the bundle in use, and those of the one before it, ready to take over again."""

    def __init__(self, settings: Settings, source: Source) -> None:
        self.metrics = Metrics()
        self.queue = FairQueue(settings.max_queue)
        self.metrics.queue.set_function(lambda: len(self.queue))
        self.started = asyncio.Event()
        """Set once the first bundle is loaded, well or badly."""
        self._settings, self._source = settings, source
        self._pool: Pool | None = None
        self._previous: Pool | None = None
        self._refusal = "the bundle is still being loaded"
        self._changing = asyncio.Lock()
        self._open = set[Ticket]()
        self._draining = False

    @property
    def about(self) -> Loaded:
        """Return what there is to say of the bundle in use.

        Raises:
            NotReady: there is none, or the service is about to end.
        """
        if self._draining:
            raise NotReady("the service is about to end")
        if self._pool is None or self._pool.about is None:
            raise NotReady(self._refusal)
        return self._pool.about

    async def start(self) -> None:
        """Load the first bundle; a failure is logged, and told by ``/readyz``."""
        try:
            await self.swap(self._settings.bundle)
        except BundleError as error:
            self._refusal = "the bundle cannot be used; the log says why"
            log.error("the bundle cannot be used", reason=str(error))
        finally:
            self.started.set()

    async def swap(self, where: str) -> Loaded:
        """Put another bundle in the place of the one in use, once all its workers have proven it.

        Raises:
            BundleError: it cannot be used; nothing has changed.
        """
        async with self._changing:
            settings = self._settings
            load = await asyncio.to_thread(self._source, where, settings.threads_each)
            pool = Pool(load, settings.workers, self.queue, Batching.of(settings), self.metrics)
            about = await pool.start()
            before, self._previous = self._previous, self._pool
            await self._use(pool)
            if before is not None:
                await before.stop()
            return about

    async def roll_back(self) -> Loaded:
        """Put the bundle before this one in its place again, at once.

        Raises:
            BundleError: there is none.
        """
        async with self._changing:
            if self._previous is None or self._previous.about is None:
                raise BundleError("no bundle was in use before this one")
            back, self._previous = self._previous, self._pool
            await self._use(back)
            return self.about

    async def judge(self, requests: Sequence[schemas.Request], line: Hashable = None) -> list[Answered | Refused]:
        """Return what comes of each article; those of one ``line`` wait their turn together.

        Raises:
            NotReady: there is no bundle.
            Busy: not all of them can wait.
        """
        _ = self.about
        deadline = time.monotonic() + self._settings.timeout_s
        try:
            tickets = self.queue.put([Job(request, deadline) for request in requests], line or object())
        except QueueFull:
            raise self.busy(len(requests)) from None
        self._open.update(tickets)
        try:
            return [await self._outcome(ticket) for ticket in tickets]
        finally:
            self._open.difference_update(tickets)
            for ticket in tickets:  # where the caller is gone, so is the wish for the rest
                ticket.outcome.cancel()

    def busy(self, articles: int) -> Busy:
        """Return the error that no more articles can wait."""
        self.metrics.shed.labels("queue-full").inc(articles)
        return Busy(f"{len(self.queue)} articles wait; at most {self.queue.limit} may", self.queue.seconds_to_empty())

    async def drain(self) -> None:
        """Take no more, and wait for what is in work, for as long as the settings allow."""
        self._draining = True
        try:
            async with asyncio.timeout(self._settings.drain_s):
                await self.queue.emptied()
                if self._pool is not None:
                    await self._pool.pause()
        except TimeoutError:
            log.warning("not all was done in time", articles=len(self._open))
            for ticket in list(self._open):
                if ticket.wanted:
                    ticket.outcome.set_result(Expired())

    async def stop(self) -> None:
        """End all workers."""
        for pool in (self._pool, self._previous):
            if pool is not None:
                await pool.stop()

    async def _use(self, pool: Pool) -> None:
        before, self._pool = self._pool, pool
        pool.resume()
        if pool.about is not None:
            self.metrics.describe(pool.about.model)
        if before is not None:
            await before.pause()

    async def _outcome(self, ticket: Ticket) -> Answered | Refused:
        try:
            async with asyncio.timeout(ticket.job.deadline - time.monotonic()):
                outcome = await ticket.outcome
        except TimeoutError:
            outcome = Expired()
        if isinstance(outcome, Expired):
            self.metrics.shed.labels("too-late").inc()
            return Refused(problem(503, "too-late", "its time was up before its turn", id=ticket.job.request.id))
        if isinstance(outcome, Answered):
            self.metrics.count(outcome.facts)
        elif outcome.place:
            log.error("the model failed", place=outcome.place)
        return outcome


def _assembled(folder: Path, manifest: Manifest, content: dict[str, bytes], *, threads: int) -> Classifier:
    threadpool_limits(1, user_api="blas")
    return Classifier(assemble_bundle(folder, manifest, content, threads=threads))


def read_source(where: str, threads: int) -> Load:
    """Return what loads a bundle as it is now, in any process, whatever becomes of its files.

    Raises:
        BundleError: it cannot be read.
    """
    folder = bundle_folder(where)
    return partial(_assembled, folder, *read_bundle(folder), threads=threads)
