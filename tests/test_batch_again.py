"""What a store fails to give is asked for again, and no oftener than helps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from slant.batch.again import TRIES, again


def failing(times: int, error: OSError) -> tuple[Callable[[], str], list[int]]:
    """Return what fails so many times before it gives something, and a list that grows with every try."""
    tried = list[int]()

    def ask() -> str:
        tried.append(1)
        if len(tried) <= times:
            raise error
        return "given"

    return ask, tried


@pytest.mark.parametrize("times", range(TRIES))
def test_a_failure_that_passes_is_none(times: int) -> None:
    ask, tried = failing(times, OSError("reset"))
    assert again(ask) == "given"
    assert len(tried) == times + 1


def test_the_last_failure_is_told() -> None:
    ask, tried = failing(TRIES, OSError("reset"))
    with pytest.raises(OSError, match="reset"):
        again(ask)
    assert len(tried) == TRIES


@pytest.mark.parametrize("error", [FileNotFoundError(), NotADirectoryError(), PermissionError()])
def test_what_another_try_does_not_change_is_not_tried(error: OSError) -> None:
    ask, tried = failing(1, error)
    with pytest.raises(type(error)):
        again(ask)
    assert len(tried) == 1
