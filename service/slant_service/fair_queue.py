"""The one queue: bounded, fair between callers and between requests, and rid at once of those that nobody waits for.

Callers take turns, and so do the requests of one caller: a lone article never waits behind a batch of sixty-four, nor
one caller behind the streams of another (Nagle 1987, fair queueing). A quarter of the places is kept for single
articles, and a quarter from every one caller where there are others.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial

from slant_service.jobs import Job, Outcome
from slant_service.schemas import MOST_ARTICLES
from slant_service.shares import Shares

PACE = 32
"""Articles by which it is measured how fast the queue empties."""


class QueueFull(Exception):
    """No more can wait."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where tickets wait: the line of one request of a caller. ``bulk`` is one of many articles: a batch, a stream."""

    request: Hashable
    caller: Hashable = ""
    bulk: bool = False


@dataclass(eq=False, slots=True)
class Ticket:
    """A job in waiting, and the future that its outcome is put into.

    ``begun`` is set while a worker is at it; ``lost`` counts the workers that died at it.
    """

    job: Job
    line: Line
    outcome: asyncio.Future[Outcome]
    entered: float = field(default_factory=time.monotonic)
    begun: bool = False
    lost: int = 0

    @property
    def wanted(self) -> bool:
        """Tell whether somebody still waits for it."""
        return not self.outcome.done()


class FairQueue:
    """Tickets in lines that take turns.

    Parameters
    ----------
    limit
        The most tickets that wait in all.
    each
        The most that wait of one caller; any number if not given.
    """

    def __init__(self, limit: int, each: int | None = None) -> None:
        self.limit = limit
        self._places = Shares(limit, each)
        self._bulk = Shares(max(min(limit, MOST_ARTICLES), limit * 3 // 4))
        self._callers = OrderedDict[Hashable, OrderedDict[Hashable, deque[Ticket]]]()
        self._filled, self._freed = asyncio.Event(), asyncio.Event()
        self._taken = deque[float](maxlen=PACE)
        self._takers = 0

    def __len__(self) -> int:
        return self._places.held

    @property
    def full(self) -> bool:
        """Tell whether not even one more can wait, of whomever."""
        return len(self) >= self.limit

    def put(self, jobs: Sequence[Job], line: Line) -> list[Ticket]:
        """Let the jobs of one request wait, all or none.

        Raises
        ------
        QueueFull
            There is no room for all of them.
        """
        if not self._has_room(line, len(jobs)):
            raise QueueFull
        loop = asyncio.get_running_loop()
        tickets = [Ticket(job, line, loop.create_future()) for job in jobs]
        for ticket in tickets:
            ticket.outcome.add_done_callback(partial(self._drop, ticket))
            self._line(line).append(ticket)
        self._grow(line, len(tickets))
        return tickets

    def seconds_to_empty(self) -> int:
        """Return how long those that wait will take at the measured pace, at least one second."""
        if not self._taken:
            return 1
        return max(1, math.ceil(len(self) * (time.monotonic() - self._taken[0]) / len(self._taken)))

    async def room(self, line: Line) -> None:
        """Wait until one more can wait in a line."""
        await self._until(lambda: self._has_room(line, 1))

    async def emptied(self) -> None:
        """Wait until none waits."""
        await self._until(lambda: not len(self))

    def put_back(self, tickets: Sequence[Ticket]) -> None:
        """Let tickets that were taken wait again, before all others; there is always room for them."""
        for ticket in reversed([ticket for ticket in tickets if ticket.wanted]):
            self._line(ticket.line).appendleft(ticket)
            self._callers[ticket.line.caller].move_to_end(ticket.line.request, last=False)
            self._callers.move_to_end(ticket.line.caller, last=False)
            self._grow(ticket.line, 1)

    async def take(self, most: int, weight: int, wait: float = 0.0) -> list[Ticket]:
        """Wait for a ticket; return it, with up to ``most`` - 1 more as long as all weigh no more than ``weight``.

        If fewer than ``most`` are there, others have ``wait`` seconds to come and go with it. Those who wait here
        side by side share what there is.
        """
        self._takers += 1
        try:
            while True:
                await self._filling()
                if wait and len(self) < most:
                    await asyncio.sleep(wait)
                if len(self):  # those that were there may have been given up
                    return self._handful(min(most, math.ceil(len(self) / self._takers)), weight)
        finally:
            self._takers -= 1

    async def _filling(self) -> None:
        while not len(self):
            self._filled.clear()
            await self._filled.wait()

    def _handful(self, most: int, weight: int) -> list[Ticket]:
        taken = [self._next()]
        left = weight - taken[0].job.weight
        while len(self) and len(taken) < most and (left := left - self._first().job.weight) >= 0:
            taken.append(self._next())
        return taken

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._freed.clear()
            await self._freed.wait()

    def _has_room(self, line: Line, n: int) -> bool:
        return n <= self._places.left(line.caller) and (not line.bulk or n <= self._bulk.left(""))

    def _grow(self, line: Line, n: int) -> None:
        self._places.add(line.caller, n)
        self._bulk.add("", n * line.bulk)
        if n:
            self._filled.set()

    def _shrink(self, line: Line) -> None:
        self._places.give(line.caller)
        self._bulk.give("", line.bulk)
        self._freed.set()

    def _line(self, line: Line) -> deque[Ticket]:
        return self._callers.setdefault(line.caller, OrderedDict()).setdefault(line.request, deque())

    def _first(self) -> Ticket:
        lines = next(iter(self._callers.values()))
        return next(iter(lines.values()))[0]

    def _next(self) -> Ticket:
        ticket = self._first()
        self._line(ticket.line).popleft()
        self._shrink(ticket.line)
        self._taken.append(time.monotonic())
        if self._forget_if_empty(ticket.line):
            self._callers[ticket.line.caller].move_to_end(ticket.line.request)
        if ticket.line.caller in self._callers:
            self._callers.move_to_end(ticket.line.caller)
        return ticket

    def _drop(self, ticket: Ticket, _: object) -> None:
        """Forget a ticket that is done: if it still waits, its request was given up."""
        lines = self._callers.get(ticket.line.caller)
        waiting = lines.get(ticket.line.request) if lines else None
        if waiting and ticket in waiting:
            waiting.remove(ticket)
            self._shrink(ticket.line)
            self._forget_if_empty(ticket.line)

    def _forget_if_empty(self, line: Line) -> bool:
        """Forget a line where nothing waits any more; tell whether something does."""
        lines = self._callers[line.caller]
        if lines[line.request]:
            return True
        del lines[line.request]
        if not lines:
            del self._callers[line.caller]
        return False
