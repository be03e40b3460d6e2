"""Sets of labels that hold the right one as often as they promise: split conformal prediction.

The method is LAC (Sadinle, Lei and Wasserman 2019): a label is in the set if its probability is no lower than the
one that the right label reached in all but the allowed share of the rows kept here. The promise is kept on average,
over rows like those, to which no head was fitted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from slant.types import Bools, Floats, Ints, Json

FEWEST = 100
"""Rows below which nothing is promised."""
ROUNDING = 1e-8
"""Probabilities that differ by no more are equal: those that are kept have single precision."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Rows that no head was fitted to: ``probabilities`` (n, labels) and ``truth`` (n,).

    ``misses`` (n,) is what the right label of each row lacks to a probability of one, in ascending order.
    """

    probabilities: Floats = field(repr=False)
    truth: Ints = field(repr=False)
    misses: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Sort what the right labels lack, once for all coverages."""
        rows = np.arange(len(self.truth))
        object.__setattr__(self, "misses", np.sort(1 - self.probabilities[rows, self.truth]))

    def sets(self, probabilities: Floats, coverage: float) -> Bools:
        """Tell for each row which labels are in its set.

        A set is never empty: the likeliest label is always in it. Where there are too few rows for a promise so
        high, every label is in it.

        Parameters
        ----------
        probabilities
            Of each label, of shape (n, labels).
        coverage
            The part of the rows whose set is to hold the right label, above 0 and below 1.

        Returns
        -------
        Bools
            Of shape (n, labels).
        """
        found = (1 - probabilities) - self._most_missing(coverage) <= ROUNDING
        found[np.arange(len(found)), probabilities.argmax(axis=1)] = True
        return np.asarray(found)

    def state(self) -> Json:
        """Return the rows as plain arrays."""
        return {"probabilities": self.probabilities.astype(np.float32), "truth": self.truth}

    def _most_missing(self, coverage: float) -> float:
        """Return what a label may lack to a probability of one and still be in the set."""
        exact = (len(self.misses) + 1) * coverage
        rank = math.ceil(exact - 1e-9)  # a product of floats may come out a trace above a whole number
        return float(self.misses[max(rank, 1) - 1]) if rank <= len(self.misses) else math.inf
