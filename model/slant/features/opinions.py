"""The encoder's one opinion of a pair: that of every family of labels, weighed by how likely the pair is of it.

A reader's comment, a headline and a tweet are judged by different outputs of the encoder, which also tells
what kind of pair it has before it: a mixture of experts (Jacobs et al. 1991), each trained on its own labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from slant.labels import STANCES
from slant.types import Floats

KIND = "kind"
"""The outputs of this name tell which family a pair is of."""
LEAST = 1e-4
"""Stands beside each probability, so that its logarithm stays in bounds."""


def opinions(logits: Floats, columns: Sequence[str]) -> Floats:
    """Return log-probabilities of the stances, (n, stances), for the (n, columns) logits of read pairs.

    ``columns`` are named ``family:label``, and ``kind:family``. What is given to a label that is no stance is lost.
    """
    likely = softmax(logits[:, _places(columns, KIND)], axis=1)
    total = np.zeros((len(logits), len(STANCES)))
    for kind, weight in zip(_labels(columns, KIND), likely.T, strict=True):
        shares = softmax(logits[:, _places(columns, kind)], axis=1)
        meant = np.array([[label == stance for stance in STANCES] for label in _labels(columns, kind)])
        total += weight[:, None] * shares @ meant
    return np.log(total + LEAST).astype(np.float32)


def _places(columns: Sequence[str], family: str) -> list[int]:
    return [n for n, column in enumerate(columns) if column.startswith(f"{family}:")]


def _labels(columns: Sequence[str], family: str) -> list[str]:
    return [columns[place].partition(":")[2] for place in _places(columns, family)]
