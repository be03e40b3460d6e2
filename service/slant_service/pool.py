"""The worker processes of one bundle: started, fed from the queue, replaced when they die."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing.process import BaseProcess
from typing import Self

import structlog

from slant.errors import BundleError
from slant_service.errors import problem
from slant_service.fair_queue import FairQueue, Ticket
from slant_service.jobs import Failed, Loaded, Refused
from slant_service.metrics import Metrics
from slant_service.nursery import processes
from slant_service.settings import Settings
from slant_service.wire import Gone, receive, send
from slant_service.worker import Load, work

log = structlog.get_logger()
HANDFUL = 1_000
"""Work (``Job.weight``) up to which small articles go together; a larger one goes alone, and holds none up."""
MOST_LOST = 2
"""Workers that may die at an article before it is given up: it may be what kills them."""
LAST_WAIT = 1.0
"""Seconds that a worker has to end by itself."""
PAUSES = (0.0, 0.5, 2.0, 5.0)
"""Seconds before a worker that died is replaced, the longer the more died one after the other."""


@dataclass(frozen=True, slots=True)
class Batching:
    """How many articles, and how much work (``Job.weight``), are handed to a worker at a time.

    ``wait`` is how many seconds an article waits for company while other workers are at work.
    """

    size: int
    wait: float = 0.0
    weight: int = HANDFUL

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return what the settings ask for."""
        return cls(settings.max_batch_size, settings.max_wait_ms / 1_000)


class Worker:
    """One process and the way to it. ``gone`` is set once the process has ended."""

    def __init__(self, process: BaseProcess, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.process, self.reader, self.writer = process, reader, writer
        self.gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    @classmethod
    async def start(cls, load: Load) -> Self:
        """Start a process and have it load a bundle; what it first says is read by ``loaded``."""
        here, there = socket.socketpair()
        process = processes.Process(target=work, args=(there,), daemon=True)
        await asyncio.to_thread(process.start)
        there.close()
        worker = cls(process, *await asyncio.open_connection(sock=here))
        with suppress(Gone):  # ``loaded`` tells
            await send(worker.writer, load)
        return worker

    async def loaded(self) -> Loaded:
        """Wait until the bundle is loaded and proven.

        Raises:
            BundleError: it cannot be used.
            Gone: the process died.
        """
        said = await receive(self.reader)
        if isinstance(said, Failed):
            raise BundleError(f"{said.kind}: {said.said}")
        found: Loaded = said
        return found

    async def judge(self, tickets: Sequence[Ticket]) -> None:
        """Have the process judge the tickets' jobs, and give each its outcome as it comes.

        Raises:
            Gone: the process died; tickets that are still wanted have no outcome.
        """
        await send(self.writer, [ticket.job for ticket in tickets])
        for ticket in tickets:
            await receive(self.reader)  # it begins
            ticket.lost += 1  # until there is an outcome: if the process dies, it died with this one
            outcome = await receive(self.reader)
            ticket.lost -= 1
            if ticket.wanted:
                ticket.outcome.set_result(outcome)

    async def stop(self) -> None:
        """Close the way to the process, at which it ends; kill it if it does not."""
        self.writer.close()
        try:
            await asyncio.wait_for(self.gone.wait(), LAST_WAIT)
        except TimeoutError:
            self.process.kill()
            await self.gone.wait()
        await asyncio.to_thread(self.process.join)
        self.process.close()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self.process.sentinel)
        self.gone.set()


class Pool:
    """``size`` workers with one bundle. They take from the queue between ``resume`` and ``pause``."""

    def __init__(self, load: Load, size: int, queue: FairQueue, batching: Batching, metrics: Metrics) -> None:
        self._load, self._size, self._queue = load, size, queue
        self._batching, self._metrics = batching, metrics
        self._running, self._idle = asyncio.Event(), asyncio.Event()
        self._kept = list[asyncio.Task[None]]()
        self._busy = 0
        self.about: Loaded | None = None

    async def start(self) -> Loaded:
        """Start the workers, all or none; return what they say of their bundle.

        Raises:
            BundleError: it cannot be used.
        """
        starting = [asyncio.create_task(self._ready()) for _ in range(self._size)]
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
        """Start a worker and wait until it is ready; errors as ``Worker.loaded``, but ``Gone`` is a ``BundleError``."""
        starting = asyncio.create_task(Worker.start(self._load))
        try:
            worker = await asyncio.shield(starting)
        except asyncio.CancelledError:
            await (await starting).stop()
            raise
        try:
            return worker, await worker.loaded()
        except Gone as error:
            await worker.stop()
            raise BundleError("a worker process died while it was loading the bundle") from error
        except BaseException:
            await worker.stop()
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
                self._metrics.workers.inc()
                try:
                    await self._feed_until_gone(worker)
                finally:
                    self._metrics.workers.dec()
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
            except (BundleError, OSError) as error:
                log.error("a worker cannot be replaced yet", reason=str(error))
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
            wait = self._batching.wait if self._busy else 0.0
            tickets = await self._queue.take(self._batching.size, self._batching.weight, wait)
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
            await worker.judge(tickets)
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
