"""Fit the source head: where a speaker stands toward a target, by what the hearer says of the speaker's words.

Every listed source is learnt from twice: by the words that its reader marked, and by what the attribution model finds
it saying. Sources that are found say nothing of a target that the article does not address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from slant.data.readers import StanceExample, by_article
from slant.data.split import text_key
from slant.evaluation.metrics import expected_calibration_error, favor_against_f1
from slant.features.encoder import Encoder
from slant.features.reading import Reading, compare
from slant.heads.stance import StanceHead
from slant.inference.sources import quoted_in, speakers
from slant.labels import STANCES
from slant.sources.names import alike
from slant.sources.speakers import Speaker
from slant.sources.tagger import Tagger
from slant.sources.views import Passage, by_sentence, passage_of, sentences_of, source_features
from slant.text.clean import normalise
from slant.training.samples import UNSURE, StanceSamples, read_row
from slant.training.stance import fit_stance_head
from slant.types import Floats, Ints, Json

SAYS_NOTHING = "unrelated"
SILENT = 0.25
"""Weight of a source that says nothing of a target, of which there are more."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What is read of a source beside a target, the label there, and its weight.

    ``kind``: words ``marked`` by a reader, or ``found``, or of a source that is ``silent`` on the target; ``group``
    stands for the article.
    """

    kind: str
    name: str
    target: str
    passage: Passage
    label: str
    weight: float
    group: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The same as the head sees it: (d,) features, and the label's place among the stances."""

    kind: str
    features: Floats
    label: int
    weight: float
    group: str


class Models(NamedTuple):
    """The encoder, the attribution model, and the encoder that is tuned to sources."""

    encoder: Encoder
    tagger: Tagger
    hearer: Encoder


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads articles and finds who says what; ``weights`` (vocabulary,) weigh pieces when words are compared.

    ``silent`` has for texts the targets that they say nothing of.
    """

    models: Models
    weights: Floats
    silent: Mapping[str, Sequence[str]]


def heard_sources(reader: Reader, examples: Iterable[StanceExample]) -> Iterator[Heard]:
    """Yield what is read of listed sources, and of silent ones, article by article."""
    for group in by_article(examples):
        reading = read_row(reader.models.encoder, group[0].title, group[0].text)
        found, key = speakers(reader.models.tagger, reader.models.encoder, reading), text_key(group[0].text)
        silent = reader.silent.get(group[0].text, ())
        targets = list(dict.fromkeys([*(example.target for example in group), *silent]))
        near = dict(zip(targets, _nearness(reader, reading, targets), strict=True))
        for example in group:
            for kind, name, said in _said(reading, found, example):
                passage = passage_of(reading, said, near[example.target])
                yield Heard(kind, name, example.target, passage, example.label, UNSURE, key)
        for target in silent:
            for one in found[:: max(1, len(found) // 3)]:
                passage = passage_of(reading, quoted_in(reading, one), near[target])
                yield Heard("silent", one.name.of(reading.cleaned), target, passage, SAYS_NOTHING, SILENT, key)


def source_samples(reader: Reader, examples: Iterable[StanceExample]) -> Iterator[Sample]:
    """Yield what the head learns from listed sources."""
    for one in heard_sources(reader, examples):
        features = source_features(reader.models.hearer, one.name, one.target, one.passage)
        yield Sample(one.kind, features, STANCES.index(one.label), one.weight, one.group)


def fit_source_head(samples: Sequence[Sample]) -> StanceHead:
    """Return a head fitted to samples and calibrated, as ``fit_stance_head`` does."""
    together = StanceSamples(
        np.array([sample.features for sample in samples]),
        np.array([sample.label for sample in samples]),
        np.array([sample.weight for sample in samples]),
    )
    nothing: Ints = np.zeros(0, dtype=np.int64)
    groups = [sample.group for sample in samples]
    return fit_stance_head(together, groups, np.ones(len(samples), bool), STANCES, np.zeros(0), nothing, _weigh)


def _weigh(samples: StanceSamples) -> BaseEstimator:
    """Return a logistic regression: the hearer has learnt the question, and its answer needs weighing, no more."""
    return LogisticRegression(max_iter=1000).fit(samples.features, samples.labels, samples.weights)


def source_figures(head: StanceHead, samples: Sequence[Sample]) -> Json:
    """Return how right the head is: on favor and against by kind of words, on silence, and in its confidence."""
    shares = head.probabilities(np.array([sample.features for sample in samples]))
    truth, kinds = np.array([sample.label for sample in samples]), np.array([sample.kind for sample in samples])
    predicted, nothing = shares.argmax(axis=1), STANCES.index(SAYS_NOTHING)
    figures: Json = {"n": len(samples)}
    for kind in ("marked", "found"):
        rows = (kinds == kind) & (truth != nothing)
        if rows.any():
            figures[f"macro_f1_{kind}"] = favor_against_f1(truth[rows], predicted[rows])
    if (kinds == "silent").any():
        figures["silent_told"] = float((predicted[kinds == "silent"] == nothing).mean())
    figures["ece"] = expected_calibration_error(shares.max(axis=1), (predicted == truth).astype(float))
    return figures


def _said(reading: Reading, found: Sequence[Speaker], example: StanceExample) -> Iterator[tuple[str, str, Ints]]:
    """Yield kind, name and sentences of a listed source: its marked words, and all that it is found to say."""
    name = str(example.fields.get("name", "the source"))  # fields keep no name of more than 80 characters
    every = np.arange(len(reading.spans))
    marked = every if example.evidence is None else sentences_of(reading, example.evidence)
    if len(marked):
        yield "marked", name, marked
    known = next((one for one in found if alike(name, one.name.of(reading.text))), None)
    if known:
        yield "found", known.name.of(reading.cleaned), quoted_in(reading, known)


def _nearness(reader: Reader, reading: Reading, targets: Sequence[str]) -> list[Floats]:
    encoder = reader.models.encoder
    asked = encoder.tokenise([normalise(target) for target in targets])
    return [by_sentence(reading, near) for near in compare(encoder, reading, asked, reader.weights)]
