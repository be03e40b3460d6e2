"""From labelled sets to a head: split by article, fit, calibrate, measure what was held out.

A head is calibrated on articles it was not fitted to, and then fitted again to these as well, under
the same calibration: they are too good to leave unread. The figures are from a third part, held out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from slant.data.readers import StanceExample, TopicExample
from slant.data.split import Part, text_key
from slant.errors import TrainingError
from slant.evaluation.metrics import accuracy, brier, expected_calibration_error, macro_f1
from slant.evaluation.subtopics import names_to_places, subtopic_figures
from slant.features.counts import piece_weights
from slant.features.views import opinion_columns
from slant.heads.stance import StanceHead
from slant.heads.topic import TopicHead
from slant.labels import STANCES
from slant.training.samples import FeatureCache, StanceSamples, TopicSamples, tokenised
from slant.training.sets import Example, TrainingSet
from slant.training.source import Models, Reader, Sample, fit_source_head, source_figures, source_samples
from slant.training.stance import fit_stance_head, stance_labels
from slant.training.topic import calibrate_topic_head, fit_topic_head, read_truth, with_calibration
from slant.types import Floats, Json, Progress, Watch

FEW = 5_000
"""Rows below which one thread fits: more of them would wait for each other longer than they work."""


def few_threads(rows: int) -> AbstractContextManager[Any]:
    """Return what keeps the fit of a few rows to one thread, beside other work above all."""
    return threadpool_limits(1) if rows < FEW else nullcontext()


def fit_topics(sets: Sequence[TrainingSet[TopicExample]], cache: FeatureCache, watch: Watch) -> tuple[TopicHead, Json]:
    """Return a calibrated topic head and its figures on the held-out part of each set.

    Raises:
        TrainingError: the sets hold too little to learn from.
    """
    examples, weights, parts = _together(sets)
    truth = read_truth(examples)
    samples = cache.topics(examples, watch("topics: features", len(examples)))
    train, held = _rows(parts, Part.TRAIN), _rows(parts, Part.CALIBRATION)
    both = np.concatenate([train, held])
    step = watch("topics: fit", 1)
    with few_threads(len(both)):
        first = fit_topic_head(samples.take(train), truth.take(train), weights[train])
        calibrated = calibrate_topic_head(first, samples.take(held), truth.take(held))
        head = with_calibration(fit_topic_head(samples.take(both), truth.take(both), weights[both]), calibrated)
    step(1)
    return head, _figures(sets, parts, lambda rows: _topic_figures(head, samples, examples, rows))


def fit_stances(
    sets: Sequence[TrainingSet[StanceExample]], cache: FeatureCache, watch: Watch
) -> tuple[StanceHead, Json]:
    """Return a calibrated stance head and its figures on the held-out part of each set.

    Raises:
        TrainingError: the sets hold too little to learn from.
    """
    texts = {example.text: None for one in sets for example in one.examples if example.part is Part.TRAIN}
    pieces = piece_weights(tokenised(cache.encoder, texts), cache.encoder.vocabulary)
    sets = [one.for_heads() for one in sets if one.about.weight]
    examples, weights, parts = _together(sets)
    labels = stance_labels(examples)
    samples = cache.stances(examples, labels, pieces, watch("stances: features", len(examples)))
    samples = replace(samples, weights=samples.weights * weights * _by_label(sets))
    fit = np.flatnonzero(parts != Part.HELD_OUT)
    groups = [text_key(examples[row].text) for row in fit]
    typical = np.array([one.about.typical for one in sets for _ in one.examples])[fit]
    step = watch("stances: fit", 1)
    opinion = opinion_columns(cache.encoder, labels)
    with few_threads(len(fit)):
        head = fit_stance_head(samples.take(fit), groups, typical, labels, pieces, opinion)
    step(1)
    return head, _figures(sets, parts, lambda rows: _stance_figures(head, samples.take(rows)))


def fit_sources(
    sets: Sequence[TrainingSet[StanceExample]], silent: Mapping[str, Sequence[str]], models: Models, watch: Watch
) -> tuple[StanceHead, Json]:
    """Return a calibrated source head and its figures on the held-out part of each set.

    ``silent`` has for texts the targets that they say nothing of.

    Raises:
        TrainingError: the sets hold too little to learn from.
    """
    texts = {example.text: None for one in sets for example in one.examples if example.part is Part.TRAIN}
    pieces = piece_weights(tokenised(models.encoder, texts), models.encoder.vocabulary)
    reader = Reader(models, pieces, silent)
    sets = [one.for_heads() for one in sets]
    progress = watch("sources: features", sum(len(one.examples) for one in sets))
    fitted = [sample for one in sets for sample in _source_samples(reader, one, progress, held=False)]
    labels = sorted({STANCES[sample.label] for sample in fitted})
    if len(labels) < 2:
        raise TrainingError(f"sources are learnt from two labels or more; the data has {labels or 'none'}")
    with few_threads(len(fitted)):
        head = fit_source_head(fitted)
    held = {one.about.name: list(_source_samples(reader, one, progress, held=True)) for one in sets}
    return head, {name: source_figures(head, samples) for name, samples in held.items() if samples}


def _source_samples(
    reader: Reader, one: TrainingSet[StanceExample], progress: Progress, *, held: bool
) -> Iterator[Sample]:
    parts = [Part.HELD_OUT] if held else [Part.TRAIN, Part.CALIBRATION]
    examples = [example for part in parts for example in one.of(part)]
    for sample in source_samples(reader, examples):
        label = one.about.labels.get(STANCES[sample.label], 1.0)
        yield replace(sample, weight=sample.weight * one.about.weight * label)
    progress(len(examples))


def _together(sets: Sequence[TrainingSet[Example]]) -> tuple[list[Example], Floats, np.ndarray]:
    examples = [example for one in sets for example in one.examples]
    weights = np.concatenate([np.full(len(one.examples), one.about.weight) for one in sets] or [np.zeros(0)])
    parts = np.array([part for one in sets for part in one.parts()], dtype=object)
    if (parts == Part.HELD_OUT).all():
        raise TrainingError(f"{len(examples)} labelled rows were found; none is left to train on after the split")
    return examples, weights, parts


def _by_label(sets: Sequence[TrainingSet[StanceExample]]) -> Floats:
    return np.array([one.about.labels.get(example.label, 1.0) for one in sets for example in one.examples])


def _rows(parts: np.ndarray, part: Part) -> np.ndarray:
    return np.flatnonzero([one is part for one in parts])


def _figures(sets: Sequence[TrainingSet[Example]], parts: np.ndarray, measure: Callable[[np.ndarray], Json]) -> Json:
    """Return the figures of each set's held-out rows, by the set's name."""
    figures, start = {}, 0
    for one in sets:
        rows = start + _rows(parts[start : start + len(one.examples)], Part.HELD_OUT)
        start += len(one.examples)
        if len(rows):
            figures[one.about.name] = measure(rows)
    return figures


def _topic_figures(head: TopicHead, samples: TopicSamples, examples: Sequence[TopicExample], rows: np.ndarray) -> Json:
    probabilities, beneath = head.probabilities(samples.counts[rows], samples.leads[rows])
    names = [head.first.labels[best].name for best in probabilities.argmax(axis=1)]
    strict = np.array([name == examples[row].labels[0] for name, row in zip(names, rows, strict=True)])
    lenient = np.array([name in examples[row].labels for name, row in zip(names, rows, strict=True)])
    error = expected_calibration_error(probabilities.max(axis=1), lenient.astype(float))
    found = {"n": len(rows), "strict": strict.mean(), "lenient": lenient.mean(), "ece": error}
    named = np.array([place for place, row in enumerate(rows) if examples[row].narrower], dtype=np.int64)
    if head.second is None or not len(named):
        return found
    truth = np.array([names_to_places(examples[rows[place]].narrower or ()) for place in named])
    second = subtopic_figures(head, truth, probabilities[named], beneath[named], intervals=False)
    kept = {"first": "second level: first", "macro_f1": "macro-F1", "micro_f1": "micro-F1"}
    return found | {name: second[key] for key, name in kept.items()}


def _stance_figures(head: StanceHead, samples: StanceSamples) -> Json:
    probabilities, truth = head.probabilities(samples.features), samples.labels
    predicted = probabilities.argmax(axis=1)
    error = expected_calibration_error(probabilities.max(axis=1), (predicted == truth).astype(float))
    return {
        "n": len(truth),
        "accuracy": accuracy(truth, predicted),
        "macro_f1": macro_f1(truth, predicted),
        "ece": error,
        "brier": brier(truth, probabilities),
    }
