"""How many articles each key may have, by a moving window that the limits library keeps in memory."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from slant.errors import InputError

JUMP = 5.0
"""Seconds by which the wall clock may drift from the monotonic one before all windows begin anew."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key has left: ``remaining`` articles of ``limit``; after ``reset`` seconds there are more."""

    granted: bool
    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        """Return the fields of the RateLimit draft of the IETF's HTTPAPI group, and Retry-After on a refusal."""
        fields = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }
        return fields if self.granted else fields | {"Retry-After": str(max(1, self.reset))}


class Rates:
    """Counts each caller's articles. ``said`` is such as ``600/minute``; with an empty one nothing is counted."""

    def __init__(self, said: str) -> None:
        self._item = _parse(said) if said else None
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._offset = _offset()

    async def take(self, caller: str, articles: int = 1) -> Allowance | None:
        """Count articles, all or none, and tell whether they are granted; ``None`` where there is no limit."""
        if self._item is None:
            return None
        await self._start_anew_after_a_jump()
        granted = articles <= self._item.amount and await self._limiter.hit(self._item, caller, cost=articles)
        reset, remaining = await self._limiter.get_window_stats(self._item, caller)
        return Allowance(granted, self._item.amount, remaining, max(0, math.ceil(reset - time.time())))

    async def _start_anew_after_a_jump(self) -> None:
        """The library counts by the wall clock; set back, it would keep a caller out until its calls are past again."""
        if abs(_offset() - self._offset) > JUMP:
            self._offset = _offset()
            await self._storage.reset()


def _offset() -> float:
    return time.time() - time.monotonic()


def _parse(said: str) -> RateLimitItem:
    try:
        return parse(said)
    except ValueError as error:
        raise InputError(f"a rate limit is such as 600/minute; got {said!r}") from error
