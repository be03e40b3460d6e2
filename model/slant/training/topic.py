"""Fit a topic head: a logistic regression for each topic, calibrated on articles that it was not fitted to.

Those of the second level tell a topic among the articles of the one above it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from slant.data.readers import TopicExample
from slant.errors import TrainingError
from slant.heads.topic import TopicHead, TopicLevel, tfidf, with_sigmoids
from slant.labels import SUBTOPICS, TOPICS, Topic
from slant.training.calibration import fit_lower_thresholds, fit_sigmoid, fit_sigmoids, fit_thresholds
from slant.training.samples import TopicSamples
from slant.types import Bools, Floats, Ints

C = 3.0
VECTOR_SCALE = 2.0
"""Weight of what the encoder says of the lead beside the tf-idf row; both have a length of about one."""
FURTHER = 0.7
"""How true a further topic of an article is beside its main one, so that the main one comes out first."""
FEWEST_COMPLETE = 200
"""Articles with all their topics marked from which calibration looks at no others."""
FEWEST_ROWS = 5
"""Articles below which a topic of the second level is not learnt: the one above it has to do."""
NEVER = -10.0
"""Score of a topic that there is nothing to learn from."""


@dataclass(frozen=True, slots=True, eq=False)
class TopicTruth:
    """What n articles are about: ``first`` (n, labels) and ``second`` (n, sublabels), of 1, 0, and NaN for unknown.

    ``main`` (n,) is the place of the main topic, and ``complete`` (n,) tells of which articles all topics are marked.
    """

    labels: tuple[Topic, ...]
    first: Floats
    main: Ints
    sublabels: tuple[Topic, ...]
    second: Floats
    complete: Bools

    def take(self, rows: Ints) -> TopicTruth:
        """Return the given rows only."""
        return replace(
            self,
            first=self.first[rows],
            main=self.main[rows],
            second=self.second[rows],
            complete=self.complete[rows],
        )


def read_truth(examples: Sequence[TopicExample]) -> TopicTruth:
    """Return what a training set says of its articles.

    Raises
    ------
    TrainingError
        It names fewer than two topics, or some of the second level beneath others than IPTC's.
    """
    labels = topic_labels(examples)
    sublabels = subtopic_labels(examples, labels)
    complete = np.array([example.complete for example in examples])
    names = [label.name for label in labels]
    main = np.array([names.index(example.labels[0]) for example in examples])
    first, second = topic_truth(examples, labels), subtopic_truth(examples, sublabels)
    return TopicTruth(labels, first, main, sublabels, second, complete)


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


def subtopic_labels(examples: Sequence[TopicExample], labels: Sequence[Topic]) -> tuple[Topic, ...]:
    """Return the topics of the second level that enough articles are marked with; definitions do not count.

    Raises
    ------
    TrainingError
        Some are marked, and ``labels``, the topics of the first level, are not IPTC's.
    """
    rows = Counter(name for example in examples if example.complete for name in example.narrower or ())
    if rows and tuple(labels) != TOPICS:
        other = next(label.name for label in labels if label not in TOPICS)
        raise TrainingError(f"topics of the second level lie beneath IPTC Media Topics; {other!r} is none")
    return tuple(topic for topic in SUBTOPICS if rows[topic.name] >= FEWEST_ROWS)


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


def subtopic_truth(examples: Sequence[TopicExample], labels: Sequence[Topic]) -> Floats:
    """Return 1, 0 or NaN for every example and topic of the second level, of shape (n, topics).

    It is known where somebody looked for it: in articles of the topic above it.
    """
    names = {topic.code: topic.name for topic in TOPICS}
    truth = np.full((len(examples), len(labels)), np.nan)
    for row, example in enumerate(examples):
        if example.narrower is not None:
            for place, topic in enumerate(labels):
                if topic.name in example.narrower:
                    truth[row, place] = 1.0
                elif names.get(str(topic.broader)) in example.labels:
                    truth[row, place] = 0.0
    return truth


def fit_topic_head(train: TopicSamples, truth: TopicTruth, weights: Floats) -> TopicHead:
    """Return an uncalibrated head."""
    idf = document_weights(train.counts)
    features = topic_features(train, idf)
    further = (truth.first == 1) & (np.arange(len(truth.labels)) != truth.main[:, None])
    first = _fit_level(features, np.where(further, FURTHER, truth.first), weights, truth.labels)
    second = _fit_level(features, truth.second, weights, truth.sublabels) if truth.sublabels else None
    return TopicHead(idf, _unscaled(first, idf), _unscaled(second, idf) if second else None)


def calibrate_topic_head(head: TopicHead, held: TopicSamples, truth: TopicTruth) -> TopicHead:
    """Return the head with sigmoids and thresholds from articles that it was not fitted to."""
    complete = truth.complete
    rows = np.flatnonzero(complete) if complete.sum() >= FEWEST_COMPLETE else np.arange(len(complete))
    if len(rows) == 0:
        return head
    logits = head.first.logits(tfidf(held.counts[rows], head.idf), held.leads[rows])
    wanted = np.nan_to_num(truth.first[rows])
    sigmoids = fit_sigmoids(logits, wanted)
    thresholds = fit_thresholds(with_sigmoids(logits, sigmoids), wanted)
    calibrated = replace(head, first=replace(head.first, sigmoids=sigmoids, thresholds=thresholds))
    return _calibrate_second(calibrated, held, truth)


def with_calibration(head: TopicHead, calibrated: TopicHead) -> TopicHead:
    """Return a head with the sigmoids and thresholds of another, which was fitted to fewer articles."""
    first, second = calibrated.first, calibrated.second
    found = replace(head, first=replace(head.first, sigmoids=first.sigmoids, thresholds=first.thresholds))
    if head.second is None or second is None:
        return found
    return replace(found, second=replace(head.second, sigmoids=second.sigmoids, thresholds=second.thresholds))


def document_weights(counts: csr_matrix) -> Floats:
    """Return the smoothed inverse document frequency of every piece, (pieces,)."""
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + seen)) + 1, dtype=np.float32)


def topic_features(samples: TopicSamples, idf: Floats) -> csr_matrix:
    """Return the tf-idf rows beside the scaled leads, sparse, of shape (n, pieces + d)."""
    words = tfidf(samples.counts, idf)
    rows = csr_matrix((words.data, words.indices, words.indptr), shape=samples.counts.shape)
    return hstack([rows, csr_matrix(VECTOR_SCALE * samples.leads)], format="csr")


def _calibrate_second(head: TopicHead, held: TopicSamples, truth: TopicTruth) -> TopicHead:
    """Calibrate the second level: one curve for all its topics, given the one above, and thresholds of their own."""
    rows = np.flatnonzero(~np.isnan(truth.second).all(axis=1) & truth.complete)
    if head.second is None or len(rows) == 0:
        return head
    wanted = truth.second[rows]
    samples = held.take(rows)
    logits = head.second.logits(tfidf(samples.counts, head.idf), samples.leads)
    known = ~np.isnan(wanted)
    curve = fit_sigmoid(logits[known], wanted[known])
    second = replace(head.second, sigmoids=np.tile(curve, (len(head.second.labels), 1)))
    curved = replace(head, second=second)
    first, probabilities = curved.probabilities(samples.counts, samples.leads)
    allowed = (first >= head.first.thresholds)[:, head.above]
    thresholds = fit_lower_thresholds(probabilities, np.nan_to_num(wanted), allowed)
    return replace(curved, second=replace(second, thresholds=thresholds))


def _fit_level(features: csr_matrix, truth: Floats, weights: Floats, labels: tuple[Topic, ...]) -> TopicLevel:
    """Return the regressions of one level; a topic never seen gets ``NEVER``."""
    n, width = len(labels), features.shape[1]
    coefficients, intercepts = np.zeros((width, n)), np.full(n, NEVER, np.float32)
    for place, wanted in enumerate(truth.T):
        fitted = _fit_one(features, wanted, weights)
        if fitted is not None:
            coefficients[:, place], intercepts[place] = fitted.coef_[0], fitted.intercept_[0]
    return TopicLevel(labels, coefficients, intercepts, np.tile([1.0, 0.0], (n, 1)), np.full(n, 0.5))


def _unscaled(level: TopicLevel, idf: Floats) -> TopicLevel:
    """Return the regressions for leads that are not scaled, rounded to half precision."""
    coefficients = level.coefficients.copy()
    coefficients[len(idf) :] *= VECTOR_SCALE
    return replace(level, coefficients=coefficients.astype(np.float16))


def _fit_one(features: csr_matrix, wanted: Floats, weights: Floats) -> LogisticRegression | None:
    """Return the regression of one topic; a row that is partly true counts on both sides."""
    true, false = np.flatnonzero(wanted > 0), np.flatnonzero(wanted < 1)
    if not len(true) or not len(false):
        return None
    rows = np.concatenate([true, false])
    shares = np.concatenate([wanted[true], 1 - wanted[false]])
    sides = np.arange(len(rows)) < len(true)
    return LogisticRegression(C=C, tol=1e-6, max_iter=400).fit(
        features[rows], sides, sample_weight=shares * weights[rows]
    )
