"""Fit a topic head: one logistic regression a topic, calibrated on articles it was not fitted to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from slant.data.readers import TopicExample
from slant.errors import TrainingError
from slant.heads.calibrate import fit_sigmoids, fit_thresholds, with_sigmoids
from slant.heads.topic import TopicHead, topic_features
from slant.labels import TOPICS, Topic
from slant.training.samples import TopicSamples
from slant.types import Floats

C = 3.0
FEWEST_COMPLETE = 200
"""Articles with all their topics marked from which calibration looks at no others."""


def topic_labels(examples: Sequence[TopicExample]) -> tuple[Topic, ...]:
    """Return the topics of a training set: the IPTC ones if it names no other, else its own, sorted.

    Raises:
        TrainingError: it names fewer than two.
    """
    names = {name for example in examples for name in example.labels}
    if len(names) < 2:
        raise TrainingError(f"topics are learnt from two labels or more; the data has {sorted(names) or 'none'}")
    known = {topic.name for topic in TOPICS}
    return TOPICS if names <= known else tuple(Topic(name, name) for name in sorted(names))


def fit_topic_head(train: TopicSamples, truth: Floats, weights: Floats, labels: Sequence[Topic]) -> TopicHead:
    """Return an uncalibrated head; ``truth`` is (n, topics), NaN where an article's topic is not known."""
    tfidf = TfidfTransformer(sublinear_tf=True).fit(train.counts)
    features = topic_features(tfidf, train.counts, train.leads)
    fitted = [_fit_one(features, wanted, weights) for wanted in truth.T]
    n = len(labels)
    return TopicHead(tuple(labels), tfidf, _stack(fitted), np.tile([1.0, 0.0], (n, 1)), np.full(n, 0.5))


def calibrate_topic_head(head: TopicHead, held: TopicSamples, truth: Floats, complete: np.ndarray) -> TopicHead:
    """Return the head with sigmoids and thresholds from articles that it was not fitted to."""
    rows = np.flatnonzero(complete) if complete.sum() >= FEWEST_COMPLETE else np.arange(len(complete))
    if len(rows) == 0:
        return head
    logits, wanted = head.logits(held.counts[rows], held.leads[rows]), np.nan_to_num(truth[rows])
    sigmoids = fit_sigmoids(logits, wanted)
    thresholds = fit_thresholds(with_sigmoids(logits, sigmoids), wanted)
    return TopicHead(head.labels, head.tfidf, head.estimator, sigmoids, thresholds)


def topic_truth(examples: Sequence[TopicExample], labels: Sequence[Topic]) -> Floats:
    """Return 1, 0 or NaN for every example and topic, of shape (n, topics).

    Where only one label was asked for, a mapped second topic may or may not apply: it is NaN.
    """
    places = {topic.name: place for place, topic in enumerate(labels)}
    truth = np.zeros((len(examples), len(labels)))
    for row, example in enumerate(examples):
        for rank, name in enumerate(example.labels):
            truth[row, places[name]] = 1.0 if rank == 0 or example.complete else np.nan
    return truth


def _fit_one(features: Floats, wanted: Floats, weights: Floats) -> LogisticRegression | None:
    known = ~np.isnan(wanted)
    if len(np.unique(wanted[known])) < 2:
        return None
    return LogisticRegression(C=C, tol=1e-6, max_iter=400).fit(
        features[known], wanted[known] == 1, sample_weight=weights[known]
    )


def _stack(fitted: list[LogisticRegression | None]) -> LogisticRegression:
    """Return one estimator whose decision function gives every topic's logit; a topic never seen gets -10."""
    width = next(one.coef_.shape[1] for one in fitted if one is not None)
    stacked = LogisticRegression()
    stacked.classes_ = np.arange(len(fitted))
    stacked.coef_ = np.array([np.zeros(width) if one is None else one.coef_[0] for one in fitted], np.float32)
    stacked.intercept_ = np.array([-10.0 if one is None else one.intercept_[0] for one in fitted], np.float32)
    stacked.n_features_in_ = width
    return stacked
