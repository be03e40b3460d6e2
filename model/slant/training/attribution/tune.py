"""The training loop: windows in, the averaged weights out, with a checkpoint to go on from after a cut."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from slant.training.attribution.examples import Marked, Restyle
from slant.training.attribution.network import AttributionNetwork, load_network, parameter_groups
from slant.training.attribution.recipe import Recipe
from slant.training.checkpoint import Done, resume, save
from slant.types import Bools, Ints, Json, Progress

log = logging.getLogger(__name__)
PER_CUE = 8.0
"""What the loss over all pieces around a cue is divided by, to weigh about as much as that of the cue itself."""


@dataclass(frozen=True, slots=True)
class Window:
    """A run of an article's pieces with their marks; fields as ``Marked``."""

    ids: Ints
    cues: Ints
    parts: Bools


class Tuner:
    """A network in training: its weights, their average, the optimiser and how far it has come."""

    def __init__(self, recipe: Recipe, articles: Sequence[Marked], tokenizer: Tokenizer, weights: Path) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.articles, self.restyle = recipe, articles, Restyle(tokenizer)
        self.marks = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = load_network(weights, recipe.layers, recipe.width, recipe.reach, dropout=recipe.dropout).to(
            self.device
        )
        self.average = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(recipe.average))
        groups = parameter_groups(self.network, recipe.learning_rate, recipe.layer_decay)
        self.optimiser = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, fused=True)
        self.an_epoch = sum(len(one.ids) for one in articles) // (recipe.length * recipe.windows)
        self.steps = self.an_epoch * recipe.epochs
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._rate)
        self.step, self.seconds = 0, 0.0

    def run(self, checkpoint: Path, progress: Progress) -> AttributionNetwork:
        """Train to the last step, from ``checkpoint`` if it is there; return the averaged network."""
        if checkpoint.is_file():
            done = resume(checkpoint, self.recipe.sha256, self._parts(), self.device)
            self.step, self.seconds = done.step, done.seconds
            progress(self.step)
        while self.step < self.steps:
            batches = self._epoch(self.step // self.an_epoch)
            for batch in batches[self.step % self.an_epoch :]:
                self._advance(batch)
                progress(1)
                if self.step % self.recipe.checkpoint == 0 or self.step == self.steps:
                    save(checkpoint, self.recipe.sha256, Done(self.step, self.seconds), self._parts())
        averaged: AttributionNetwork = self.average.module.cpu().eval()
        return averaged

    def report(self) -> Json:
        """Return what the training was: its recipe, and how long it took on what."""
        kind = self.device.type
        device = torch.cuda.get_device_name() if kind == "cuda" else f"{torch.get_num_threads()} cores"
        return {"recipe": self.recipe.sha256[:12], "steps": self.step, "seconds": round(self.seconds), "device": device}

    def _rate(self, step: int) -> float:
        rise = max(1, round(self.recipe.warm_up * self.steps))
        return min((step + 1) / rise, max(0.0, (self.steps - step) / (self.steps - rise)))

    def _epoch(self, number: int) -> list[list[Window]]:
        """Return the batches of an epoch: all articles, cut into windows elsewhere each time."""
        random = np.random.default_rng((self.recipe.seed, number))
        windows = [window for one in self.articles for window in self._windows(one, random)]
        order, size = random.permutation(len(windows)), self.recipe.windows
        return [[windows[n] for n in order[k * size : (k + 1) * size]] for k in range(self.an_epoch)]

    def _windows(self, article: Marked, random: np.random.Generator) -> Iterator[Window]:
        length = self.recipe.length
        for start in range(-int(random.integers(length)), len(article.ids), length):
            window = _cut(article, max(0, start), start + length)
            yield self._restyled(window, random) if random.random() < self.recipe.restyled else window

    def _restyled(self, window: Window, random: np.random.Generator) -> Window:
        ids, kept = self.restyle(window.ids, random)
        held = kept[window.cues]
        places = np.cumsum(kept) - 1
        return Window(ids, places[window.cues[held]], window.parts[held][:, :, kept])

    def _advance(self, batch: Sequence[Window]) -> None:
        began = time.monotonic()
        self.network.train()
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)  # dropout too goes on as it would have
        loss = self._loss(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.schedule.step()
        self.average.update_parameters(self.network)
        self.step += 1
        self.seconds += time.monotonic() - began
        if self.step % 50 == 0:
            log.info(json.dumps({"step": self.step, "of": self.steps, "loss": round(float(loss.detach()), 4)}))

    def _loss(self, batch: Sequence[Window]) -> Tensor:
        ids, mask = self._padded(batch)
        with torch.autocast(self.device.type, torch.bfloat16):
            cue, parts = self.network(ids, mask)
        rows = torch.tensor(
            [row for row, one in enumerate(batch) for _ in one.cues], dtype=torch.long, device=self.device
        )
        begins = torch.tensor([int(n) + 1 for one in batch for n in one.cues], dtype=torch.long, device=self.device)
        truth = torch.zeros_like(cue, dtype=torch.float32)
        truth[rows, begins] = 1.0
        inside = mask.bool()
        cues = binary_cross_entropy_with_logits(cue.float()[inside], truth[inside], reduction="sum")
        around = parts[rows, :, begins].float()  # (m, roles, tokens)
        off = binary_cross_entropy_with_logits(around, self._marked(batch, around.shape), reduction="none")
        return (cues + (off * mask[rows][:, None]).sum() / PER_CUE) / max(1, len(rows))

    def _padded(self, batch: Sequence[Window]) -> tuple[Tensor, Tensor]:
        longest = max(len(one.ids) for one in batch) + 2
        ids, mask = np.zeros((2, len(batch), longest), dtype=np.int64)
        for row, one in enumerate(batch):
            ids[row, : len(one.ids) + 2] = [self.marks[0], *one.ids, self.marks[1]]
            mask[row, : len(one.ids) + 2] = 1
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device)

    def _marked(self, batch: Sequence[Window], shape: torch.Size) -> Tensor:
        truth, row = np.zeros(shape, dtype=np.float32), 0
        for one in batch:
            truth[row : row + len(one.cues), :, 1 : len(one.ids) + 1] = one.parts
            row += len(one.cues)
        return torch.from_numpy(truth).to(self.device)

    def _parts(self) -> dict[str, Any]:
        return {"network": self.network, "average": self.average, "optimiser": self.optimiser, "rate": self.schedule}


def _cut(article: Marked, start: int, stop: int) -> Window:
    held = (start <= article.cues) & (article.cues < stop)
    return Window(article.ids[start:stop], article.cues[held] - start, article.parts[held][:, :, start:stop])
