"""From packaged weights and a folder of data to a trained encoder: the whole of ``slant train encoder``."""

from __future__ import annotations

import json
from pathlib import Path

from slant.features.encoder import Encoder, load_encoder
from slant.training.encoder.batches import Batches
from slant.training.encoder.export import export_encoder, packaged_weights
from slant.training.encoder.network import load_network
from slant.training.encoder.recipe import Recipe
from slant.training.encoder.tasks import make_tasks
from slant.training.encoder.tune import Tuner
from slant.training.sets import default_sets
from slant.types import Watch

CHECKPOINT, REPORT = "checkpoint.pt", "encoder.json"


def train_encoder(recipe: Recipe, folder: Path, out: Path, watch: Watch) -> Path:
    """Train by ``recipe`` on the sets in ``folder``; write graph, tokenizer and checkpoints into ``out``.

    A training that was cut goes on from its last checkpoint in ``out``.

    Raises:
        DataError: a file is missing or a row is not in the documented form.
        TrainingError: the weights are not the packaged ones, or another recipe wrote the checkpoint.
    """
    weights = packaged_weights()
    untouched = _untouched(recipe, weights, out / "untouched")
    tasks = make_tasks(recipe, untouched, folder, *default_sets(folder), watch)
    tuner = Tuner(recipe, Batches(recipe, tasks, untouched), weights)
    network = tuner.run(out / CHECKPOINT, watch("encoder: steps", recipe.steps))
    (out / REPORT).write_text(json.dumps(tuner.report(), indent=1) + "\n", encoding="utf-8")
    return export_encoder(network, weights, recipe.columns, out)


def _untouched(recipe: Recipe, weights: Path, out: Path) -> Encoder:
    """Return the encoder as it is before training, which chooses the passages that are learnt from."""
    network = load_network(weights, len(recipe.columns))
    graph = export_encoder(network, weights, recipe.columns, out)
    return load_encoder(graph.read_bytes(), (out / "tokenizer.json").read_bytes())
