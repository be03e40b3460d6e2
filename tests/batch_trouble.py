"""A stand-in for the classifier that fails in all the ways that a model can. Light to load, for processes that judge."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import batch_stand_in
from slant.article import Article, Judgement
from slant.batch.asked import Asked
from slant.errors import SelfTestFailed

TRIED = "SECOND_TRY"
"""In the environment: the file that says that there was a first try."""


class Panic(BaseException):
    """What a library in Rust fails with: no Exception."""


class LockedIn:
    """What no process can hand to another."""

    def __reduce__(self) -> Any:
        raise RecursionError


class Troubled(batch_stand_in.StandIn):
    """Fails as the text says."""

    def classify(self, article: Article, targets: Sequence[str] = (), **options: Any) -> Judgement:
        text, found = str(article.text), super().classify(article, targets, **options)
        if text == "STUCK":
            sum(iter(int, 1))  # as a regular expression without end: the interpreter waits, and hears no signal
        if text == "NO ROOM" or (text == "NO ROOM AT FIRST" and _first_try()):
            raise MemoryError
        if text == "PANIC":
            raise Panic
        if text == "EXIT":
            sys.exit(3)
        if text == "NAN":
            return replace(found, stances=tuple(replace(one, confidence=math.nan) for one in found.stances))
        if text == "LOCKED IN":
            return replace(found, warnings=(cast(str, LockedIn()),))
        return replace(found, language="\ud800") if text == "HALF" else found


class Telling(Troubled):
    """Tells in the place of a language which kind of process judged: one apart, or one that reads and writes too."""

    def classify(self, article: Article, targets: Sequence[str] = (), **options: Any) -> Judgement:
        where = "worker" if multiprocessing.current_process().name.startswith("LokyProcess") else "apart"
        return replace(super().classify(article, targets, **options), language=where)


def load_telling(asked: Asked) -> Telling:
    """Return one that tells."""
    return Telling()


TESTED = "TESTED"
"""In the environment: the file that has a line for each test of what judges, and in its name how that ends."""


class Tested(Troubled):
    """Tells of each test."""

    def self_test(self) -> None:
        place = Path(os.environ[TESTED])
        with place.open("a") as file:
            file.write("tested\n")
        if place.name == "fails":
            raise SelfTestFailed("self-test, article 1 of 1: got another topic than the bundle says is wanted")
        if place.name == "dies":
            os._exit(1)
        if place.name == "stuck" and signal.getitimer(signal.ITIMER_REAL)[0] > 200:
            signal.setitimer(signal.ITIMER_REAL, 0.1)  # nobody waits for what is left
            sum(iter(int, 1))


def load_tested(asked: Asked) -> Tested:
    """Return one that tells of each test."""
    return Tested()


def _first_try() -> bool:
    tried = Path(os.environ[TRIED])
    first = not tried.exists()
    tried.touch()
    return first


def load(asked: Asked) -> Troubled:
    """Return one."""
    return Troubled()


def load_never(asked: Asked) -> Troubled:
    """End before there is one."""
    os._exit(5)
