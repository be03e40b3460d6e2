"""From the trained encoder and articles with listed sources to the hearer: the whole of ``slant train hearer``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from slant.data.readers import StanceExample
from slant.data.split import Part
from slant.features.counts import piece_weights
from slant.inference.bundle import Graphs
from slant.sources.views import ask_source
from slant.training.borrow import borrow
from slant.training.encoder.batches import Batches
from slant.training.encoder.export import export_encoder, packaged_weights
from slant.training.encoder.network import MultiTaskEncoder, load_network
from slant.training.encoder.pairs import Pair
from slant.training.encoder.recipe import RECIPE, Recipe
from slant.training.encoder.tasks import Tasks
from slant.training.encoder.thaw import thaw
from slant.training.encoder.tune import Tuner
from slant.training.samples import tokenised
from slant.training.sets import TrainingSet, source_sets
from slant.training.source import Models, Reader, heard_sources
from slant.types import Watch

HEARER = RECIPE.with_name("hearer.toml")
CHECKPOINT, REPORT = "hearer.{run}.pt", "hearer.json"
FAMILY = "source"
STEPS = 64
"""To so many steps each way a row's weights are rounded in a graph."""


def train_hearer(recipe: Recipe, given: Graphs, folder: Path, out: Path, watch: Watch) -> Path:
    """Tune the encoder of ``given`` by ``recipe``; write graph and checkpoints into ``out``.

    ``given`` has the attribution model that goes with it, too. The weights of the recipe's runs are averaged (Wortsman
    et al. 2022, model soups). A training that was cut goes on.

    Raises:
        DataError: a file is missing or a row is not in the documented form.
        TrainingError: another recipe wrote the checkpoint that is to be gone on from.
    """
    weights = packaged_weights()
    out.mkdir(parents=True, exist_ok=True)
    encoder = given.load()
    untuned = Models(encoder, given.tagger(encoder), encoder)
    tasks = hearing_tasks(recipe, untuned, folder, watch)
    start = begin(given.encoder, encoder.columns, weights, recipe.columns)
    runs = [replace(recipe, seed=recipe.seed + run) for run in range(recipe.runs)]
    tuners = [Tuner(one, Batches(one, tasks, encoder), weights, start) for one in runs]
    networks = [
        tuner.run(out / CHECKPOINT.format(run=run), watch(f"hearer {run}: steps", recipe.steps))
        for run, tuner in enumerate(tuners)
    ]
    (out / REPORT).write_text(json.dumps([tuner.report() for tuner in tuners], indent=1) + "\n", encoding="utf-8")
    graph = export_encoder(spread(average(networks), recipe), weights, recipe.columns, out, "hearer")
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


def begin(encoder: bytes, known: Sequence[str], weights: Path, columns: Sequence[str]) -> dict[str, Tensor]:
    """Return a network's state: an encoder's layers and, of its ``known`` outputs, these; those it lacks are 0."""
    start: dict[str, Tensor] = load_network(weights, len(columns)).state_dict() | thaw(encoder)
    for name in ("outputs.weight", "outputs.bias"):
        rows = [start[name][known.index(one)] if one in known else torch.zeros_like(start[name][0]) for one in columns]
        start[name] = torch.stack(rows)
    return start


def average(networks: Sequence[MultiTaskEncoder]) -> MultiTaskEncoder:
    """Return the first network with the mean of the weights of all."""
    states = [network.state_dict() for network in networks]
    networks[0].load_state_dict({name: torch.stack([one[name] for one in states]).mean(dim=0) for name in states[0]})
    return networks[0]


def spread(network: MultiTaskEncoder, recipe: Recipe) -> MultiTaskEncoder:
    """Return a network whose tuned weights are moved at random by up to half a step of the rounding to come (dither).

    They began on such steps, and tuning moved them by a quarter of one: to round them as they are would undo it.
    """
    torch.manual_seed(recipe.seed)
    with torch.no_grad():
        for weight in network.bert.encoder.layer[recipe.frozen :].parameters():
            if weight.ndim == 2:
                step = weight.abs().amax(dim=1, keepdim=True) / STEPS
                weight.add_((torch.rand_like(weight) - 0.5) * step)
    return network
