"""From packaged weights and labelled data to a reader's graphs: the whole of ``slant train reader``."""

from __future__ import annotations

from pathlib import Path

from slant.data.split import Part
from slant.training.reader.batches import Batches
from slant.training.reader.data import read_data
from slant.training.reader.export import export_reader
from slant.training.reader.recipe import Recipe
from slant.training.reader.train import ReaderTraining
from slant.training.reader.weights import Pretrained
from slant.types import Watch

CHECKPOINT = "checkpoint.pt"


def train_reader(recipe: Recipe, folder: Path, out: Path, watch: Watch) -> None:
    """Train a reader and write its graphs, one folder for every exit; a training that was cut goes on.

    Parameters
    ----------
    recipe : Recipe
        How it is trained.
    folder : Path
        Holds the catalog's files.
    out : Path
        Where the checkpoint and the folders ``layers-N`` go.
    watch : Watch
        Shows the progress.

    Raises
    ------
    DataError
        A file is missing, or a row of it is not in the documented form.
    TrainingError
        The packaged weights are missing, or another recipe wrote the checkpoint.
    """
    out.mkdir(parents=True, exist_ok=True)
    pretrained = Pretrained(recipe.backbone)
    data = read_data(recipe, folder, pretrained.tokenise, watch)
    batches = Batches(recipe, data.articles[Part.TRAIN], data.pairs, pretrained.marks)
    training = ReaderTraining(recipe, pretrained, batches, data.articles[Part.CALIBRATION])
    network = training.run(out / CHECKPOINT, watch("reader: steps", recipe.steps))
    for depth in sorted(network.exits):
        export_reader(network, depth, recipe.columns, pretrained.tokenizer, out / f"layers-{depth}")
