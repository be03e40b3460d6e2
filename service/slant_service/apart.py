"""Threads, for what takes long enough to hold up the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_THREAD = ThreadPoolExecutor(1, "apart")
"""One, because more would only take the interpreter from the event loop."""


async def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work`` returns, or raise what it raises, while the event loop goes on."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, lambda: work(*args, **kwargs))


def in_daemon(work: Callable[[], T]) -> asyncio.Future[T]:
    """Begin ``work`` in a thread of its own that nothing waits for when the service ends: it may hang for ever."""
    loop = asyncio.get_running_loop()
    coming: asyncio.Future[T] = loop.create_future()

    def tell(set_to: Callable[[Any], None], found: object) -> None:
        if not coming.done():
            set_to(found)

    def run() -> None:
        try:
            told = (coming.set_result, work())
        except Exception as error:
            told = (coming.set_exception, error)  # type: ignore[assignment]
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, *told)

    threading.Thread(target=run, daemon=True).start()
    return coming
