"""The one queue: bounded, fair between requests, and rid at once of those that nobody waits for any more.

Every request has a line of its own and the lines take turns, so that a lone article never waits behind
a batch of sixty-four (Nagle 1987, fair queueing).
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

PACE = 32
"""Articles by which it is measured how fast the queue empties."""


class QueueFull(Exception):
    """No more can wait."""


@dataclass(eq=False, slots=True)
class Ticket:
    """A job in waiting, and the future that its outcome is put into. ``lost`` counts the workers that died at it."""

    job: Job
    line: Hashable
    outcome: asyncio.Future[Outcome]
    entered: float = field(default_factory=time.monotonic)
    lost: int = 0

    @property
    def wanted(self) -> bool:
        """Tell whether somebody still waits for it."""
        return not self.outcome.done()


class FairQueue:
    """Tickets in lines that take turns; ``limit`` is the most that wait in all."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lines = OrderedDict[Hashable, deque[Ticket]]()
        self._size = 0
        self._filled, self._freed = asyncio.Event(), asyncio.Event()
        self._taken = deque[float](maxlen=PACE)
        self._takers = 0

    def __len__(self) -> int:
        return self._size

    @property
    def full(self) -> bool:
        """Tell whether not even one more can wait."""
        return self._size >= self.limit

    def put(self, jobs: Sequence[Job], line: Hashable) -> list[Ticket]:
        """Let the jobs of one request wait, all or none.

        Raises:
            QueueFull: there is no room for all of them.
        """
        if self._size + len(jobs) > self.limit:
            raise QueueFull
        loop = asyncio.get_running_loop()
        tickets = [Ticket(job, line, loop.create_future()) for job in jobs]
        for ticket in tickets:
            ticket.outcome.add_done_callback(partial(self._drop, ticket))
            self._lines.setdefault(line, deque()).append(ticket)
        self._grow(len(tickets))
        return tickets

    def seconds_to_empty(self) -> int:
        """Return how long those that wait will take at the measured pace, at least one second."""
        if not self._taken:
            return 1
        return max(1, math.ceil(self._size * (time.monotonic() - self._taken[0]) / len(self._taken)))

    async def room(self) -> None:
        """Wait until one more can wait."""
        await self._until(lambda: not self.full)

    async def emptied(self) -> None:
        """Wait until none waits."""
        await self._until(lambda: not self._size)

    def put_back(self, tickets: Sequence[Ticket]) -> None:
        """Let tickets that were taken wait again, before all others; there is always room for them."""
        wanted = [ticket for ticket in tickets if ticket.wanted]
        for ticket in reversed(wanted):
            self._lines.setdefault(ticket.line, deque()).appendleft(ticket)
            self._lines.move_to_end(ticket.line, last=False)
        self._grow(len(wanted))

    async def take(self, most: int, weight: int, wait: float = 0.0) -> list[Ticket]:
        """Wait for a ticket; return it, with up to ``most`` - 1 more as long as all weigh no more than ``weight``.

        If fewer than ``most`` are there, others have ``wait`` seconds to come and go with it. Those who wait here
        side by side share what there is.
        """
        self._takers += 1
        try:
            while True:
                await self._filling()
                if wait and self._size < most:
                    await asyncio.sleep(wait)
                if self._size:  # those that were there may have been given up
                    return self._handful(min(most, math.ceil(self._size / self._takers)), weight)
        finally:
            self._takers -= 1

    async def _filling(self) -> None:
        while not self._size:
            self._filled.clear()
            await self._filled.wait()

    def _handful(self, most: int, weight: int) -> list[Ticket]:
        taken = [self._next()]
        left = weight - taken[0].job.weight
        while self._size and len(taken) < most and (left := left - self._first().job.weight) >= 0:
            taken.append(self._next())
        return taken

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._freed.clear()
            await self._freed.wait()

    def _shrink(self) -> None:
        self._size -= 1
        self._freed.set()

    def _grow(self, n: int) -> None:
        self._size += n
        if self._size:
            self._filled.set()

    def _first(self) -> Ticket:
        return next(iter(self._lines.values()))[0]

    def _next(self) -> Ticket:
        line, waiting = next(iter(self._lines.items()))
        ticket = waiting.popleft()
        self._shrink()
        self._taken.append(time.monotonic())
        if waiting:
            self._lines.move_to_end(line)
        else:
            del self._lines[line]
        return ticket

    def _drop(self, ticket: Ticket, _: object) -> None:
        """Forget a ticket that is done: if it still waits, its request was given up."""
        waiting = self._lines.get(ticket.line, deque())
        if ticket in waiting:
            waiting.remove(ticket)
            self._shrink()
            if not waiting:
                del self._lines[ticket.line]
