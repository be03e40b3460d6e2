"""The bundle's life in the service: loaded and proven, swapped for another, rolled back; and the way to its workers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable, Sequence
from contextvars import Context
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from threadpoolctl import threadpool_limits

from slant.errors import BundleError
from slant.inference.bundle import assemble_bundle
from slant.inference.classifier import Classifier
from slant.inference.manifest import Manifest
from slant.inference.stored import bundle_folder, read_bundle
from slant_service import schemas
from slant_service.errors import Busy, ChangeUnderWay, NotReady, problem
from slant_service.fair_queue import FairQueue, Line, QueueFull, Ticket
from slant_service.jobs import Answered, Expired, Job, Loaded, Outcome, Refused
from slant_service.metrics import Metrics
from slant_service.pool import Feeding, Pool
from slant_service.process import read_apart, reason_of
from slant_service.settings import Settings
from slant_service.shares import Shares, Spent, most_of_one
from slant_service.worker import Load

log = structlog.get_logger()
Source = Callable[[str, int], Load]
"""Reads the bundle of a name or path, for workers with so many threads; returns what loads it in each of them.

It runs in a process of its own, so it can be pickled.
"""


class Engine:
    """One queue, the workers of the bundle in use, and those of the one before it, ready to take over again."""

    def __init__(self, settings: Settings, source: Source) -> None:
        self.metrics = Metrics()
        several = settings.has_keys
        places = max(schemas.MOST_ARTICLES, most_of_one(settings.max_queue))
        self.queue = FairQueue(settings.max_queue, places if several else None)
        self.streams = Shares(settings.max_streams, most_of_one(settings.max_streams) if several else None)
        room = settings.max_pending_bytes
        self.pending = Shares(room, max(settings.max_body_bytes, most_of_one(room)) if several else None)
        self.started = asyncio.Event()
        """Set once the first bundle is loaded, well or badly."""
        self._settings, self._source = settings, source
        self.pool: Pool | None = None
        self.previous: Pool | None = None
        self._refusal = "the bundle is still being loaded"
        self._change: asyncio.Task[Loaded] | None = None
        self._open = set[Ticket]()
        self._draining = False

    @property
    def about(self) -> Loaded:
        """Return what there is to say of the bundle in use; raises as ``require_ready``."""
        if self._draining:
            raise NotReady("the service is about to end")
        if self.pool is None or self.pool.about is None:
            raise NotReady(self._refusal)
        return self.pool.about

    def require_ready(self) -> None:
        """Check that articles can be judged.

        Raises
        ------
        NotReady
            There is no bundle, or the service is about to end.
        """
        _ = self.about

    async def start(self) -> None:
        """Load the first bundle; a failure of whatever kind is logged, and told by ``/readyz``."""
        try:
            await self.swap(self._settings.bundle)
        except Exception:  # it is logged where the change ends
            self._refusal = "the bundle cannot be used; the log says why"
        finally:
            self.started.set()

    async def swap(self, where: str) -> Loaded:
        """Put another bundle in the place of the one in use, once all its workers have proven it.

        It is done to the end even if the caller is gone before.

        Raises
        ------
        BundleError
            It cannot be used; nothing has changed.
        ChangeUnderWay
            Another one is being put in place.
        """
        return await self._changed(self._swap(where))

    async def roll_back(self) -> Loaded:
        """Put the bundle before this one in its place again, at once; raises as ``swap``, or where there is none."""
        return await self._changed(self._roll_back())

    def bundle_of(self, name: str) -> str:
        """Return where the bundle is that an admin names: ``default``, or a folder below the configured root.

        Raises
        ------
        BundleError
            The name leads elsewhere, or there is no root.
        """
        if name == "default":
            return name
        if self._settings.bundle_root is None:
            raise BundleError("bundles other than default are taken from SLANT_BUNDLE_ROOT, which is not set")
        root = Path(self._settings.bundle_root).resolve()
        try:
            where = (root / name).resolve()
        except (OSError, ValueError, RuntimeError):
            where = root
        if where == root or not where.is_relative_to(root):
            raise BundleError("wanted the name of a folder below SLANT_BUNDLE_ROOT")
        return str(where)

    async def judge(
        self, requests: Sequence[schemas.Request], caller: Hashable = "", line: Hashable = None
    ) -> list[Answered | Refused]:
        """Return what comes of each article.

        Parameters
        ----------
        requests
            The articles.
        caller
            Who asks; callers take turns.
        line
            Those of one line wait their turn together; a line of its own if not given.

        Raises
        ------
        NotReady
            There is no bundle.
        Busy
            Not all of them can wait.
        """
        self.require_ready()
        deadline = time.monotonic() + self._settings.timeout_s
        where = Line(line or object(), caller, bulk=line is not None or len(requests) > 1)
        try:
            tickets = self.queue.put([Job(request, deadline) for request in requests], where)
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
        return Busy(f"{len(self.queue)} articles wait; no more can now", self.queue.seconds_to_empty())

    def hold(self, caller: Hashable, n: int) -> None:
        """Let a caller hold ``n`` more bytes of what it sent.

        Raises
        ------
        Busy
            Too many are held already.
        """
        try:
            self.pending.take(caller, n)
        except Spent:
            self.metrics.shed.labels("too-many-bytes").inc()
            raise Busy("too many bytes are in hand", self.queue.seconds_to_empty()) from None

    async def settled(self) -> None:
        """Wait until no change of bundle is under way."""
        if self._change is not None:
            await asyncio.wait({self._change})

    async def drain(self) -> None:
        """Take no more, and wait for what is in work, for as long as the settings allow."""
        self._draining = True
        try:
            async with asyncio.timeout(self._settings.drain_s):
                await self.queue.emptied()
                if self.pool is not None:
                    await self.pool.pause()
        except TimeoutError:
            log.warning("not all was done in time", articles=len(self._open))
            for ticket in list(self._open):
                if ticket.wanted:
                    ticket.outcome.set_result(Expired())

    async def stop(self) -> None:
        """End all workers, and a change of bundle that is under way."""
        if self._change is not None:
            self._change.cancel()
            await asyncio.wait({self._change})
        for pool in (self.pool, self.previous):
            if pool is not None:
                await pool.stop()

    async def _changed(self, change: Coroutine[Any, Any, Loaded]) -> Loaded:
        """Do a change of bundle as a task of the service, not of the request that asks for it."""
        if self._change is not None and not self._change.done():
            change.close()
            raise ChangeUnderWay("another change of bundle is under way")
        self._change = asyncio.create_task(change, context=Context())
        self._change.add_done_callback(_noticed)
        return await asyncio.shield(self._change)

    async def _swap(self, where: str) -> Loaded:
        settings = self._settings
        load = await read_apart(partial(self._source, where, settings.threads_each), settings.load_s)
        pool = Pool(load, Feeding.of(settings), self.queue, self.metrics)
        about = await pool.start()
        before, self.previous = self.previous, self.pool
        try:
            await self._use(pool)
        finally:
            if before is not None:
                await before.stop()
        return about

    async def _roll_back(self) -> Loaded:
        if self.previous is None or self.previous.about is None:
            raise BundleError("no bundle was in use before this one")
        back, self.previous = self.previous, self.pool
        await self._use(back)
        return self.about

    async def _use(self, pool: Pool) -> None:
        before, self.pool = self.pool, pool
        pool.resume()
        if pool.about is not None:
            self.metrics.describe(pool.about.model)
        if before is not None:
            await before.pause()

    async def _outcome(self, ticket: Ticket) -> Answered | Refused:
        await asyncio.wait({ticket.outcome}, timeout=ticket.job.deadline - time.monotonic())
        while ticket.begun and ticket.wanted:  # a worker is at it, for no longer than it may be
            await asyncio.wait({ticket.outcome}, timeout=1.0)
        outcome: Outcome = ticket.outcome.result() if ticket.outcome.done() else Expired()
        if isinstance(outcome, Expired):
            self.metrics.shed.labels("too-late").inc()
            return Refused(problem(503, "too-late", "its time was up before its turn", id=ticket.job.request.id))
        if isinstance(outcome, Answered):
            self.metrics.count(outcome.facts)
        elif outcome.place:
            log.error("the model failed", place=outcome.place)
        return outcome


def _noticed(change: asyncio.Task[Loaded]) -> None:
    """Log how a change failed: whoever asked for it may be gone."""
    if not change.cancelled() and (error := change.exception()) is not None:
        log.error("the bundle cannot be used", reason=reason_of(error))


def _assembled(folder: Path, manifest: Manifest, content: dict[str, bytes], *, threads: int) -> Classifier:
    threadpool_limits(1, user_api="blas")
    return Classifier(assemble_bundle(folder, manifest, content, threads=threads))


def read_source(where: str, threads: int) -> Load:
    """Return what loads a bundle as it is now, in any process, whatever becomes of its files.

    Raises
    ------
    BundleError
        It cannot be read.
    """
    folder = bundle_folder(where)
    return partial(_assembled, folder, *read_bundle(folder), threads=threads)
