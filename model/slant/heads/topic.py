"""The topic head: word counts and the lead's vector to a probability for every topic, on two levels.

All of it is arrays: serving needs numpy alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slant.features.counts import Counts
from slant.labels import Topic
from slant.types import Bools, Floats, Ints, Json

OLD_SCALE = 3.0
"""By which vectors were multiplied before the coefficients of older bundles."""


@dataclass(frozen=True, slots=True, eq=False)
class TopicLevel:
    """One-vs-rest logistic regressions of the topics of one level, each with its own calibration.

    ``coefficients`` is (pieces + d, topics), and may be of half precision, ``intercepts`` (topics,), ``sigmoids``
    (topics, 2), and ``thresholds`` (topics,) the probability from which a topic is given.
    """

    labels: tuple[Topic, ...]
    coefficients: Floats = field(repr=False)
    intercepts: Floats = field(repr=False)
    sigmoids: Floats = field(repr=False)
    thresholds: Floats = field(repr=False)

    def logits(self, words: Counts, leads: Floats) -> Floats:
        """Return scores before calibration, (n, topics), for tf-idf rows and leads (n, d)."""
        pieces = len(self.coefficients) - leads.shape[1]
        found = leads @ self.coefficients[pieces:].astype(np.float32) + self.intercepts
        for row, (start, end) in enumerate(zip(words.indptr[:-1], words.indptr[1:], strict=True)):
            weights = self.coefficients[words.indices[start:end]].astype(np.float32)
            found[row] += words.data[start:end] @ weights
        return np.asarray(found)

    def probabilities(self, words: Counts, leads: Floats) -> Floats:
        """Return calibrated probabilities, (n, topics), independent of each other."""
        return with_sigmoids(self.logits(words, leads), self.sigmoids)

    def state(self) -> Json:
        """Return the level as plain values and arrays."""
        return {
            "labels": [list(label) if label.broader else [label.code, label.name] for label in self.labels],
            "coefficients": self.coefficients,
            "intercepts": self.intercepts,
            "sigmoids": self.sigmoids,
            "thresholds": self.thresholds,
        }

    @classmethod
    def from_state(cls, state: Json) -> TopicLevel:
        """Return the level that ``state`` describes."""
        return cls(**state | {"labels": tuple(Topic(*label) for label in state["labels"])})


@dataclass(frozen=True, slots=True, eq=False)
class TopicHead:
    """The topics of the first level and, if the head was fitted to some, those beneath them.

    ``idf`` is (pieces,). The regressions of ``second`` tell a topic among the articles of the one above it, whose
    place among those of ``first`` is in ``above``.
    """

    idf: Floats = field(repr=False)
    first: TopicLevel
    second: TopicLevel | None = None
    above: Ints = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Find the topic above each of the second level.

        Raises
        ------
        ValueError
            There is none above one of them.
        """
        codes = [label.code for label in self.first.labels]
        above = [codes.index(str(label.broader)) for label in self.second.labels] if self.second else []
        object.__setattr__(self, "above", np.array(above, dtype=np.int64))

    def probabilities(self, counts: Counts, leads: Floats) -> tuple[Floats, Floats]:
        """Return the probability of every topic of each level.

        A topic of the second level is as likely as the one above it and, given that, it itself: never likelier.

        Parameters
        ----------
        counts
            The pieces of n articles; also a compressed sparse row matrix.
        leads
            Their leads' vectors, (n, d).

        Returns
        -------
        tuple of Floats
            (n, topics) and (n, topics of the second level); without a second level (n, 0).
        """
        words = tfidf(counts, self.idf)
        first = self.first.probabilities(words, leads)
        if self.second is None:
            return first, np.zeros((len(first), 0))
        return first, first[:, self.above] * self.second.probabilities(words, leads)

    def given(self, first: Floats, second: Floats) -> tuple[Bools, Bools]:
        """Tell which topics reach their thresholds, from their probabilities; a lower one only under a given one."""
        upper = first >= self.first.thresholds
        if self.second is None:
            return upper, np.zeros(second.shape, dtype=bool)
        return upper, upper[:, self.above] & (second >= self.second.thresholds)

    def described(self) -> Iterator[dict[str, str]]:
        """Yield code and name of every topic of both levels; of those of the second also the code above."""
        for level in (self.first, self.second):
            for label in level.labels if level else ():
                yield {name: value for name, value in label._asdict().items() if value is not None}

    def state(self) -> Json:
        """Return the head as plain values and arrays."""
        return {"idf": self.idf, "first": self.first.state(), "second": self.second and self.second.state()}

    @classmethod
    def from_state(cls, state: Json) -> TopicHead:
        """Return the head that ``state`` describes, also one of a bundle from before there was a second level."""
        if "estimator" in state:
            return _from_estimators(state)
        second = state["second"]
        return cls(
            state["idf"], TopicLevel.from_state(state["first"]), TopicLevel.from_state(second) if second else None
        )


def _from_estimators(state: Json) -> TopicHead:
    """Return the head whose parts are estimators of scikit-learn; only their arrays are kept."""
    estimator: Any = state["estimator"]
    labels, idf = tuple(Topic(*label) for label in state["labels"]), state["tfidf"].idf_
    coefficients = np.array(estimator.coef_.T, order="C")
    coefficients[len(idf) :] *= OLD_SCALE
    level = TopicLevel(labels, coefficients, estimator.intercept_, state["sigmoids"], state["thresholds"])
    return TopicHead(idf, level)


def tfidf(counts: Counts, idf: Floats) -> Counts:
    """Return the counts as tf-idf rows of length one: logarithms of counts, weighted by inverse document frequency.

    Parameters
    ----------
    counts
        The pieces of n articles; also a compressed sparse row matrix.
    idf
        The weight of each piece, (pieces,).
    """
    weights = (np.log(counts.data) + 1) * idf[counts.indices]
    rows = np.repeat(np.arange(len(counts.indptr) - 1), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(rows, weights**2, minlength=len(counts.indptr) - 1))
    return Counts(counts.indices, (weights / lengths[rows]).astype(np.float32), counts.indptr)


def with_sigmoids(logits: Floats, sigmoids: Floats) -> Floats:
    """Return independent probabilities of shape (n, classes); ``sigmoids`` has each class's slope and intercept."""
    return np.asarray(0.5 + 0.5 * np.tanh((logits * sigmoids[:, 0] + sigmoids[:, 1]) / 2))
