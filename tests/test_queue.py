"""The queue in front of the workers: bounded, fair between requests, quick to forget what nobody waits for."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant_service.fair_queue import FairQueue, Line, QueueFull, Ticket
from slant_service.jobs import Expired, Job
from slant_service.schemas import Request

ANY = 10**9


def job(text: str = "a") -> Job:
    return Job(Request(text=text), time.monotonic() + 60)


def names(tickets: list[Ticket]) -> str:
    return "".join(ticket.job.request.text or "" for ticket in tickets)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 10))


def test_requests_take_turns() -> None:
    async def test() -> None:
        queue = FairQueue(64)
        queue.put([job(x) for x in "aaaa"], Line("bulk"))
        queue.put([job("b")], Line("lone"))
        queue.put([job("c"), job("c")], Line("pair"))
        assert names(await queue.take(7, ANY)) == "abcacaa"

    run(test)


def test_all_of_a_request_wait_or_none() -> None:
    async def test() -> None:
        queue = FairQueue(3)
        queue.put([job(), job()], Line(1))
        with pytest.raises(QueueFull):
            queue.put([job(), job()], Line(2))
        assert len(queue) == 2
        queue.put([job()], Line(3))
        assert queue.full

    run(test)


def test_workers_that_wait_side_by_side_share_what_comes() -> None:
    async def test() -> None:
        queue = FairQueue(64)
        takers = [asyncio.create_task(queue.take(8, ANY)) for _ in range(3)]
        await asyncio.sleep(0)
        queue.put([job(x) for x in "abcdef"], Line(1))
        assert [names(await taker) for taker in takers] == ["ab", "cd", "ef"]

    run(test)


def test_small_articles_go_together_and_large_ones_alone() -> None:
    async def test() -> None:
        queue = FairQueue(64)
        queue.put([job("x" * 90), job("x" * 200), job("x"), job("y"), job("z")], Line(1))
        assert [len(await queue.take(2, 100)) for _ in range(4)] == [1, 1, 2, 1]

    run(test)


def test_sources_are_twice_the_work() -> None:
    plain, asked = (Job(Request(text="x" * 90, targets=["y"], sources=wanted), 0.0) for wanted in (False, True))
    assert (plain.weight, asked.weight) == (180, 360)


def test_what_nobody_waits_for_is_forgotten_at_once() -> None:
    async def test() -> None:
        queue = FairQueue(2)
        first, second = queue.put([job("a"), job("b")], Line(1))
        first.outcome.cancel()
        await asyncio.sleep(0)
        assert len(queue) == 1
        await queue.room(Line(1))
        assert await queue.take(2, ANY) == [second]

    run(test)


def test_what_a_dead_worker_had_goes_first() -> None:
    async def test() -> None:
        queue = FairQueue(4)
        queue.put([job("a"), job("b")], Line(1))
        taken = await queue.take(2, ANY)
        queue.put([job(x) for x in "cdef"], Line(2))
        taken[1].outcome.set_result(Expired())
        queue.put_back(taken)
        assert len(queue) == 5
        assert names(await queue.take(5, ANY)) == "acdef"

    run(test)


def test_takers_and_those_who_wait_for_room_are_woken() -> None:
    async def test() -> None:
        queue = FairQueue(1)
        taking = asyncio.create_task(queue.take(1, ANY))
        await asyncio.sleep(0)
        queue.put([job("a")], Line(1))
        room = asyncio.create_task(queue.room(Line(1)))
        assert names(await taking) == "a"
        await room
        await queue.emptied()

    run(test)


def test_the_time_to_empty_follows_the_measured_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        queue, now = FairQueue(64), 1_000.0
        monkeypatch.setattr("slant_service.fair_queue.time.monotonic", lambda: now)
        assert queue.seconds_to_empty() == 1
        queue.put([job() for _ in range(60)], Line(1))
        for _ in range(10):
            await queue.take(1, ANY)
            now += 0.5
        assert queue.seconds_to_empty() == 25

    run(test)


def test_callers_take_turns_and_so_do_the_requests_of_each() -> None:
    async def test() -> None:
        queue = FairQueue(64)
        for n in range(4):
            queue.put([job(x) for x in "abc"], Line(n, "many"))
        queue.put([job("x"), job("y")], Line(9, "few"))
        assert names(await queue.take(7, ANY)) == "axaya" + "ab"
        assert len(queue) == 7

    run(test)


def test_some_places_are_kept_for_single_articles() -> None:
    async def test() -> None:
        queue = FairQueue(100)
        queue.put([job() for _ in range(64)], Line(1, bulk=True))
        queue.put([job() for _ in range(11)], Line(2, bulk=True))
        with pytest.raises(QueueFull):
            queue.put([job()], Line(3, bulk=True))
        waiting = asyncio.create_task(queue.room(Line(3, bulk=True)))
        for n in range(25):
            queue.put([job()], Line(10 + n))
        with pytest.raises(QueueFull):
            queue.put([job()], Line(99))
        assert queue.full
        await queue.take(1, ANY)
        await waiting

    run(test)


def test_some_places_are_kept_from_every_one_caller() -> None:
    async def test() -> None:
        queue = FairQueue(100, each=75)
        tickets = [queue.put([job()], Line(n, "greedy"))[0] for n in range(75)]
        with pytest.raises(QueueFull):
            queue.put([job()], Line(75, "greedy"))
        assert not queue.full
        queue.put([job()], Line(1, "modest"))
        tickets[0].outcome.cancel()
        await asyncio.sleep(0)
        queue.put([job()], Line(75, "greedy"))

    run(test)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from("paid")), max_size=60))
def test_every_ticket_comes_out_once(steps: list[tuple[int, str]]) -> None:
    """Whatever is put, abandoned, taken and put back: nothing is lost, nothing doubled, and the length is right."""

    async def test() -> None:
        queue, waiting = FairQueue(16, each=9), list[Ticket]()
        for n, step in steps:
            if step == "p":
                with contextlib.suppress(QueueFull):
                    waiting += queue.put([job()], Line(n % 4, n // 4, bulk=n % 2 == 1))
            elif step == "a" and waiting:
                waiting.pop(n % len(waiting)).outcome.cancel()
                await asyncio.sleep(0)
            elif step == "i" and waiting:
                queue.put_back(await queue.take(1 + n, ANY))
            elif step == "d" and waiting:
                for ticket in await queue.take(1 + n, ANY):
                    waiting.remove(ticket)
            assert len(queue) == len(waiting)
        if waiting:
            assert set(await queue.take(99, ANY)) == set(waiting)
        queue.put([job() for _ in range(9)], Line("whole", bulk=True))  # there is room for all that there was at first

    run(test)
