"""Slant reads a news article: what it is about, and where it stands toward any target you name.

import slant
judgement = slant.load().classify(slant.Article(text=...), targets=["a carbon tax"])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slant.article import Article, Judgement
    from slant.errors import SlantError
    from slant.inference.classifier import Classifier, load

__version__ = "0.6.0"
__all__ = ["Article", "Classifier", "Judgement", "SlantError", "__version__", "load"]

_HOMES = {
    "Article": "slant.article",
    "Judgement": "slant.article",
    "SlantError": "slant.errors",
    "Classifier": "slant.inference.classifier",
    "load": "slant.inference.classifier",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: ``import slant`` alone stays light (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'slant' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
