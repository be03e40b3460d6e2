"""The stance head: features of (article, target) to probabilities over the stances."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from sklearn.neural_network import MLPClassifier

from slant.heads.calibrate import with_temperature
from slant.types import Floats, Json


@dataclass(frozen=True, slots=True)
class StanceHead:
    """A calibrated classifier over the features of ``slant.features.evidence``.

    One estimator reads both a whole article (its windows pooled) and a single window, so that the
    evidence is judged by the same measure as the article. ``weights`` holds the inverse document
    frequency of every piece, of shape (vocabulary,), for the overlap of words with the target.
    """

    labels: tuple[str, ...]
    estimator: MLPClassifier = field(repr=False)
    weights: Floats = field(repr=False)
    temperature: float = 1.0

    def logits(self, features: Floats) -> Floats:
        """Return log-probabilities before calibration, (n, labels) for (n, d) features."""
        if len(features) == 0:
            return np.zeros((0, len(self.labels)))
        probabilities = self.estimator.predict_proba(features)
        logits = np.full((len(features), len(self.labels)), np.log(1e-6))
        logits[:, self.estimator.classes_] = np.log(np.maximum(probabilities, 1e-6))
        return logits

    def probabilities(self, features: Floats) -> Floats:
        """Return calibrated probabilities, (n, labels) for (n, d) features."""
        return with_temperature(self.logits(features), self.temperature)

    def state(self) -> Json:
        """Return the head as plain values, arrays and one scikit-learn estimator."""
        return {
            "labels": list(self.labels),
            "estimator": self.estimator,
            "weights": self.weights,
            "temperature": self.temperature,
        }

    @classmethod
    def from_state(cls, state: Json) -> StanceHead:
        """Return the head that ``state`` describes."""
        return cls(**state | {"labels": tuple(state["labels"])})
