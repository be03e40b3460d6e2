"""What a store fails to give is asked for again: most failures pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

TRIES = 3
"""Times that something is asked for before it counts as not to be had."""


def again(ask: Callable[[], T]) -> T:
    """Return what is asked for, at the first try or at a later one.

    Raises
    ------
    OSError
        The last try failed; or it is not there, or not allowed, which another try does not change.
    """
    for _ in range(TRIES - 1):
        try:
            return ask()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            raise
        except OSError:
            continue
    return ask()
