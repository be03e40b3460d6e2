"""Fit the source head: where a speaker stands toward a target, by the encoder's opinion of the speaker's words.

Every listed source is learnt from twice: by the words that its reader marked, and by what the attribution model finds
it saying. Sources that are found say nothing of a target that the article does not address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from slant.data.readers import StanceExample, by_article
from slant.data.split import text_key
from slant.evaluation.metrics import expected_calibration_error, favor_against_f1
from slant.features.encoder import Encoder
from slant.features.nearness import Nearness
from slant.features.reading import Reading, compare
from slant.heads.stance import StanceHead
from slant.inference.sources import speakers, view_of
from slant.labels import STANCES
from slant.sources.names import alike
from slant.sources.resolve import Speaker
from slant.sources.tagger import Tagger
from slant.sources.views import sentences_of, speaker_view
from slant.text.clean import normalise
from slant.training.samples import UNSURE, StanceSamples, read_row
from slant.training.stance import fit_stance_head
from slant.types import Floats, Ints, Json

SAYS_NOTHING = STANCES.index("unrelated")
SILENT = 0.25
"""Weight of a source that says nothing of a target, of which there are more."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A source as seen from a target: (d,) features, the label's place among the stances, weight, and the article.

    ``kind``: by words ``marked`` by a reader, or ``found``, or ``silent`` on the target.
    """

    kind: str
    features: Floats
    label: int
    weight: float
    group: str


class Models(NamedTuple):
    """The encoder, and the attribution model beside it."""

    encoder: Encoder
    tagger: Tagger


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads articles and finds who says what; ``weights`` (vocabulary,) weigh pieces when words are compared.

    ``silent`` has for texts the targets that they say nothing of.
    """

    models: Models
    weights: Floats
    silent: Mapping[str, Sequence[str]]


def source_samples(reader: Reader, examples: Iterable[StanceExample]) -> Iterator[Sample]:
    """Yield what is learnt from listed sources, article by article."""
    encoder, tagger = reader.models
    for group in by_article(examples):
        reading = read_row(encoder, group[0].title, group[0].text)
        found, silent = speakers(tagger, encoder, reading), reader.silent.get(group[0].text, ())
        targets = list(dict.fromkeys([*(example.target for example in group), *silent]))
        near = dict(zip(targets, _nearness(reader, reading, targets), strict=True))
        key = text_key(group[0].text)
        for example in group:
            for kind, features in _seen(encoder, reading, found, example, near[example.target]):
                yield Sample(kind, features, STANCES.index(example.label), UNSURE, key)
        for target in silent:
            for one in found[:: max(1, len(found) // 3)]:
                features = view_of(encoder, reading, one, target, near[target]).features
                yield Sample("silent", features, SAYS_NOTHING, SILENT, key)


def fit_source_head(samples: Sequence[Sample]) -> StanceHead:
    """Return a head fitted to samples and calibrated, as ``fit_stance_head`` does."""
    together = StanceSamples(
        np.array([sample.features for sample in samples]),
        np.array([sample.label for sample in samples]),
        np.array([sample.weight for sample in samples]),
    )
    nothing: Ints = np.zeros(0, dtype=np.int64)
    groups = [sample.group for sample in samples]
    return fit_stance_head(together, groups, np.ones(len(samples), bool), STANCES, np.zeros(0), nothing)


def source_figures(head: StanceHead, samples: Sequence[Sample]) -> Json:
    """Return how right the head is: on favor and against by kind of words, on silence, and in its confidence."""
    shares = head.probabilities(np.array([sample.features for sample in samples]))
    truth, kinds = np.array([sample.label for sample in samples]), np.array([sample.kind for sample in samples])
    predicted = shares.argmax(axis=1)
    figures: Json = {"n": len(samples)}
    for kind in ("marked", "found"):
        rows = (kinds == kind) & (truth != SAYS_NOTHING)
        if rows.any():
            figures[f"macro_f1_{kind}"] = favor_against_f1(truth[rows], predicted[rows])
    if (kinds == "silent").any():
        figures["silent_told"] = float((predicted[kinds == "silent"] == SAYS_NOTHING).mean())
    figures["ece"] = expected_calibration_error(shares.max(axis=1), (predicted == truth).astype(float))
    return figures


def _seen(
    encoder: Encoder, reading: Reading, found: Sequence[Speaker], example: StanceExample, near: Nearness
) -> Iterator[tuple[str, Floats]]:
    """Yield the kind and the features of a listed source: by its marked words, and by all it is found to say."""
    name = str(example.fields.get("name", "the source"))  # fields keep no name of more than 80 characters
    every = np.arange(len(reading.spans))
    marked = every if example.evidence is None else sentences_of(reading, example.evidence)
    if len(marked):
        yield "marked", speaker_view(encoder, reading, name, marked, example.target, near).features
    known = next((one for one in found if alike(name, one.name.of(reading.text))), None)
    if known:
        yield "found", view_of(encoder, reading, known, example.target, near).features


def _nearness(reader: Reader, reading: Reading, targets: Sequence[str]) -> list[Nearness]:
    encoder = reader.models.encoder
    asked = encoder.tokenise([normalise(target) for target in targets])
    return compare(encoder, reading, asked, reader.weights)
