"""The rows of a piece, judged: each by itself, equal ones once. What goes wrong with one stays with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, Unpack

from slant.article import Article, Judgement, Targets
from slant.batch.asked import Asked
from slant.batch.rows import Row
from slant.errors import BundleDamaged, InputError
from slant.features.memory import remembering

if TYPE_CHECKING:
    from slant.inference.classifier import Options


class Judge(Protocol):
    """What judges articles: a ``Classifier``."""

    def classify(self, article: Article, targets: Targets = (), **options: Unpack[Options]) -> Judgement:
        """Say what an article is about, and where it stands toward each target."""


Load = Callable[[Asked], Judge]
"""Loads what judges, in the process that it is called in."""
Outcome = Judgement | str
"""A judgement, or why there is none."""


def load_asked(asked: Asked) -> Judge:
    """Load the bundle that was asked for, for work on one core.

    Raises:
        BundleError: it cannot be used.
        BundleDamaged: what is found under its name here is another than where the run was begun.
    """
    from slant.inference.classifier import Classifier, load  # long to load, and who hands out the work needs none

    classifier = load(asked.bundle, threads=1, device=asked.device)
    found = classifier.model_id.sha256
    if found != asked.sha256:
        raise BundleDamaged(f"{asked.bundle}: sha256 is {found}; the run wants {asked.sha256}")
    return Classifier(replace(classifier.bundle, encoder=remembering(classifier.bundle.encoder)))


@lru_cache(1)
def loaded(load: Load, asked: Asked) -> Judge:
    """Return what ``load`` loads, once for each process."""
    return load(asked)


def judge(classifier: Judge, asked: Asked, rows: Sequence[Row]) -> Iterator[Outcome]:
    """Yield what comes of each row, in order."""
    seen = dict[object, Outcome]()
    for row in rows:
        key = (replace(row.article, id=None), row.targets)
        if key not in seen:
            seen[key] = _judge(classifier, asked, row)
        found = seen[key]
        yield replace(found, id=row.article.id) if isinstance(found, Judgement) else found


def _judge(classifier: Judge, asked: Asked, row: Row) -> Outcome:
    try:
        return classifier.classify(
            row.article,
            row.targets,
            topics=asked.topics,
            evidence=asked.evidence,
            sources=asked.sources,
            min_confidence=asked.min_confidence,
        )
    except InputError as error:
        return str(error)
    except Exception as error:  # nothing that is wrong with one row may cost another
        return f"the model failed: {type(error).__name__}"
