"""Sets of labels that hold the right one as often as they promise: split conformal prediction.

The method is LAC (Sadinle, Lei and Wasserman 2019) as MAPIE implements it. The promise is kept on average,
over rows like those that no head was fitted to and that are kept here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from slant.types import Floats, Ints, Json

FEWEST = 100
"""Rows below which nothing is promised."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Rows that no head was fitted to: ``probabilities`` (n, labels) and ``truth`` (n,)."""

    probabilities: Floats = field(repr=False)
    truth: Ints = field(repr=False)

    def sets(self, probabilities: Floats, coverage: float) -> np.ndarray:
        """Return for (n, labels) probabilities which labels are in each row's set, (n, labels) of bool.

        A set is never empty: the likeliest label is always in it.
        """
        found = _fitted(self, coverage).predict_set(probabilities)[1][:, :, 0].astype(bool)
        found[np.arange(len(found)), probabilities.argmax(axis=1)] = True
        return np.asarray(found)

    def state(self) -> Json:
        """Return the rows as plain arrays."""
        return {"probabilities": self.probabilities.astype(np.float32), "truth": self.truth}


@lru_cache(maxsize=32)
def _fitted(reference: Reference, coverage: float) -> Any:
    from mapie.classification import SplitConformalClassifier  # a tenth of a second, for those who ask

    given = _Given(reference.probabilities.shape[1])
    fitted = SplitConformalClassifier(given, confidence_level=coverage, prefit=True, conformity_score="lac")
    return fitted.conformalize(reference.probabilities, reference.truth)


class _Given(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that hands on the probabilities it is given: MAPIE asks for one."""

    def __init__(self, classes: int) -> None:
        self.classes = classes

    @property
    def classes_(self) -> Ints:
        return np.arange(self.classes)

    def predict_proba(self, probabilities: Floats) -> Floats:
        return probabilities

    def predict(self, probabilities: Floats) -> Ints:
        return np.asarray(probabilities.argmax(axis=1))

    def __sklearn_is_fitted__(self) -> bool:
        return True
