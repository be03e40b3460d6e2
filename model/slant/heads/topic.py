"""The topic head: word counts and the lead's vector to a probability for every topic."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from slant.heads.calibrate import with_sigmoids
from slant.labels import Topic
from slant.types import Floats, Json

VECTOR_SCALE = 3.0
"""Weight of what the encoder says of the lead beside the tf-idf row; both have a length of about one."""


@dataclass(frozen=True, slots=True)
class TopicHead:
    """One-vs-rest logistic regressions, stacked into one estimator, each with its own calibration.

    ``sigmoids`` is (topics, 2), ``thresholds`` (topics,): the probability from which a topic is given.
    """

    labels: tuple[Topic, ...]
    tfidf: TfidfTransformer = field(repr=False)
    estimator: LogisticRegression = field(repr=False)
    sigmoids: Floats = field(repr=False)
    thresholds: Floats = field(repr=False)

    def logits(self, counts: csr_matrix, leads: Floats) -> Floats:
        """Return scores before calibration, (n, topics), for counts (n, pieces) and leads (n, d)."""
        return np.asarray(self.estimator.decision_function(topic_features(self.tfidf, counts, leads)))

    def probabilities(self, counts: csr_matrix, leads: Floats) -> Floats:
        """Return calibrated probabilities, (n, topics), independent of each other."""
        return with_sigmoids(self.logits(counts, leads), self.sigmoids)

    def state(self) -> Json:
        """Return the head as plain values, arrays and scikit-learn estimators."""
        return {
            "labels": [list(label) for label in self.labels],
            "tfidf": self.tfidf,
            "estimator": self.estimator,
            "sigmoids": self.sigmoids,
            "thresholds": self.thresholds,
        }

    @classmethod
    def from_state(cls, state: Json) -> TopicHead:
        """Return the head that ``state`` describes."""
        return cls(**state | {"labels": tuple(Topic(*label) for label in state["labels"])})


def topic_features(tfidf: TfidfTransformer, counts: csr_matrix, leads: Floats) -> csr_matrix:
    """Return the tf-idf rows beside the scaled leads, sparse, of shape (n, pieces + d)."""
    return hstack([tfidf.transform(counts), csr_matrix(VECTOR_SCALE * leads)], format="csr")
