"""The training loop: batches in, the averaged weights out, with a checkpoint to go on from after a cut."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from slant.features.encoder import columns_of
from slant.training.checkpoint import Done, resume, save
from slant.training.encoder.batches import Batch, Batches
from slant.training.encoder.network import MultiTaskEncoder, load_network, parameter_groups
from slant.training.encoder.recipe import Recipe
from slant.types import Json, Progress

log = logging.getLogger(__name__)
WATTS = {"cpu": 15, "cuda": 500}
"""About what two cores of a server, or a large accelerator, draw: for the card's estimate of the energy."""
HELD = 400
"""Held pairs of each family that are looked at with every checkpoint."""


class Tuner:
    """A network in training: its weights, their average, the optimiser and how far it has come.

    It starts from ``start``, a network's state, or from the packaged weights.
    """

    def __init__(
        self, recipe: Recipe, batches: Batches, weights: Path, start: Mapping[str, Tensor] | None = None
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.batches = recipe, batches
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        columns = len(recipe.columns)
        self.network = load_network(weights, columns, dropout=recipe.dropout).to(self.device)
        if start:
            self.network.load_state_dict(start)
        self.network.bert.encoder.layer[: recipe.frozen].requires_grad_(False)
        self.original = load_network(weights, columns).to(self.device).eval()
        self.average = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(recipe.average))
        groups = parameter_groups(self.network, recipe.learning_rate, recipe.layer_decay)
        self.optimiser = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, fused=True)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, recipe.rate)
        self.step, self.seconds = 0, 0.0

    def run(self, checkpoint: Path, progress: Progress) -> MultiTaskEncoder:
        """Train to the last step, from ``checkpoint`` if it is there; return the averaged network."""
        if checkpoint.is_file():
            done = resume(checkpoint, self.recipe.sha256, self._parts(), self.device)
            self.step, self.seconds = done.step, done.seconds
            progress(self.step)
        while self.step < self.recipe.steps:
            self._advance()
            progress(1)
            if self.step % self.recipe.checkpoint == 0 or self.step == self.recipe.steps:
                save(checkpoint, self.recipe.sha256, Done(self.step, self.seconds), self._parts())
                log.info(json.dumps({"step": self.step, "held": self.measure()}))
        averaged: MultiTaskEncoder = self.average.module.cpu().eval()
        return averaged

    def measure(self) -> dict[str, float]:
        """Return the macro-F1 of the averaged network on held pairs, by family."""
        families = [family.name for family in self.recipe.families if self.batches.tasks.held[family.name]]
        return {name: round(self._measure(name), 4) for name in families}

    def report(self) -> Json:
        """Return what the training was: its recipe, how long it took on what, and how it did on held pairs."""
        kind = self.device.type
        device = torch.cuda.get_device_name() if kind == "cuda" else f"{torch.get_num_threads()} cores"
        cost = {"seconds": round(self.seconds), "device": device, "watts": WATTS[kind]}
        return {"recipe": self.recipe.sha256[:12], "steps": self.step, **cost, "held": self.measure()}

    def _advance(self) -> None:
        began = time.monotonic()
        self.network.train()
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)  # dropout too goes on as it would have
        for part in range(self.recipe.micro_batches):
            batch = self.batches.draw(self.step * self.recipe.micro_batches + part)
            (self._loss(batch) / self.recipe.micro_batches).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.schedule.step()
        self.average.update_parameters(self.network)
        self.step += 1
        self.seconds += time.monotonic() - began

    def _loss(self, batch: Batch) -> Tensor:
        vectors, logits = self._forward(self.network, batch)
        if batch.family == "vectors":
            with torch.no_grad():
                wanted, _ = self._forward(self.original, batch)
            return float(self.recipe.vectors["strength"]) * (1 - (vectors * wanted).sum(dim=1)).mean()
        mine = logits[:, self._columns(batch.family)]
        truth = torch.from_numpy(batch.truth).to(self.device)
        if batch.family == "topics":
            known = ~truth.isnan()
            return binary_cross_entropy_with_logits(mine[known], truth[known]) * 4
        weights = torch.from_numpy(batch.weights).to(self.device)
        losses = cross_entropy(mine, truth, reduction="none", label_smoothing=self.recipe.smoothing)
        label = (losses * weights).sum() / weights.sum()
        kinds = float(self.recipe.kinds["weight"])
        return label + kinds * self._kind_loss(batch.family, logits) if kinds else label

    def _kind_loss(self, family: str, logits: Tensor) -> Tensor:
        names = [one.name for one in self.recipe.families]
        truth = torch.full((len(logits),), names.index(family), device=self.device)
        return cross_entropy(logits[:, self._columns("kind")], truth)

    def _columns(self, family: str) -> Tensor:
        return torch.from_numpy(columns_of(self.recipe.columns, "topic" if family == "topics" else family))

    def _forward(self, network: torch.nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        inputs = [torch.from_numpy(array).to(self.device) for array in batch.inputs]
        with torch.autocast(self.device.type, torch.bfloat16):
            vectors, logits = network(*inputs)
        return vectors.float(), logits.float()

    def _measure(self, name: str) -> float:
        self.average.eval()
        truth, predicted = list[int](), list[int]()
        with torch.inference_mode():
            for batch in self.batches.held(name, HELD):
                logits = self._forward(self.average, batch)[1][:, self._columns(name)]
                truth += batch.truth.tolist()
                predicted += logits.argmax(dim=1).tolist()
        return float(f1_score(truth, predicted, labels=np.unique(truth), average="macro", zero_division=0))

    def _parts(self) -> dict[str, Any]:
        return {"network": self.network, "average": self.average, "optimiser": self.optimiser, "rate": self.schedule}
