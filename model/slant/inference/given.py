"""What callers hand in, checked before it is used: an article, targets, options that are on or off, threads."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from slant.article import AUTO, Article
from slant.errors import ArticleError, OptionError
from slant.values import kind_of


def check_article(article: object) -> None:
    """Check that something is an article.

    Raises
    ------
    ArticleError
        It is not.
    """
    if not isinstance(article, Article):
        raise ArticleError(f"wanted an article, as slant.Article(text=...), got {kind_of(article)}", field="article")


def is_auto(targets: object) -> bool:
    """Tell whether targets are to be proposed; an array is not compared, as it would be with each of its items."""
    return isinstance(targets, str) and targets == AUTO


def listed(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in whatever holds several, or one alone, as a tuple."""
    return (names,) if isinstance(names, str) else tuple(names)


def check_flag(name: str, value: object) -> None:
    """Check that an option is one that is on or off.

    Raises
    ------
    OptionError
        It is something else, such as the word "no", which Python takes for true.
    """
    if isinstance(value, Integral) or type(value).__name__ in ("bool", "bool_"):  # the last two are numpy's
        return
    raise OptionError(f"{name}: wanted True or False, got {value!r:.40}", field=name)


def check_threads(threads: Any) -> None:
    """Check a number of threads.

    Raises
    ------
    OptionError
        It is no whole number of at least one.
    """
    if threads is None or (isinstance(threads, Integral) and threads is not True and int(threads) >= 1):
        return
    raise OptionError(f"wanted 1 or more, or None for all cores, got {threads!r:.40}", field="threads")
