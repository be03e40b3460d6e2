"""Slant reads a news article: what it is about, and where it stands toward any target you name.

import slant
judgement = slant.load().classify(slant.Article(text=...), targets=["a carbon tax"])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slant import article, batch, errors, labels
    from slant.article import Article, Judgement
    from slant.errors import SlantError
    from slant.inference.classifier import Classifier, load

__version__ = "0.6.0"
__all__ = [
    "Article",
    "Classifier",
    "Judgement",
    "SlantError",
    "__version__",
    "article",
    "batch",
    "errors",
    "labels",
    "load",
]

_HOMES = {
    "Article": "slant.article",
    "Judgement": "slant.article",
    "SlantError": "slant.errors",
    "Classifier": "slant.inference.classifier",
    "load": "slant.inference.classifier",
}
_MODULES = frozenset({"article", "batch", "errors", "labels"})


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: ``import slant`` alone stays light (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name not in _MODULES:
        raise AttributeError(f"module 'slant' has no attribute {name!r}")
    try:
        return import_module(f"slant.{name}")
    except ModuleNotFoundError as error:
        from slant.errors import MissingExtra

        raise MissingExtra("batch", str(error.name)) from error


def __dir__() -> list[str]:
    """Return what there is, imported already or not."""
    return sorted({*globals(), *__all__})
