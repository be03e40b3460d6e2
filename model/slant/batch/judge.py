"""The rows of a piece, judged: each by itself, equal ones once. What goes wrong with one stays with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, Unpack

from slant.article import Article, Judgement, Targets
from slant.batch.asked import Asked
from slant.batch.child import expendable, limited
from slant.errors import BundleDamaged, InputError
from slant.features.memory import remembering

if TYPE_CHECKING:
    from slant.inference.many import Options


class Judge(Protocol):
    """What judges articles: a ``Classifier``."""

    def classify(self, article: Article, targets: Targets = (), **options: Unpack[Options]) -> Judgement:
        """Say what an article is about, and where it stands toward each target."""

    def self_test(self) -> None:
        """Judge test articles; a ``BundleError`` if that goes wrong."""


TEST = 300.0
"""Seconds that a bundle's own test may take."""
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


def prove(classifier: Judge) -> None:
    """Have what judges pass its own test. A process that was started to work ends if that takes longer than ``TEST``.

    Raises
    ------
    BundleError
        It fails.
    """
    with limited(TEST) if expendable() else nullcontext():
        classifier.self_test()


class Asking(Protocol):
    """What asks the model something: a ``Query``, or a row."""

    @property
    def article(self) -> Article:
        """Return what is judged."""

    @property
    def targets(self) -> Targets:
        """Return what a stance is toward."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of the model."""

    article: Article
    targets: Targets


def key_of(query: Asking) -> object:
    """Return what two queries have in common that get one answer: all but the article's id."""
    return replace(query.article, id=None), query.targets


def judge(classifier: Judge, asked: Asked, queries: Sequence[Asking], seconds: float = math.inf) -> Iterator[Outcome]:
    """Yield what comes of each query, in order.

    Parameters
    ----------
    classifier
        What judges.
    asked
        What is asked of every article.
    queries
        Articles, each with its targets.
    seconds
        What one of them may take. A process that was started to work ends if it takes longer.

    Raises
    ------
    MemoryError
        There is not enough for a query; elsewhere there may be.
    """
    seen = dict[object, Outcome]()
    for query in queries:
        key = key_of(query)
        if key not in seen:
            with limited(seconds) if expendable() and seconds < math.inf else nullcontext():
                seen[key] = _judge(classifier, asked, query)
        found = seen[key]
        yield replace(found, id=query.article.id) if isinstance(found, Judgement) else found


def _judge(classifier: Judge, asked: Asked, query: Asking) -> Outcome:
    try:
        found = classifier.classify(
            query.article,
            query.targets,
            topics=asked.topics,
            evidence=asked.evidence,
            sources=asked.sources,
            min_confidence=asked.min_confidence,
        )
    except InputError as error:
        return str(error)
    except (MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:  # nothing that is wrong with one row may cost another, be it a library's panic
        return f"the model failed: {type(error).__name__}"
    return found if _is_finite(found) else "the model failed: a probability is no number"


def _is_finite(judgement: Judgement) -> bool:
    """Tell whether all probabilities are numbers."""
    shares = [topic.probability for topic in judgement.topics]
    for stance in judgement.stances:
        shares += [stance.confidence, *stance.probabilities.values(), *(span.probability for span in stance.evidence)]
        for source in stance.sources:
            shares += [source.confidence, *source.probabilities.values()]
    return all(map(math.isfinite, shares))
