"""What the encoder learns from: passages, varied targets, batches that a cut does not change. No torch here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slant.data.catalog import STANCE_SETS
from slant.data.readers import StanceExample, source_examples, stance_examples, topic_examples
from slant.data.targets import KEPT, TURNED, TURNED_UNSEEN, turn_round, vary
from slant.errors import TrainingError
from slant.features.encoder import Encoder, columns_of
from slant.features.pairs import DIGEST, WINDOW
from slant.inference.classifier import Classifier
from slant.labels import TOPICS
from slant.training.encoder.batches import Batch, Batches
from slant.training.encoder.pairs import digest_pairs, lead_singles, sentence_singles, source_pairs, window_pairs
from slant.training.encoder.recipe import Recipe, read_recipe
from slant.training.encoder.tasks import Tasks
from slant.training.topic import topic_truth
from support import Sample


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return read_recipe()


@pytest.fixture(scope="module")
def encoder(classifier: Classifier) -> Encoder:
    return classifier.bundle.encoder


@pytest.fixture(scope="module")
def examples(gold_file: Path) -> list[StanceExample]:
    return list(stance_examples([gold_file]))


@pytest.fixture(scope="module")
def tasks(recipe: Recipe, encoder: Encoder, gold_file: Path, examples: list[StanceExample]) -> Tasks:
    weights = np.ones(encoder.vocabulary, np.float32)
    found = list(digest_pairs(encoder, weights, examples))
    pairs = {f.name: [pair for pair in found if pair.label in f.labels] for f in recipe.families}
    topics = list(topic_examples([gold_file]))
    leads = list(lead_singles(encoder, topics, topic_truth(topics, TOPICS)))
    return Tasks(pairs, pairs, leads, sentence_singles(found, encoder, 50, np.random.default_rng(0)))


def test_the_recipe_names_sets_of_the_catalog_and_the_encoder_has_its_columns(recipe: Recipe, encoder: Encoder) -> None:
    known = {about.name for about in STANCE_SETS}
    assert all(set(family.sets) <= known for family in recipe.families)
    assert list(encoder.columns) == recipe.columns
    windows = columns_of(recipe.columns, "window")
    assert [recipe.columns[n] for n in windows] == [f"window:{x}" for x in recipe.families[1].labels]


def test_a_broken_recipe_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("seed = 0\nfamilies = []\nsteps = 3\ncolour = 'red'\n", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"recipe\.toml: not a recipe: .*colour"):
        read_recipe(path)


def test_a_digest_holds_a_short_text_whole_and_no_more_than_fits_of_a_long_one(
    encoder: Encoder, examples: list[StanceExample]
) -> None:
    weights = np.ones(encoder.vocabulary, np.float32)
    pairs = list(digest_pairs(encoder, weights, examples))
    assert len(pairs) == len(examples)
    assert all(DIGEST / 2 < len(pair.text) <= DIGEST for pair in pairs)
    short = replace(examples[0], title="A toll", text="They voted. The toll goes.")
    (pair,) = digest_pairs(encoder, weights, [short])
    assert pair.text == [
        piece for ids in encoder.tokenise(["A toll", "They voted.", "The toll goes."]) for piece in ids
    ]


def test_windows_are_those_that_a_reader_marked(encoder: Encoder, samples: list[Sample]) -> None:
    text = samples[0].text
    start = text.index(".") + 2
    row: dict[str, Any] = {"id": "x", "title": None, "text": text, "fields": {}}
    weights = np.ones(encoder.vocabulary, np.float32)
    marked = StanceExample(**row, target="a thing", label="favor", evidence=((_span(start, start + 20)),))
    pairs = list(window_pairs(encoder, weights, [marked]))
    assert len(pairs) == 1
    assert len(pairs[0].text) <= WINDOW
    unmarked = StanceExample(**row, target="a thing", label="neutral", evidence=())
    assert not list(window_pairs(encoder, weights, [unmarked]))
    unrelated = StanceExample(**row, target="a thing", label="unrelated", evidence=())
    assert list(window_pairs(encoder, weights, [unrelated]))


def test_a_source_is_named_beside_its_target(encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "sources.jsonl"
    path.write_text(
        '{"id": "a", "text": "The minister said it was absurd. Others agreed.", "sources": [{"name": "the minister",'
        ' "target": "the toll", "stance": "against", "quotes": [{"start": 0, "end": 32, "text": ""}]}]}\n',
        encoding="utf-8",
    )
    (pair,) = source_pairs(encoder, source_examples([path]))
    assert (pair.target, pair.label) == ("the toll, says the minister", "against")


def test_a_batch_is_the_same_whenever_it_is_drawn(recipe: Recipe, tasks: Tasks, encoder: Encoder) -> None:
    one, other = (Batches(recipe, tasks, encoder) for _ in range(2))
    for number in range(20):
        first, second = one.draw(number), other.draw(number)
        assert first.family == second.family
        assert all(np.array_equal(a, b) for a, b in zip(first.inputs, second.inputs, strict=True))
        assert np.array_equal(first.truth, second.truth, equal_nan=True)
    assert len({one.draw(number).family for number in range(200)}) >= 10


def test_a_batch_fits_and_marks_passage_and_padding(recipe: Recipe, tasks: Tasks, encoder: Encoder) -> None:
    batches = Batches(recipe, tasks, encoder)
    assert sum(batches.shares().values()) == pytest.approx(1)
    for number in range(60):
        batch = batches.draw(number)
        ids, mask, types = batch.inputs
        assert ids.shape[0] == 1 or ids.size <= 1.5 * recipe.tokens
        assert np.array_equal(ids > 0, mask > 0)
        assert ((types == 1) <= (mask == 1)).all()
        assert types.any() == (batch.family not in ("vectors", "topics"))


def test_the_learning_rate_rises_and_falls_in_every_cycle(recipe: Recipe) -> None:
    recipe = replace(recipe, steps=300, restarts=[100], warm_up=0.1)
    rates = np.array([recipe.rate(step) for step in range(301)])
    assert rates[[9, 119]] == pytest.approx(1.0)
    assert (np.diff(rates[10:100]) < 0).all()
    assert (np.diff(rates[100:120]) > 0).all()
    assert (np.diff(rates[120:]) < 0).all()
    assert rates[[99, 300]] == pytest.approx(0.0, abs=0.02)


def test_a_long_passage_is_thinned_in_training_and_never_when_it_is_measured(
    recipe: Recipe, tasks: Tasks, encoder: Encoder
) -> None:
    batches = Batches(replace(recipe, thinned=1.0), tasks, encoder)
    whole = {tuple(pair.text) for pair in tasks.pairs["article"]}
    held = [set(_passages(batch)) for batch in batches.held("article", 8)]
    assert set().union(*held) <= whole
    drawn = [batch for number in range(300) if (batch := batches.draw(number)).family == "article"]
    thinned = [passage for batch in drawn for passage in _passages(batch)]
    assert thinned
    assert not whole & set(thinned)
    assert all(0.75 * DIGEST / 2 < len(passage) < DIGEST for passage in thinned)


def test_a_turned_target_turns_its_label() -> None:
    assert turn_round("the ban", "favor", "opposition to {}") == ("opposition to the ban", "against")
    assert turn_round("the ban", "neutral", "opposition to {}")[1] == "neutral"
    random = np.random.default_rng(0)
    varied = [vary("x", "favor", turned=0.3, kept=0.2, random=random) for _ in range(2_000)]
    turned = [target for target, label in varied if label == "against"]
    assert {template.format("x") for template in TURNED} == set(turned)
    assert 0.25 < len(turned) / 2_000 < 0.35
    assert 0.45 < sum(target == "x" for target, _ in varied) / 2_000 < 0.55
    assert not set(TURNED_UNSEEN) & {*TURNED, *KEPT}


def _passages(batch: Batch) -> list[tuple[int, ...]]:
    ids, _, types = batch.inputs
    return [tuple(row[marks == 1][:-1].tolist()) for row, marks in zip(ids, types, strict=True)]


def _span(start: int, end: int) -> Any:
    from slant.text.spans import Span

    return Span(start, end)
