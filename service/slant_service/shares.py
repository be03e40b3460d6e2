"""What callers share: so much of it in all, and no more than three quarters for any one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Spent(Exception):
    """Nothing is left of it, or nothing for this caller."""


def most_of_one(limit: int) -> int:
    """Return how much of ``limit`` one caller may hold where there are others."""
    return max(1, limit * 3 // 4)


class Shares:
    """``limit`` of something, ``each`` of it at most for one caller.

    Parameters
    ----------
    limit
        How much there is for all callers together.
    each
        How much one caller may hold; all of it if not given.
    """

    def __init__(self, limit: int, each: int | None = None) -> None:
        self.limit, self.each = limit, limit if each is None else each
        self._held = Counter[Hashable]()
        self._sum = 0

    @property
    def held(self) -> int:
        """Return how much is held, by all."""
        return self._sum

    def left(self, caller: Hashable) -> int:
        """Return how much a caller may still take."""
        return min(self.limit - self._sum, self.each - self._held[caller])

    def take(self, caller: Hashable, n: int = 1) -> None:
        """Let a caller hold ``n`` more, or less if it is below zero.

        Raises
        ------
        Spent
            There is not so much left; nothing was taken.
        """
        if n > 0 and n > self.left(caller):
            raise Spent
        self.add(caller, n)

    def add(self, caller: Hashable, n: int = 1) -> None:
        """Let a caller hold ``n`` more, beyond the limit too."""
        self._sum += n
        self._held[caller] += n
        if not self._held[caller]:
            del self._held[caller]

    def give(self, caller: Hashable, n: int = 1) -> None:
        """Take ``n`` back."""
        self.add(caller, -n)

    @contextmanager
    def taken(self, caller: Hashable, n: int = 1) -> Iterator[None]:
        """Let a caller hold ``n`` more for a while; raises as ``take``."""
        self.take(caller, n)
        try:
            yield
        finally:
            self.give(caller, n)
