"""Labelled examples through the classifier, article by article, to arrays that figures are made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from slant.article import LONGEST_TARGET, Article
from slant.data.readers import StanceExample, TopicExample, by_article
from slant.errors import ArticleError, DataError
from slant.features.reading import read_article
from slant.inference.classifier import Classifier
from slant.types import Floats, Ints, Json, Progress

MASKED = "…"
"""Stands for every target in the target-masked control: it names nothing."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """``truth`` (n,) class numbers, ``probabilities`` (n, labels), ``groups`` (n,) article keys.

    ``also`` holds all the labels that apply to a row, main one first; ``None`` where it names only one.
    """

    labels: tuple[str, ...]
    truth: Ints
    probabilities: Floats
    groups: tuple[str, ...]
    fields: tuple[Json, ...]
    also: tuple[tuple[str, ...] | None, ...]

    @property
    def predicted(self) -> Ints:
        """Return the likeliest class of every row, (n,)."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def confidence(self) -> Floats:
        """Return the probability of the likeliest class of every row, (n,)."""
        return np.asarray(self.probabilities.max(axis=1))

    def take(self, rows: Ints) -> Predictions:
        """Return the given rows only."""
        return Predictions(
            self.labels,
            self.truth[rows],
            self.probabilities[rows],
            tuple(self.groups[row] for row in rows),
            tuple(self.fields[row] for row in rows),
            tuple(self.also[row] for row in rows),
        )

    def among(self, labels: Sequence[str]) -> Predictions:
        """Return the rows whose truth is one of ``labels``, judged among these alone.

        Raises:
            DataError: the bundle gives none of that name.
        """
        columns = [self.labels.index(label) for label in labels if label in self.labels]
        if len(columns) < len(labels):
            raise DataError(f"--labels: wanted some of {', '.join(self.labels)}; got {', '.join(labels)}")
        rows = np.flatnonzero(np.isin(self.truth, columns))
        kept = self.probabilities[rows][:, columns]
        shares = kept / np.maximum(kept.sum(axis=1, keepdims=True), 1e-12)
        taken = self.take(rows)
        truth = np.array([columns.index(label) for label in taken.truth], dtype=np.int64)
        return Predictions(tuple(labels), truth, shares, taken.groups, taken.fields, taken.also)


def predict_stances(
    classifier: Classifier, examples: Iterable[StanceExample], progress: Progress, *, control: bool = False
) -> tuple[Predictions, Predictions | None]:
    """Return the stance of every (article, target) pair; with ``control``, also without showing the target.

    Raises:
        DataError: a row's label is none of the bundle's.
    """
    head = classifier.bundle.stance
    if head is None:
        raise DataError("this bundle has no stance head; wanted --task topic, or another bundle")
    rows = list(_stance_rows(classifier, examples, progress, control=control))
    masked = _predictions(head.labels, (row for _, row in rows)) if control else None
    return _predictions(head.labels, (row for row, _ in rows)), masked


def predict_topics(
    classifier: Classifier,
    examples: Iterable[TopicExample],
    progress: Progress,
    among: Collection[str] | None = None,
) -> Predictions:
    """Return the topic probabilities of every article; ``among`` names the topics that a foreign set maps to.

    Raises:
        DataError: a row's topic is none of the bundle's.
    """
    head = classifier.bundle.topic
    if head is None:
        raise DataError("this bundle has no topic head; wanted --task stance, or another bundle")
    names = tuple(label.name for label in head.first.labels)
    allowed = np.array([among is None or name in among for name in names], dtype=float)
    return _predictions(names, _topic_rows(classifier, examples, progress, allowed))


_Row = tuple[str, Floats, int, Json, tuple[str, ...] | None]
"""Label, probabilities, hash of the text, fields, all the labels where the row lists them."""


def _stance_rows(
    classifier: Classifier, examples: Iterable[StanceExample], progress: Progress, *, control: bool
) -> Iterator[tuple[_Row, _Row]]:
    """Yield every pair's row, and with ``control`` the row with its target masked, else the same row again."""
    for group in by_article(examples):
        targets = [example.target[:LONGEST_TARGET] for example in group]
        scores = _classify(classifier, group[0], [*targets, MASKED] if control else targets)
        for example, shares in zip(group, scores, strict=False):
            masked = scores[-1] if control else shares
            label, key, fields = example.label, hash(example.text), example.fields
            yield (label, shares, key, fields, None), (label, masked, key, fields, None)
        progress(len(group))


def _classify(classifier: Classifier, example: StanceExample, targets: list[str]) -> list[Floats]:
    try:
        article = Article(text=example.text, title=example.title)
        judgement = classifier.classify(article, targets, topics=False, evidence=False)
    except ArticleError:  # a row that is all boilerplate is counted, as nothing known
        n = len(classifier.bundle.manifest.stances)
        return [np.full(n, 1 / n)] * len(targets)
    return [np.array(list(score.probabilities.values())) for score in judgement.stances]


def _topic_rows(
    classifier: Classifier, examples: Iterable[TopicExample], progress: Progress, allowed: Floats
) -> Iterator[_Row]:
    for example in examples:
        also = example.labels if example.complete else None
        yield (
            example.labels[0],
            topic_shares(classifier, example)[0] * allowed,
            hash(example.text),
            example.fields,
            also,
        )
        progress(1)


def topic_shares(classifier: Classifier, example: TopicExample) -> tuple[Floats, Floats]:
    """Return the probability of every topic of both levels; 0 where a row is all boilerplate."""
    head = classifier.bundle.topic
    try:
        reading = read_article(classifier.bundle.encoder, Article(text=example.text, title=example.title))
    except ArticleError:
        second = head.second.labels if head and head.second else ()
        return np.zeros(len(head.first.labels) if head else 0), np.zeros(len(second))
    return classifier.topic_probabilities(reading)


def _predictions(labels: tuple[str, ...], rows: Iterable[_Row]) -> Predictions:
    """Collect rows; an article is numbered in the order of its first row."""
    numbers: dict[int, str] = {}
    truth, probabilities, groups, fields, also = [], [], [], [], []
    for label, shares, key, row_fields, row_labels in rows:
        if label not in labels:
            raise DataError(f"label {label!r} is none of the bundle's: {', '.join(labels)}", field="label")
        truth.append(labels.index(label))
        probabilities.append(shares)
        groups.append(numbers.setdefault(key, str(len(numbers))))
        fields.append(row_fields)
        also.append(row_labels)
    if not truth:
        raise DataError("no labelled row is left to evaluate")
    return Predictions(labels, np.array(truth), np.array(probabilities), tuple(groups), tuple(fields), tuple(also))
