"""Work in step with length: no article of a given length takes much longer than another, whatever is in it.

The work on short articles is counted, not timed: every line, call and turn of a loop in Python. LENGTH_CHARS=200000
times all kinds of articles at that length, and prints how long each took.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

import slant.text.html
import slant.text.markup
from nasty import PAGES, TEXTS, Make
from slant.article import AUTO, Article
from slant.errors import ArticleError
from slant.inference.classifier import Classifier
from stand_in_networks import without_networks

CHARACTERS = int(os.environ.get("LENGTH_CHARS", "0"))
SHORT = 2_000, 8_000
OFTEN = (
    "base64", "one surname", "honorifics", "pronouns", "one noun", "attributed", "dots", "line breaks", "forms",
    "cells", "paragraphs", "an open attribute",
)  # fmt: skip
"""Those that are tried in every run; most of them once took the square of their length."""
KINDS = TEXTS | PAGES


@pytest.fixture(scope="module")
def quick(classifier: Classifier) -> Classifier:
    found = without_networks(classifier)
    for make in (TEXTS["one paragraph"], PAGES["words"]):  # what is loaded and compiled at the first call
        found.classify(make(2_000), AUTO, sources=True, coverage=0.9)
    return found


def judge(classifier: Classifier, article: Article) -> None:
    try:
        classifier.classify(article, AUTO, sources=True, coverage=0.9)
    except ArticleError as error:
        assert "nothing to read" in str(error) or "no article text" in str(error)  # noqa: PT017


def steps(act: Callable[[], None]) -> int:
    """Return how many lines and calls of Python run while something is done."""
    taken, before = 0, sys.gettrace()

    def count(_: FrameType, __: str, ___: Any) -> Any:
        nonlocal taken
        taken += 1
        return count

    sys.settrace(count)
    try:
        act()
    finally:
        sys.settrace(before)
    return taken


@pytest.mark.parametrize("kind", KINDS if CHARACTERS else OFTEN)
def test_work_grows_in_step_with_length(quick: Classifier, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slant.text.html, "MOST_COMPARED", 150)  # limits in proportion to such short pages
    monkeypatch.setattr(slant.text.markup, "MOST_TAGS", 1_500)
    short, long = (KINDS[kind](size) for size in SHORT)
    few, many = (steps(lambda article=article: judge(quick, article)) for article in (short, long))  # type: ignore[misc]
    assert math.log(many / few) / math.log(SHORT[1] / SHORT[0]) < 1.1, (few, many)


@pytest.mark.parametrize("sources", [False, True])
@pytest.mark.parametrize("kind", KINDS if CHARACTERS else [])
def test_time_grows_in_step_with_length(quick: Classifier, kind: str, sources: bool) -> None:
    few, many = (seconds(quick, KINDS[kind], size, sources=sources) for size in (CHARACTERS // 4, CHARACTERS))
    growth = math.log(many / few) / math.log(4)
    print(f"\n{kind:24}{'sources' if sources else '':10}{few:8.2f} s{many:8.2f} s   {growth:5.2f}")
    assert growth < 1.35 or many < 1, (few, many)


def seconds(classifier: Classifier, make: Make, size: int, *, sources: bool) -> float:
    """Return the least CPU time of two tries."""
    article, taken = make(size), list[float]()
    for _ in range(2):
        begun = time.thread_time()
        with contextlib.suppress(ArticleError):
            classifier.classify(article, AUTO, sources=sources)
        taken.append(time.thread_time() - begun)
    return max(min(taken), 1e-3)
