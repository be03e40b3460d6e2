"""The stance head: features of (article, target) to probabilities over the stances."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from sklearn.base import BaseEstimator
from threadpoolctl import ThreadpoolController

from slant.heads.calibrate import with_temperature
from slant.heads.conformal import Reference
from slant.types import Floats, Ints, Json

LEAST = 1e-6


@lru_cache(maxsize=1)
def _threads() -> ThreadpoolController:
    """Return the way to OpenMP's threads: trees of a few rows need one; more would spin, and starve other processes."""
    return ThreadpoolController().select(user_api="openmp")


@dataclass(frozen=True, slots=True)
class StanceHead:
    """A calibrated classifier over the features of ``slant.features.views``.

    One estimator reads both a whole article and a single window, so that the evidence is judged by the same
    measure as the article. ``weights`` holds the inverse document frequency of every piece, of shape
    (vocabulary,), for the overlap of words with the target. ``opinion`` is the features that hold the encoder's own
    log-probability of every label, (labels,), or empty where it has none of these labels. ``reference`` is what
    label sets are drawn from, ``None`` where there were too few rows.
    """

    labels: tuple[str, ...]
    estimator: BaseEstimator = field(repr=False)
    weights: Floats = field(repr=False)
    opinion: Ints = field(repr=False, default_factory=lambda: np.zeros(0, dtype=int))
    temperature: float = 1.0
    reference: Reference | None = None

    def logits(self, features: Floats) -> Floats:
        """Return log-probabilities before calibration, (n, labels) for (n, d) features.

        The estimator and the encoder have one vote each (a logarithmic opinion pool, Genest and Zidek 1986): the
        one knows articles better, the other all the families of texts that it was trained on.
        """
        logits = np.full((len(features), len(self.labels)), np.log(LEAST))
        if len(features):
            with _threads().limit(limits=1):
                judged = self.estimator.predict_proba(features)
            logits[:, self.estimator.classes_] = np.log(np.maximum(judged, LEAST))
        return (logits + features[:, self.opinion]) / 2 if len(self.opinion) else logits

    def probabilities(self, features: Floats) -> Floats:
        """Return calibrated probabilities, (n, labels) for (n, d) features."""
        return with_temperature(self.logits(features), self.temperature)

    def state(self) -> Json:
        """Return the head as plain values, arrays and one scikit-learn estimator."""
        return {
            "labels": list(self.labels),
            "estimator": self.estimator,
            "weights": self.weights,
            "opinion": self.opinion,
            "temperature": self.temperature,
            "reference": self.reference and self.reference.state(),
        }

    @classmethod
    def from_state(cls, state: Json) -> StanceHead:
        """Return the head that ``state`` describes."""
        reference = Reference(**state["reference"]) if state["reference"] else None
        return cls(**state | {"labels": tuple(state["labels"]), "reference": reference})
