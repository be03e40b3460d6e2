"""A training that can be cut: its parts' states and how far it has come, in one file that goes with one recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from slant.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Done:
    """Steps done, and the seconds that they took."""

    step: int
    seconds: float


def save(path: Path, recipe: str, done: Done, parts: Mapping[str, Any]) -> None:
    """Write the states of ``parts`` beside ``path`` and rename them into place; ``recipe`` is the recipe's sha256."""
    beside = path.with_suffix(".part")
    states = {name: part.state_dict() for name, part in parts.items()}
    torch.save({"recipe": recipe, "step": done.step, "seconds": done.seconds} | states, beside)
    beside.replace(path)


def resume(path: Path, recipe: str, parts: Mapping[str, Any], device: torch.device) -> Done:
    """Give ``parts`` the states in ``path``; return how far they had come.

    Raises:
        TrainingError: another recipe wrote it.
    """
    state = torch.load(path, map_location=device, weights_only=True)
    if state["recipe"] != recipe:
        raise TrainingError(f"{path}: another recipe wrote it; remove it, or train elsewhere with --out")
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return Done(int(state["step"]), float(state["seconds"]))
