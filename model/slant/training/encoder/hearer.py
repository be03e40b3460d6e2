"""From the trained encoder and articles with listed sources to the hearer: the whole of ``slant train hearer``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from slant.data.readers import StanceExample
from slant.data.split import Part
from slant.errors import TrainingError
from slant.features.counts import piece_weights
from slant.inference.bundle import Graphs
from slant.sources.views import ask_source
from slant.training.borrow import borrow
from slant.training.encoder.batches import Batches
from slant.training.encoder.export import export_encoder, packaged_weights
from slant.training.encoder.pairs import Pair
from slant.training.encoder.recipe import RECIPE, Recipe, read_recipe
from slant.training.encoder.tasks import Tasks
from slant.training.encoder.train import CHECKPOINT
from slant.training.encoder.tune import Tuner
from slant.training.samples import tokenised
from slant.training.sets import TrainingSet, source_sets
from slant.training.source import Models, Reader, heard_sources
from slant.types import Watch

HEARER = RECIPE.with_name("hearer.toml")
OWN_CHECKPOINT, REPORT = "hearer.pt", "hearer.json"
FAMILY = "source"


def train_hearer(recipe: Recipe, given: Graphs, models: Path, folder: Path, out: Path, watch: Watch) -> Path:
    """Tune the encoder whose checkpoint is in ``models`` by ``recipe``; write graph and checkpoints into ``out``.

    ``given`` has that encoder's graph and the attribution model that goes with it. A training that was cut goes on.

    Raises:
        DataError: a file is missing or a row is not in the documented form.
        TrainingError: there is no such checkpoint, or another recipe wrote the one that is to be gone on from.
    """
    weights, start = packaged_weights(), _start(models / CHECKPOINT, recipe.columns)
    out.mkdir(parents=True, exist_ok=True)
    encoder = given.load()
    untuned = Models(encoder, given.tagger(encoder), encoder)
    tasks = hearing_tasks(recipe, untuned, folder, watch)
    tuner = Tuner(recipe, Batches(recipe, tasks, encoder), weights, start)
    network = tuner.run(out / OWN_CHECKPOINT, watch("hearer: steps", recipe.steps))
    (out / REPORT).write_text(json.dumps(tuner.report(), indent=1) + "\n", encoding="utf-8")
    graph = export_encoder(network, weights, recipe.columns, out, "hearer")
    borrow(graph, given.encoder)
    return graph


def hearing_tasks(recipe: Recipe, models: Models, folder: Path, watch: Watch) -> Tasks:
    """Read what listed sources say beside their targets, and sources that are silent on one; errors as the readers'."""
    sets, silent = source_sets(folder)
    sets = [one for one in sets if one.about.name in recipe.families[0].sets]
    texts = {example.text: None for one in sets for example in one.of(Part.TRAIN)}
    pieces = piece_weights(tokenised(models.encoder, texts), models.encoder.vocabulary)
    reader, step = Reader(models, pieces, silent), watch("hearer: passages", 2)
    pairs = list(_pairs(reader, sets, Part.TRAIN))
    step(1)
    held = list(_pairs(reader, sets, Part.CALIBRATION))
    step(1)
    return Tasks({FAMILY: pairs}, {FAMILY: held}, [], [])


def _pairs(reader: Reader, sets: Sequence[TrainingSet[StanceExample]], part: Part) -> Iterator[Pair]:
    for one in sets:
        for heard in heard_sources(reader, one.of(part)):
            yield Pair(heard.passage.ids, ask_source(heard.target, heard.name), heard.label, heard.weight)


def _start(checkpoint: Path, columns: Sequence[str]) -> dict[str, Tensor]:
    """Return the averaged weights of a trained encoder, with its outputs of these names; those it lacks are 0."""
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]
    except (OSError, KeyError) as error:
        raise TrainingError(f"{checkpoint}: wanted the checkpoint of a trained encoder: {error!r}") from error
    start = {name.removeprefix("module."): one for name, one in state.items() if name.startswith("module.")}
    known = read_recipe().columns
    for name in ("outputs.weight", "outputs.bias"):
        rows = [start[name][known.index(one)] if one in known else torch.zeros_like(start[name][0]) for one in columns]
        start[name] = torch.stack(rows)
    return start
