"""Fit a stance head: a small estimator on the encoder's opinions, calibrated on articles it was not fitted to."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from slant.data.readers import StanceExample
from slant.errors import TrainingError
from slant.heads.calibrate import fit_temperature, with_temperature
from slant.heads.conformal import FEWEST, Reference
from slant.heads.stance import StanceHead
from slant.labels import STANCES
from slant.training.samples import StanceSamples
from slant.types import Floats

FOLDS = 5
HIDDEN, BATCH, EPOCHS = 64, 64, 30
PENALTY = 3.0
"""L2 penalty: large, for the encoder's opinions need weighing, not learning by heart."""


def stance_labels(examples: Sequence[StanceExample]) -> tuple[str, ...]:
    """Return the labels of a training set: Slant's four if it names no other, else its own, sorted.

    Raises:
        TrainingError: it names fewer than two.
    """
    names = {example.label for example in examples}
    if len(names) < 2:
        raise TrainingError(f"stances are learnt from two labels or more; the data has {sorted(names) or 'none'}")
    return STANCES if names <= set(STANCES) else tuple(sorted(names))


def fit_stance_head(
    samples: StanceSamples, weights: Floats, groups: Sequence[str], labels: Sequence[str], pieces: Floats
) -> StanceHead:
    """Return a head fitted to all samples, calibrated on articles that it was not fitted to.

    For calibration every article is judged once more, by estimators that were fitted to the others. Their
    answers set the temperature and are what label sets are drawn from. ``weights`` (n,) and ``groups`` (n,),
    the article, belong to the samples; ``pieces`` is (vocabulary,), the piece weights.
    """
    weights = samples.weights * weights
    head = StanceHead(tuple(labels), _fitted(samples, weights), pieces)
    whole = np.flatnonzero(samples.whole)
    if len(whole) < FEWEST or len(set(groups)) < FOLDS:
        return head
    logits = _cross_judged(head, samples, weights, groups)[whole]
    temperature = fit_temperature(logits, samples.labels[whole], weights[whole])
    reference = Reference(with_temperature(logits, temperature), samples.labels[whole])
    return replace(head, temperature=temperature, reference=reference)


def _cross_judged(head: StanceHead, samples: StanceSamples, weights: Floats, groups: Sequence[str]) -> Floats:
    """Return logits (n, labels) of every row, by heads that were fitted to other articles."""
    logits = np.zeros((len(weights), len(head.labels)))
    for train, held in GroupKFold(FOLDS, shuffle=True, random_state=0).split(weights, groups=groups):
        other = replace(head, estimator=_fitted(samples.take(train), weights[train]))
        logits[held] = other.logits(samples.features[held])
    return logits


def _fitted(samples: StanceSamples, weights: Floats) -> BaseEstimator:
    batch = min(BATCH, len(samples.labels))
    network = MLPClassifier((HIDDEN,), alpha=PENALTY, batch_size=batch, max_iter=EPOCHS, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is the point
        fitted = make_pipeline(StandardScaler(), network).fit(
            samples.features, samples.labels, mlpclassifier__sample_weight=weights
        )
    for leftover in ("_optimizer", "_random_state"):  # twice the size of the network, and not for predicting
        vars(network).pop(leftover, None)
    return fitted
