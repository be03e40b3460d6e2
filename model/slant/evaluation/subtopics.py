"""Topics of the second level: how often the first one is right, and how well all that are given are found."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from slant.data.readers import TopicExample
from slant.errors import DataError
from slant.evaluation import metrics
from slant.evaluation.predict import topic_shares
from slant.heads.topic import TopicHead
from slant.inference.classifier import Classifier
from slant.labels import SUBTOPICS
from slant.types import Bools, Floats, Ints, Json, Progress

FEWEST = 5
"""Articles that a topic is named for from which its F1 counts for the mean."""
_PLACES = {topic.name: place for place, topic in enumerate(SUBTOPICS)}


def subtopic_report(classifier: Classifier, examples: Iterable[TopicExample], progress: Progress) -> Json:
    """Return the figures of a bundle on articles whose topics of the second level a reader named.

    Parameters
    ----------
    classifier
        The bundle.
    examples
        Articles with ``narrower``.
    progress
        Told after every article.

    Returns
    -------
    dict
        ``first``: the part of the articles whose first topic of the second level, or where none is given the
        likeliest, is one that the reader named. ``macro_f1``: the mean F1 of topics that are named for ``FEWEST``
        articles or more. ``micro_f1``: the F1 of all topics together. ``none``: the part of the articles that are
        given none. ``ece``: of the first one's probability.

    Raises
    ------
    DataError
        The bundle tells no topics of the second level, or no article has some.
    """
    head = classifier.bundle.topic
    if head is None or head.second is None:
        raise DataError("this bundle tells no topics of the second level; wanted --level 1, or another bundle")
    truth, shares = list[Bools](), list[tuple[Floats, Floats]]()
    for example in examples:
        shares.append(topic_shares(classifier, example))
        truth.append(names_to_places(example.narrower or ()))
        progress(1)
    if not truth:
        raise DataError("no row names a topic of the second level in names2", field="names2")
    first, second = (np.array(level) for level in zip(*shares, strict=True))
    return subtopic_figures(head, np.array(truth), first, second)


def subtopic_figures(head: TopicHead, truth: Bools, first: Floats, second: Floats, *, intervals: bool = True) -> Json:
    """Return the figures for ``truth`` (n, all topics of the second level) and a head's probabilities of n articles."""
    places = np.array([_PLACES[topic.name] for topic in (head.second.labels if head.second else ())], dtype=np.int64)
    given = np.zeros(truth.shape, dtype=bool)
    given[:, places] = head.given(first, second)[1]
    best = first_places(head, first, second)
    rows = np.arange(len(truth))
    right, confidence = truth[rows, places[best]].astype(float), second[rows, best]
    found = {
        "n": len(truth),
        "first": float(right.mean()),
        "macro_f1": _macro_f1(truth, given),
        "micro_f1": _micro_f1(truth, given),
        "none": float((~given.any(axis=1)).mean()),
        "ece": metrics.expected_calibration_error(confidence, right),
        "majority": float(truth.mean(axis=0).max()),
        "per_class": _per_class(truth, given),
        "reliability": metrics.reliability(confidence, right),
        "coverage": metrics.coverage_curve(confidence, right),
    }
    return found | ({"intervals": _intervals(truth, given, right)} if intervals else {})


def first_places(head: TopicHead, first: Floats, second: Floats) -> Ints:
    """Return the place of each article's first topic of the second level; where none is given, of the likeliest.

    The likeliest is looked for beneath the given topics of the first level, if there are any.
    """
    upper, lower = head.given(first, second)
    beneath = upper[:, head.above]
    preferred = lower.astype(float) + beneath
    return np.asarray((preferred + second).argmax(axis=1))


def names_to_places(names: Iterable[str]) -> Bools:
    """Return which topics of the second level are named, (all of them,)."""
    named = np.zeros(len(SUBTOPICS), dtype=bool)
    named[[_PLACES[name] for name in names]] = True
    return named


def _f1(truth: Bools, given: Bools) -> Floats:
    """Return the F1 of every topic."""
    return np.asarray(2 * (truth & given).sum(axis=0) / np.maximum(truth.sum(axis=0) + given.sum(axis=0), 1))


def _macro_f1(truth: Bools, given: Bools) -> float | None:
    counted = truth.sum(axis=0) >= FEWEST
    return float(_f1(truth, given)[counted].mean()) if counted.any() else None


def _micro_f1(truth: Bools, given: Bools) -> float:
    return float(2 * (truth & given).sum() / max(truth.sum() + given.sum(), 1))


def _intervals(truth: Bools, given: Bools, right: Floats) -> Json:
    counted, n = truth.sum(axis=0) >= FEWEST, len(truth)
    return {
        "first": metrics.interval(lambda rows: float(right[rows].mean()), n),
        "micro_f1": metrics.interval(lambda rows: _micro_f1(truth[rows], given[rows]), n),
    } | (
        {"macro_f1": metrics.interval(lambda rows: float(_f1(truth[rows], given[rows])[counted].mean()), n)}
        if counted.any()
        else {}
    )


def _per_class(truth: Bools, given: Bools) -> Json:
    """Return precision, recall, F1 and count of each topic that is named or given."""
    hits, named, told = (truth & given).sum(axis=0), truth.sum(axis=0), given.sum(axis=0)
    scores = _f1(truth, given)
    return {
        topic.name: {
            "precision": float(hits[n] / max(told[n], 1)),
            "recall": float(hits[n] / max(named[n], 1)),
            "f1": float(scores[n]),
            "count": int(named[n]),
        }
        for n, topic in enumerate(SUBTOPICS)
        if named[n] or told[n]
    }
