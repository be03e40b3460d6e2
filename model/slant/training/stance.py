"""Fit a stance head: a small network on (window, target) features, calibrated on other articles."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from slant.data.readers import StanceExample
from slant.errors import TrainingError
from slant.heads.calibrate import fit_temperature
from slant.heads.stance import StanceHead
from slant.labels import STANCES
from slant.training.samples import StanceSamples
from slant.types import Floats

HIDDEN, BATCH, EPOCHS, FEWEST_STEPS = 128, 256, 12, 600
PENALTY = 0.3
"""L2 penalty: large, for the head must not learn its targets by heart."""


def stance_labels(examples: Sequence[StanceExample]) -> tuple[str, ...]:
    """Return the labels of a training set: Slant's four if it names no other, else its own, sorted.

    Raises:
        TrainingError: it names fewer than two.
    """
    names = {example.label for example in examples}
    if len(names) < 2:
        raise TrainingError(f"stances are learnt from two labels or more; the data has {sorted(names) or 'none'}")
    return STANCES if names <= set(STANCES) else tuple(sorted(names))


def fit_stance_head(train: StanceSamples, set_weights: Floats, labels: Sequence[str], pieces: Floats) -> StanceHead:
    """Return an uncalibrated head; ``set_weights`` is (n,), ``pieces`` the (vocabulary,) piece weights."""
    batch = min(BATCH, len(train.labels))
    epochs = max(EPOCHS, -(-FEWEST_STEPS * batch // len(train.labels)))
    network = MLPClassifier((HIDDEN,), alpha=PENALTY, batch_size=batch, max_iter=epochs, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is the point
        network.fit(train.features, train.labels, sample_weight=train.weights * set_weights)
    for leftover in ("_optimizer", "_random_state"):  # twice the size of the network, and not for predicting
        vars(network).pop(leftover, None)
    return StanceHead(tuple(labels), network, pieces)


def calibrate_stance_head(head: StanceHead, held: StanceSamples, set_weights: Floats) -> StanceHead:
    """Return the head with the temperature that fits whole articles it was not fitted to."""
    rows = np.flatnonzero(held.whole)
    if len(rows) == 0:
        return head
    logits = head.logits(held.features[rows])
    weights = held.weights[rows] * set_weights[rows]
    return replace(head, temperature=fit_temperature(logits, held.labels[rows], weights))
