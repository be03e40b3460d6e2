"""What a reader's training depends on beside the data and the pretrained weights: one TOML file each."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slant.errors import TrainingError
from slant.types import Json

RECIPES = {name: Path(__file__).with_name(f"{name}.toml") for name in ("large", "small")}
FAMILIES = Path(__file__).with_name("families.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Questions whose labels mean the same: they share an output layer. Fields as ``families.toml`` explains them."""

    name: str
    labels: list[str]
    weight: float = 1.0
    sets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The recipe of a reader; fields as ``large.toml`` explains them."""

    backbone: str
    seed: int
    steps: int
    warm_up: int
    fall: int
    articles: int
    block: int
    room: int
    pair_tokens: int
    exits: Mapping[str, float]
    frozen: int
    learning_rate: float
    layer_decay: float
    output_rate: float
    weight_decay: float
    dropout: float
    smoothing: float
    consistency: float
    evidence: float
    kinds: float
    pairs: float
    average: float
    checkpoint: int
    measure: int
    families: list[Family]
    sha256: str = ""

    @property
    def columns(self) -> list[str]:
        """Return the names of the outputs: ``family:label`` for every label, and ``kind:family`` for every family."""
        stances = [f"{family.name}:{label}" for family in self.families for label in family.labels]
        return stances + [f"kind:{family.name}" for family in self.families]

    def family(self, name: str) -> Family:
        """Return the family of a name."""
        return next(family for family in self.families if family.name == name)

    def rate(self, step: int) -> float:
        """Return the part of the learning rate that a step gets: a rise, a plain, and a fall to 0 at the end.

        Hu et al. 2024 (MiniCPM, warm-up, stable, decay): a training can be lengthened before its fall has begun.
        """
        rise = min(1.0, (step + 1) / max(self.warm_up, 1))
        fall = min(1.0, max(0, self.steps - step) / max(self.fall, 1))
        return min(rise, fall)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe, and the families that all recipes share.

    Parameters
    ----------
    path : Path
        A TOML file with the fields of ``Recipe``; families of its own take the place of the shared ones.

    Raises
    ------
    TrainingError
        The file cannot be read, or lacks or does not know a name.
    """
    try:
        raw, shared = path.read_bytes(), FAMILIES.read_bytes()
        content: Json = tomllib.loads(shared.decode()) | tomllib.loads(raw.decode())
        families = [Family(**family) for family in content.pop("families")]
        return Recipe(**content, families=families, sha256=hashlib.sha256(shared + raw).hexdigest())
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(f"{path}: not a recipe: {error}") from error
