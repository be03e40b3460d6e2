"""From packaged weights and marked articles to a trained attribution model: ``slant train attribution``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from slant.data.readers import quote_examples
from slant.inference.bundle import Graphs
from slant.training.attribution.examples import marked_articles
from slant.training.attribution.export import export_attribution
from slant.training.attribution.recipe import Recipe
from slant.training.attribution.tune import Tuner
from slant.training.encoder.export import packaged_weights
from slant.types import Watch

CHECKPOINT, REPORT = "attribution.pt", "attribution.json"


def train_attribution(recipe: Recipe, given: Graphs, data: Sequence[Path], out: Path, watch: Watch) -> Path:
    """Train by ``recipe`` on articles with marked quotations; write graph and checkpoints into ``out``.

    A training that was cut goes on from its last checkpoint in ``out``. Tokenizer and word embeddings are those of
    the encoder in ``given``.

    Raises:
        DataError: a file is missing or a row is not in the documented form.
        TrainingError: the weights are not the packaged ones, or another recipe wrote the checkpoint.
    """
    weights = packaged_weights()
    out.mkdir(parents=True, exist_ok=True)
    encoder = given.load()
    articles = list(marked_articles(encoder, quote_examples(data)))
    tuner = Tuner(recipe, articles, encoder.tokenizer, weights)
    network = tuner.run(out / CHECKPOINT, watch("attribution: steps", tuner.steps))
    (out / REPORT).write_text(json.dumps(tuner.report(), indent=1) + "\n", encoding="utf-8")
    return export_attribution(network, weights, given.encoder, out)
