"""The recipe of the attribution model's training, read from ``recipe.toml`` beside this file."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from slant.errors import TrainingError

RECIPE = Path(__file__).with_name("recipe.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that the training depends on beside weights and data; fields as ``recipe.toml`` explains them."""

    seed: int
    epochs: int
    windows: int
    length: int
    layers: int
    width: int
    reach: int
    learning_rate: float
    layer_decay: float
    warm_up: float
    weight_decay: float
    dropout: float
    average: float
    checkpoint: int
    restyled: float
    sha256: str = ""


def read_recipe(path: Path = RECIPE) -> Recipe:
    """Read a recipe.

    Raises:
        TrainingError: the file cannot be read, or lacks or does not know a name.
    """
    try:
        raw = path.read_bytes()
        return Recipe(**tomllib.loads(raw.decode()), sha256=hashlib.sha256(raw).hexdigest())
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(f"{path}: not a recipe: {error}") from error
