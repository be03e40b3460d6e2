"""All that the encoder learns from, family by family: what ``recipe.toml`` names, made of the catalog's sets."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from slant.data.readers import StanceExample, TopicExample, source_examples
from slant.data.split import Part
from slant.features.counts import piece_weights
from slant.features.encoder import Encoder
from slant.labels import TOPICS
from slant.training.encoder.pairs import (
    Pair,
    Single,
    digest_pairs,
    lead_singles,
    sentence_singles,
    source_pairs,
    window_pairs,
)
from slant.training.encoder.recipe import Family, Recipe
from slant.training.samples import tokenised
from slant.training.sets import TrainingSet
from slant.training.topic import topic_truth
from slant.types import Floats, Watch

LEMMATISED = "vast"
"""The set whose dev targets are lemmatised: it is learnt in both forms, as people write and as it is scored."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """What is learnt (``pairs`` and ``topics`` and ``vectors``), and ``held``: pairs of other articles to watch."""

    pairs: Mapping[str, list[Pair]]
    held: Mapping[str, list[Pair]]
    topics: list[Single]
    vectors: list[Single]


def make_tasks(
    recipe: Recipe,
    encoder: Encoder,
    folder: Path,
    topics: Sequence[TrainingSet[TopicExample]],
    stances: Sequence[TrainingSet[StanceExample]],
    watch: Watch,
) -> Tasks:
    """Read the passages of every family with the encoder as it was before training; errors as the readers'."""
    by_name = {one.about.name: one for one in stances}
    step = watch("encoder: passages", len(recipe.families))
    pieces = _piece_weights(encoder, stances)
    pairs, held = dict[str, list[Pair]](), dict[str, list[Pair]]()
    for family in recipe.families:
        sets = [by_name[name] for name in family.sets]
        make = _maker(family, encoder, pieces)
        pairs[family.name] = list(make(_limited(_examples(family, sets, folder, Part.TRAIN), family)))
        held[family.name] = list(make(_limited(_examples(family, sets, folder, Part.CALIBRATION), family)))
        step(1)
    every = [pair for found in pairs.values() for pair in found]
    vectors = sentence_singles(every, encoder, int(recipe.vectors["rows"]), np.random.default_rng(recipe.seed))
    return Tasks(pairs, held, list(_leads(encoder, topics)), vectors)


def _examples(
    family: Family, sets: Sequence[TrainingSet[StanceExample]], folder: Path, part: Part
) -> list[StanceExample]:
    """Return a family's examples of one part of the data."""
    kept = [example for one in sets for example in one.of(part)]
    if family.name == "source":
        articles = {example.text for example in kept}
        files = [folder / one.about.file for one in sets]
        return [example for example in source_examples(files) if example.text in articles]
    lemmas = [e for e in kept if LEMMATISED in family.sets and e.fields.get("target", e.target) != e.target]
    return kept + [_lemmatised(example) for example in lemmas]


def _lemmatised(example: StanceExample) -> StanceExample:
    return replace(example, target=str(example.fields["target"]))


def _limited(examples: list[StanceExample], family: Family) -> list[StanceExample]:
    """Return at most ``limits`` examples of a label, the same ones each time, in their order."""
    kept = list[StanceExample]()
    for label in family.labels:
        rows = [example for example in examples if example.label == label]
        limit = family.limits.get(label, len(rows))
        kept += random.Random(0).sample(rows, min(limit, len(rows)))  # noqa: S311 - not a secret
    return sorted(kept, key=lambda example: example.text)  # an article's pairs side by side


def _maker(family: Family, encoder: Encoder, pieces: Floats) -> Callable[[Iterable[StanceExample]], Iterator[Pair]]:
    if family.name == "source":
        return lambda examples: source_pairs(encoder, examples)
    make = window_pairs if family.name == "window" else digest_pairs
    return lambda examples: make(encoder, pieces, examples)


def _piece_weights(encoder: Encoder, sets: Sequence[TrainingSet[StanceExample]]) -> Floats:
    texts = {example.text: None for one in sets for example in one.of(Part.TRAIN)}
    return piece_weights(tokenised(encoder, texts), encoder.vocabulary)


def _leads(encoder: Encoder, sets: Sequence[TrainingSet[TopicExample]]) -> Iterator[Single]:
    for one in sets:
        kept = one.of(Part.TRAIN)
        yield from lead_singles(encoder, kept, topic_truth(kept, TOPICS))
