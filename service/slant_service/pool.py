"""The worker processes of one bundle: started, fed from the queue, replaced when they die."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Self

import structlog

from slant.errors import BundleError
from slant_service import worker as work
from slant_service.errors import problem
from slant_service.fair_queue import FairQueue, Ticket
from slant_service.jobs import Loaded, Refused
from slant_service.metrics import Metrics
from slant_service.process import Worker, reason_of
from slant_service.settings import Settings
from slant_service.wire import Gone, Packed

log = structlog.get_logger()
HANDFUL = 1_000
"""Work (``Job.weight``) up to which small articles go together; a larger one goes alone, and holds none up."""
MOST_LOST = 2
"""Workers that may die at an article before it is given up: it may be what kills them."""
PAUSES = (0.0, 0.5, 2.0, 5.0)
"""Seconds before a worker that died is replaced, the longer the more died one after the other."""


@dataclass(frozen=True, slots=True)
class Feeding:
    """How workers are fed.

    Parameters
    ----------
    workers
        How many there are.
    size
        How many articles a worker is handed at a time.
    wait
        Seconds that an article waits for company while other workers are at work.
    article
        Seconds that a worker may be at one article.
    load
        Seconds that a worker may take to load its bundle.
    weight
        How much work (``Job.weight``) a worker is handed at a time, if it is more than one article.
    """

    workers: int = 1
    size: int = 8
    wait: float = 0.0
    article: float = 60.0
    load: float = 120.0
    weight: int = HANDFUL

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return what the settings ask for."""
        wait = settings.max_wait_ms / 1_000
        return cls(settings.workers, settings.max_batch_size, wait, settings.article_s, settings.load_s)


class Pool:
    """Workers with one bundle. They take from the queue between ``resume`` and ``pause``."""

    def __init__(self, load: Packed, feeding: Feeding, queue: FairQueue, metrics: Metrics) -> None:
        self._load, self._feeding, self._queue, self._metrics = load, feeding, queue, metrics
        self._running, self._idle = asyncio.Event(), asyncio.Event()
        self._kept = list[asyncio.Task[None]]()
        self._busy = 0
        self.ready = 0
        """Workers that live and have loaded the bundle."""
        self.about: Loaded | None = None

    async def start(self) -> Loaded:
        """Start the workers, all or none; return what they say of their bundle.

        Raises
        ------
        BundleError
            It cannot be used, or was not loaded in time.
        """
        starting = [asyncio.create_task(self._ready()) for _ in range(self._feeding.workers)]
        try:
            found = await asyncio.gather(*starting)
        except BaseException:
            await self._undo(starting)
            raise
        self._kept = [asyncio.create_task(self._keep(worker)) for worker, _ in found]
        self.about = found[0][1]
        return self.about

    def resume(self) -> None:
        """Take from the queue."""
        self._running.set()

    async def pause(self) -> None:
        """Take no more; return when what was taken is done."""
        self._running.clear()
        while self._busy:
            self._idle.clear()
            await self._idle.wait()

    async def stop(self) -> None:
        """End the workers; articles that they still have are left without an outcome."""
        for task in self._kept:
            task.cancel()
        await asyncio.gather(*self._kept, return_exceptions=True)

    async def _ready(self) -> tuple[Worker, Loaded]:
        """Start a worker and wait until it is ready.

        Raises
        ------
        BundleError
            The bundle cannot be used, the process died of it, or it was not loaded in time.
        """
        worker = None
        try:
            async with asyncio.timeout(self._feeding.load):
                worker = await Worker.start(work.work, self._load)
                return worker, await worker.loaded()
        except BaseException as error:
            if worker is not None:
                await worker.stop()
            if isinstance(error, Gone):
                raise BundleError("a worker process died while it was loading the bundle") from error
            if isinstance(error, TimeoutError):
                raise BundleError(f"the bundle was not loaded within {self._feeding.load:g} seconds") from error
            raise

    async def _undo(self, starting: Sequence[asyncio.Task[tuple[Worker, Loaded]]]) -> None:
        for task in starting:
            task.cancel()
        for found in await asyncio.gather(*starting, return_exceptions=True):
            if not isinstance(found, BaseException):
                await found[0].stop()

    async def _keep(self, worker: Worker) -> None:
        """Feed a worker, and the next one when it has died, until cancelled."""
        try:
            while True:
                self.ready += 1
                try:
                    await self._feed_until_gone(worker)
                finally:
                    self.ready -= 1
                log.error("a worker died", pid=worker.process.pid, exit=worker.process.exitcode)
                worker = await self._replace(worker)
        finally:
            await worker.stop()

    async def _replace(self, dead: Worker) -> Worker:
        """Return a new worker, however many times it takes."""
        for n in count():
            await asyncio.sleep(PAUSES[min(n, len(PAUSES) - 1)])
            try:
                worker, _ = await self._ready()
            except Exception as error:
                log.error("a worker cannot be replaced yet", reason=reason_of(error))
                continue
            self._metrics.restarts.inc()
            await dead.stop()
            return worker
        raise AssertionError  # count() does not end

    async def _feed_until_gone(self, worker: Worker) -> None:
        feeding = asyncio.create_task(self._feed(worker))
        dying = asyncio.create_task(worker.gone.wait())
        try:
            await asyncio.wait({feeding, dying}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (feeding, dying):
                task.cancel()
            await asyncio.gather(feeding, dying, return_exceptions=True)

    async def _feed(self, worker: Worker) -> None:
        while True:
            await self._running.wait()
            wait = self._feeding.wait if self._busy else 0.0
            tickets = await self._queue.take(self._feeding.size, self._feeding.weight, wait)
            if not self._running.is_set():
                self._queue.put_back(tickets)
                continue
            await self._judge(worker, tickets)

    async def _judge(self, worker: Worker, tickets: Sequence[Ticket]) -> None:
        self._busy += 1
        self._metrics.busy.inc()
        self._metrics.batches.observe(len(tickets))
        began = time.monotonic()
        for ticket in tickets:
            self._metrics.waits.observe(began - ticket.entered)
        try:
            await worker.judge(tickets, self._feeding.article)
        finally:
            self._busy -= 1
            self._metrics.busy.dec()
            if not self._busy:
                self._idle.set()
            self._recover(tickets)

    def _recover(self, tickets: Sequence[Ticket]) -> None:
        """Let the articles that a worker died with wait again; give up those that workers keep dying with."""
        left = [ticket for ticket in tickets if ticket.wanted]
        for ticket in left:
            if ticket.lost >= MOST_LOST:
                found = problem(500, "internal", "the model failed", id=ticket.job.request.id)
                ticket.outcome.set_result(Refused(found, "a worker died with it"))
        self._queue.put_back(left)
