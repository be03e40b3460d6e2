"""Work has a time limit, loading has one, and a change of bundle ends well or not at all, whoever is left to see it."""

from __future__ import annotations

import asyncio
import os
import pickle
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import structlog

from slant.errors import BundleDamaged, BundleError
from slant.inference.classifier import Classifier
from slant_service.engine import Engine
from slant_service.errors import Busy, ChangeUnderWay, NotReady, TooMany
from slant_service.jobs import Answered, Refused
from slant_service.process import BundleRefused
from slant_service.request_body import BodyRefused
from slant_service.schemas import Request
from slant_service.settings import Settings
from slant_service.worker import Load
from stand_in import source, source_after, source_of_failure, stand_in

NEVER = "UNTIL /nowhere/at/all"
LARGE = "x" * 2_000
"""An article with this goes to a worker alone."""


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 120))


@asynccontextmanager
async def engine(given: Any = source, **settings: Any) -> AsyncIterator[Engine]:
    """Start an engine of which the first bundle is loaded, well or badly, and end it."""
    found = Engine(Settings(**settings), given)
    await found.start()
    try:
        yield found
    finally:
        await found.stop()


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def said(found: list[Answered | Refused]) -> list[str]:
    """Return the end of each problem's type, and of an answer nothing."""
    return [one.problem.type.rsplit("/", 1)[1] if isinstance(one, Refused) else "" for one in found]


def processes() -> int:
    """Return how many processes the fork server has started that live."""
    return sum(len(middle.children()) for middle in psutil.Process().children())


def test_an_article_that_takes_too_long_is_refused_and_harms_no_other() -> None:
    """Neither those that were handed out with it nor those that wait; its worker is replaced."""

    async def test() -> None:
        async with engine(article_s=1) as one:
            texts = ["a", NEVER, "b", "c"]
            found = await one.judge([Request(text=text, id=text) for text in texts])
            assert said(found) == ["", "article-timeout", "", ""]
            refused = found[1]
            assert isinstance(refused, Refused)
            assert (refused.problem.status, refused.problem.id) == (500, NEVER)
            assert "1 seconds" in refused.problem.detail
            await until(lambda: one.pool is not None and one.pool.ready == 1)

    run(test)


def test_an_article_whose_turn_came_in_time_may_take_its_time(tmp_path: Path) -> None:
    async def test() -> None:
        async with engine(timeout_s=1, article_s=60) as one:
            slow = asyncio.create_task(one.judge([Request(text=f"UNTIL {tmp_path / 'go'}")]))
            await until(lambda: one.metrics.busy._value.get() == 1)
            assert said(await one.judge([Request(text=LARGE)], "other")) == ["too-late"]
            (tmp_path / "go").touch()
            assert said(await slow) == [""]

    run(test)


def test_a_worker_does_not_stay_with_what_nobody_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slant_service.process.ABANDONED", 0.1)

    async def test() -> None:
        async with engine() as one:
            left = asyncio.create_task(one.judge([Request(text=NEVER)]))
            await until(lambda: one.metrics.busy._value.get() == 1)
            left.cancel()
            assert said(await one.judge([Request(text="a")])) == [""]

    run(test)


def hanging(path: Path, where: str, threads: int) -> Load:
    """Read a bundle out of a pipe that nobody writes to."""
    path.read_bytes()
    return source(where, threads)


def test_reading_that_hangs_is_given_up_and_blocks_nothing(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    async def test() -> None:
        async with engine(partial(hanging, pipe), load_s=0.5) as one:
            with pytest.raises(NotReady, match="cannot be used"):
                one.require_ready()
            for _ in range(2):
                with pytest.raises(BundleError, match=r"not read within 0\.5 seconds"):
                    await one.swap("default")
            await until(lambda: processes() == 0)
            began = time.monotonic()
            await asyncio.gather(*(asyncio.to_thread(int) for _ in range(8)))
            assert time.monotonic() - began < 30  # and not for ever, as where threads are held by what hangs

    run(test)


def test_loading_that_hangs_is_given_up(tmp_path: Path) -> None:
    async def test() -> None:
        async with engine(partial(source_after, tmp_path / "never"), load_s=0.5, workers=2) as one:
            with pytest.raises(NotReady, match="cannot be used"):
                one.require_ready()
            await until(lambda: processes() == 0)

    run(test)


class Panic(BaseException):
    """What a library written in Rust raises where it panics: no Exception."""


def panicking(where: str, threads: int) -> Load:
    return partial(_panic)


def _panic() -> Classifier:
    raise Panic("SECRET")


def unreadable(failure: BaseException, where: str, threads: int) -> Load:
    raise failure


def unsendable(where: str, threads: int) -> Load:
    return lambda: stand_in(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failing", "kind"),
    [
        (partial(source_of_failure, RuntimeError("SECRET")), "RuntimeError at "),
        (partial(source_of_failure, MemoryError()), "MemoryError at "),
        (partial(source_of_failure, BundleDamaged("in full")), "BundleDamaged: in full"),
        (partial(unreadable, TypeError("SECRET")), "TypeError at "),
        (partial(unreadable, RecursionError("SECRET")), "RecursionError at "),
        (partial(unreadable, SystemExit("SECRET")), "SystemExit at "),
        (partial(unreadable, BundleDamaged("in full")), "BundleDamaged: in full"),
        (panicking, "Panic at "),
        (unsendable, " at "),
    ],
)  # fmt: skip
def test_whatever_fails_at_the_start_is_told_and_logged(failing: Any, kind: str) -> None:
    async def test() -> None:
        with structlog.testing.capture_logs() as logged:
            async with engine(failing) as one:
                assert one.started.is_set()
                with pytest.raises(NotReady, match="the log says why"):
                    one.require_ready()
        (entry,) = [line for line in logged if line["event"] == "the bundle cannot be used"]
        assert kind in entry["reason"]
        assert "SECRET" not in str(logged)

    run(test)


def test_a_change_is_done_though_its_caller_is_gone() -> None:
    """Nothing is left of the bundles before: more changes leave the workers of two, as one does."""

    async def test() -> None:
        async with engine() as one:
            for _ in range(2):
                busy = asyncio.create_task(one.judge([Request(text="WORK 300")]))
                await until(lambda: one.metrics.busy._value.get() == 1)
                first = one.pool
                asking = asyncio.create_task(one.swap("default"))
                await until(lambda first=first: one.pool is not first)  # type: ignore[misc]
                asking.cancel()
                await one.settled()
                assert said(await busy) == [""]
                assert (processes(), one.pool.ready if one.pool else 0) == (2, 1)
            assert b"slant_workers_spare 1.0" not in one.metrics.page()  # nobody watches this engine

    run(test)


def test_one_change_at_a_time() -> None:
    async def test() -> None:
        async with engine() as one:
            first = asyncio.create_task(one.swap("default"))
            await asyncio.sleep(0)
            for change in (one.swap, one.roll_back):
                with pytest.raises(ChangeUnderWay):
                    await change(*["default"][: change == one.swap])
            assert (await first).model.name == "default"

    run(test)


@pytest.mark.parametrize("hangs", ["reading", "loading"])
def test_a_service_that_ends_ends_a_change_too(tmp_path: Path, hangs: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    other = partial(hanging, tmp_path / "pipe") if hangs == "reading" else partial(source_after, tmp_path / "never")

    async def test() -> None:
        async with engine() as one:
            one._source = other
            changing = asyncio.create_task(one.swap("default"))
            await until(lambda: processes() == 2)
        assert changing.done()
        await until(lambda: processes() == 0)

    run(test)


def test_workers_are_logged_under_nobodys_request() -> None:
    async def test() -> None:
        with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
            async with engine() as one:
                with structlog.contextvars.bound_contextvars(request="the admin's"):
                    await one.swap("default")
                    assert one.pool is not None
                for middle in psutil.Process().children():
                    for worker in middle.children():
                        worker.kill()
                await until(lambda: [line["event"] for line in logged].count("a worker died") == 2)
        assert all("request" not in line for line in logged)

    run(test)


def test_a_killed_fork_server_is_replaced_when_it_is_needed() -> None:
    async def test() -> None:
        async with engine(timeout_s=100) as one:
            (middle,) = [child for child in psutil.Process().children() if child.children()]
            workers = middle.children()
            middle.kill()
            for worker in workers:
                worker.kill()
            assert said(await one.judge([Request(text="a")])) == [""]

    run(test)


@pytest.mark.parametrize(
    "name", ["/etc", "..", "../outside", "a/../../outside", "link", "link/a", ".", "", "a/..", "no\0ne", "//", "a/../"]
)
def test_a_bundle_is_named_below_the_root(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    one = Engine(Settings(bundle_root=str(root)), source)
    for inside in ("a", "a/", "b/../a", "./a"):
        assert one.bundle_of(inside) == str(root / "a")
    assert one.bundle_of("default") == "default"
    with pytest.raises(BundleError, match=r"^wanted the name of a folder below SLANT_BUNDLE_ROOT$"):
        one.bundle_of(name)
    with pytest.raises(BundleError, match="not set"):
        Engine(Settings(), source).bundle_of("a")


@pytest.mark.parametrize(
    "error",
    [Busy("full", 7), NotReady("no"), TooMany("so many", {"Retry-After": "3"}), ChangeUnderWay("wait"), BodyRefused(413, "a", "b")],
)  # fmt: skip
def test_errors_cross_processes(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_what_is_said_of_a_bad_bundle_holds_nothing_of_it() -> None:
    async def test() -> None:
        async with engine() as one:
            one._source = partial(unreadable, BundleDamaged("/secret/path: format 'SECRET'"))
            with pytest.raises(BundleRefused, match=r"^BundleDamaged: a file is not what the manifest says") as caught:
                await one.swap("default")
            assert "SECRET" not in str(caught.value)
            assert "SECRET" in caught.value.said
            again = pickle.loads(pickle.dumps(caught.value))
            assert (str(again), again.said) == (str(caught.value), caught.value.said)

    run(test)
