"""The recipe of the encoder's training, read from ``recipe.toml`` beside this file."""

from __future__ import annotations

import hashlib
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slant.errors import TrainingError
from slant.labels import TOPICS
from slant.types import Json

RECIPE = Path(__file__).with_name("recipe.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Rows whose labels mean the same: they share an output layer. Fields as ``recipe.toml`` explains them."""

    name: str
    sets: list[str]
    labels: list[str]
    weight: float = 1.0
    turned: float = 0.0
    kept: float = 0.0
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that the training depends on beside the weights it starts from and the data."""

    seed: int
    steps: int
    restarts: list[int]
    micro_batches: int
    tokens: int
    temperature: float
    learning_rate: float
    layer_decay: float
    warm_up: float
    weight_decay: float
    dropout: float
    thinned: float
    average: float
    checkpoint: int
    vectors: Mapping[str, float]
    topics: Mapping[str, float]
    kinds: Mapping[str, float]
    families: list[Family]
    frozen: int = 0
    smoothing: float = 0.0
    runs: int = 1
    sha256: str = ""

    @property
    def columns(self) -> list[str]:
        """Return the names of the outputs: ``family:label``, ``kind:family`` and ``topic:code`` as far as learnt."""
        stances = [f"{family.name}:{label}" for family in self.families for label in family.labels]
        kinds = [f"kind:{family.name}" for family in self.families if self.kinds["weight"]]
        return stances + kinds + [f"topic:{topic.code}" for topic in TOPICS if self.topics["weight"]]

    def rate(self, step: int) -> float:
        """Return the part of the learning rate that a step gets: in each cycle up in a straight line, and down again.

        Loshchilov and Hutter 2017, with a line for their cosine.
        """
        borders = [0, *self.restarts, self.steps]
        cycle = bisect_right(borders, min(step, self.steps - 1)) - 1
        start, stop = borders[cycle], borders[cycle + 1]
        rise = max(1, round(self.warm_up * (stop - start)))
        return min((step - start + 1) / rise, max(0.0, (stop - step) / (stop - start - rise)))


def read_recipe(path: Path = RECIPE) -> Recipe:
    """Read a recipe.

    Raises:
        TrainingError: the file cannot be read, or lacks or does not know a name.
    """
    try:
        raw = path.read_bytes()
        content: Json = tomllib.loads(raw.decode())
        families = [Family(**family) for family in content.pop("families")]
        return Recipe(**content, families=families, sha256=hashlib.sha256(raw).hexdigest())
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(f"{path}: not a recipe: {error}") from error
