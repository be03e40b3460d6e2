"""Processes of the service: started, spoken to, ended. Whatever may hang or die does so in one of them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from multiprocessing.process import BaseProcess
from typing import Any, Self

from slant.errors import BundleError
from slant_service import worker
from slant_service.errors import failure_place, problem
from slant_service.fair_queue import Ticket
from slant_service.forkserver import processes
from slant_service.jobs import Failed, Loaded, Outcome, Refused
from slant_service.wire import Gone, Packed, receive, receive_packed, send

LAST_WAIT = 1.0
"""Seconds that a process has to end by itself."""
ABANDONED = 5.0
"""Seconds for which a worker goes on with an article that nobody waits for any more."""
REASONS = {
    "BundleMissing": "there is no such bundle, or a file that its manifest names is missing",
    "BundleDamaged": "a file is not what the manifest says (sha256), or the manifest cannot be read",
    "BundleUntrusted": "it holds a type that is not loaded",
    "BundleIncompatible": "it was written for another format or another version of a library",
    "SelfTestFailed": "it fails its own self-test",
}
"""What is said of a bundle that cannot be used, by the name of the error; nothing in it comes out of a file."""


class BundleRefused(BundleError):
    """A bundle cannot be used; ``said`` is what the process said, for the log alone."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(f"{failed.kind}: {REASONS.get(failed.kind, 'it cannot be loaded')}; the log says more")
        self.failed = failed

    def __reduce__(self) -> tuple[type[BundleRefused], tuple[Failed]]:
        return type(self), (self.failed,)

    @property
    def said(self) -> str:
        """Return all there is to say, with names and values of the bundle."""
        return f"{self.failed.kind}: {self.failed.said}"


_ENDING = set[asyncio.Task[None]]()


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Do what ends a process, also where whoever waits for it is cancelled meanwhile."""
    task = asyncio.create_task(work)
    _ENDING.add(task)
    task.add_done_callback(_ENDING.discard)
    await asyncio.shield(task)


class Child:
    """One process and the way to it. ``gone`` is set once the process has ended."""

    def __init__(self, process: BaseProcess, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.process, self.reader, self.writer = process, reader, writer
        self.gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    @classmethod
    async def start(cls, target: Callable[[socket.socket], None], message: object) -> Self:
        """Start a process and send it its first message; if it dies of that, the first answer tells."""
        starting = asyncio.ensure_future(cls._start(target))
        try:
            child = await asyncio.shield(starting)
        except asyncio.CancelledError:
            await _to_the_end(cls._abandon(starting))
            raise
        try:
            with suppress(Gone):
                await send(child.writer, message)
        except BaseException:
            await child.stop()
            raise
        return child

    @classmethod
    async def _start(cls, target: Callable[[socket.socket], None]) -> Self:
        here, there = socket.socketpair()
        process = processes.Process(target=target, args=(there,), daemon=True)
        try:
            await asyncio.to_thread(process.start)
        except BaseException:
            here.close()
            raise
        finally:
            there.close()
        return cls(process, *await asyncio.open_connection(sock=here))

    @staticmethod
    async def _abandon(starting: Awaitable[Child]) -> None:
        await (await starting).stop()

    async def stop(self) -> None:
        """Close the way to the process, at which it ends; kill it if it does not."""
        await _to_the_end(self._stop())

    async def _stop(self) -> None:
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


class Worker(Child):
    """A process that judges articles."""

    async def loaded(self) -> Loaded:
        """Wait until the bundle is loaded and proven.

        Raises
        ------
        BundleRefused
            It cannot be used.
        Gone
            The process died.
        """
        said = await receive(self.reader)
        if isinstance(said, Failed):
            raise BundleRefused(said)
        found: Loaded = said
        return found

    async def judge(self, tickets: Sequence[Ticket], seconds: float) -> None:
        """Have the process judge the tickets' jobs, and give each its outcome as it comes.

        Parameters
        ----------
        seconds
            How long it may be at one article. If it takes longer, the article is refused and the process killed.

        Raises
        ------
        Gone
            The process died; tickets that are still wanted have no outcome.
        """
        await send(self.writer, [ticket.job for ticket in tickets])
        for ticket in tickets:
            await receive(self.reader)  # it begins
            ticket.begun = True
            ticket.lost += 1  # until there is an outcome: if the process dies, it died with this one
            try:
                outcome = await self._outcome(ticket, seconds)
            finally:
                ticket.begun = False
            ticket.lost -= 1
            if ticket.wanted:
                ticket.outcome.set_result(outcome)

    async def _outcome(self, ticket: Ticket, seconds: float) -> Outcome:
        """Wait for what comes of an article, for as long as it may take, and not for long if nobody wants it."""
        coming = asyncio.ensure_future(receive(self.reader))
        try:
            await asyncio.wait({coming, ticket.outcome}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done() and not ticket.wanted:
                await asyncio.wait({coming}, timeout=min(seconds, ABANDONED))
            if coming.done():
                found: Outcome = coming.result()
                return found
        finally:
            coming.cancel()
        if ticket.wanted:
            said = f"the article took longer than {seconds:g} seconds"
            found = Refused(problem(500, "article-timeout", said, id=ticket.job.request.id), "it took too long")
            ticket.outcome.set_result(found)
        self.process.kill()
        raise Gone


async def read_apart(source: Callable[[], worker.Load], seconds: float) -> Packed:
    """Read a bundle in a process of its own, which is killed if it takes too long.

    Parameters
    ----------
    source
        What reads the bundle; it can be pickled.
    seconds
        How long it may take.

    Returns
    -------
    Packed
        What loads the bundle in a worker.

    Raises
    ------
    BundleError
        It cannot be read, or not in time.
    """
    child = None
    try:
        async with asyncio.timeout(seconds):
            child = await Child.start(worker.read, source)
            said = await receive(child.reader)
            if isinstance(said, Failed):
                raise BundleRefused(said)
            return await receive_packed(child.reader)
    except Gone as error:
        raise BundleError("the process that was reading the bundle died") from error
    except TimeoutError as error:
        raise BundleError(f"the bundle was not read within {seconds:g} seconds") from error
    finally:
        if child is not None:
            await child.stop()


def reason_of(error: BaseException) -> str:
    """Return all that the log is to say of why a bundle cannot be used."""
    if isinstance(error, BundleRefused):
        return error.said
    return str(error) if isinstance(error, BundleError) else failure_place(error)
