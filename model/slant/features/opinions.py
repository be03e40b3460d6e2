"""The encoder's one opinion of a pair: that of every family of labels, weighed by how likely the pair is of it.

A reader's comment, a headline and a tweet are judged by different outputs of the encoder, which also tells
what kind of pair it has before it: a mixture of experts (Jacobs et al. 1991), each trained on its own labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import softmax

from slant.features.encoder import columns_of
from slant.labels import STANCES
from slant.types import Floats, Ints

KIND = "kind"
"""The outputs of this name tell which family a pair is of."""
LEAST = 1e-4
"""Stands beside each probability, so that its logarithm stays in bounds."""


def opinions(logits: Floats, columns: tuple[str, ...]) -> Floats:
    """Return log-probabilities of the stances, (n, stances), for the (n, columns) logits of read pairs.

    ``columns`` are named ``family:label``, and ``kind:family``. What is given to a label that is no stance is lost.
    """
    likely = softmax(logits[:, columns_of(columns, KIND)], axis=1)
    total = np.zeros((len(logits), len(STANCES)))
    for weight, (places, meant) in zip(likely.T, _families(columns), strict=True):
        total += weight[:, None] * softmax(logits[:, places], axis=1) @ meant
    return np.log(total + LEAST).astype(np.float32)


@lru_cache(maxsize=8)
def _families(columns: tuple[str, ...]) -> list[tuple[Ints, np.ndarray]]:
    """Return for every kind its family's columns, (labels,), and which stance each means, (labels, stances)."""
    families = [columns_of(columns, label) for label in _labels(columns, columns_of(columns, KIND))]
    return [(places, np.array([[x == s for s in STANCES] for x in _labels(columns, places)])) for places in families]


def _labels(columns: Sequence[str], places: Ints) -> list[str]:
    return [columns[place].partition(":")[2] for place in places]
