"""Fit a stance head: small estimators on the encoder's opinions, calibrated on articles it was not fitted to."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, VotingClassifier
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
from slant.types import Floats, Ints

Fit = Callable[[StanceSamples], BaseEstimator]
FOLDS = 5
HIDDEN, BATCH, EPOCHS = 64, 64, 30
PENALTY = 5.0
"""L2 penalty: large, for the encoder's opinions need weighing, not learning by heart."""
TREES = {"max_iter": 120, "learning_rate": 0.05, "max_leaf_nodes": 10, "max_features": 0.2, "l2_regularization": 5.0}


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
    samples: StanceSamples,
    groups: Sequence[str],
    typical: np.ndarray,
    labels: Sequence[str],
    pieces: Floats,
    opinion: Ints,
    fit: Fit | None = None,
) -> StanceHead:
    """Return a head fitted to all samples, calibrated on articles that it was not fitted to.

    For calibration every article is judged once more, by estimators that were fitted to the others. Their
    answers set the temperature; those on ``typical`` rows, (n,), are what label sets are drawn from. ``groups``
    (n,) are the samples' articles; ``pieces`` is (vocabulary,), the piece weights; ``opinion`` as in ``StanceHead``;
    ``fit`` fits an estimator to samples, ``vote`` if it is not given.
    """
    fit = fit or vote
    head = StanceHead(tuple(labels), fit(samples), pieces, opinion)
    if len(samples.labels) < FEWEST or len(set(groups)) < FOLDS:
        return head
    logits = _cross_judged(head, samples, groups, fit)
    temperature = fit_temperature(logits, samples.labels, samples.weights)
    reference = Reference(with_temperature(logits[typical], temperature), samples.labels[typical])
    return replace(head, temperature=temperature, reference=reference if typical.sum() >= FEWEST else None)


def _cross_judged(head: StanceHead, samples: StanceSamples, groups: Sequence[str], fit: Fit) -> Floats:
    """Return logits (n, labels) of every row, by heads that were fitted to other articles."""
    logits = np.zeros((len(groups), len(head.labels)))
    for train, held in GroupKFold(FOLDS, shuffle=True, random_state=0).split(logits, groups=groups):
        other = replace(head, estimator=fit(samples.take(train)))
        logits[held] = other.logits(samples.features[held])
    return logits


def vote(samples: StanceSamples) -> BaseEstimator:
    """Return two small networks and boosted trees that vote: networks weigh opinions better, trees tell kinds apart."""
    batch = min(BATCH, len(samples.labels))
    networks = [
        MLPClassifier((HIDDEN,), alpha=PENALTY, batch_size=batch, max_iter=EPOCHS, random_state=seed) for seed in (0, 1)
    ]
    trees = HistGradientBoostingClassifier(**TREES, early_stopping=False, random_state=0)
    voters = [("network", networks[0]), ("another", networks[1]), ("trees", trees)]
    ballot = VotingClassifier(voters, voting="soft")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is the point
        fitted = make_pipeline(StandardScaler(), ballot).fit(
            samples.features, samples.labels, votingclassifier__sample_weight=samples.weights
        )
    for network in ballot.estimators_[:2]:
        _forget(network, "_optimizer", "_random_state")  # twice the size of the network, and not for predicting
    _forget(ballot, "named_estimators_")
    return fitted


def _forget(estimator: BaseEstimator, *names: str) -> None:
    for name in names:
        vars(estimator).pop(name, None)
