"""The training loop of a reader, with a checkpoint to go on from after a cut."""

from __future__ import annotations

import copy
import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from slant.evaluation import metrics
from slant.features.blocks import lay_out
from slant.training.checkpoint import Done, resume, save
from slant.training.reader.articles import LabelledArticle, Question
from slant.training.reader.batches import Batches, pack
from slant.training.reader.losses import Losses
from slant.training.reader.network import Answers, Inputs, ReaderNetwork
from slant.training.reader.recipe import Recipe
from slant.training.reader.weights import Pretrained
from slant.types import Json, Progress

log = logging.getLogger(__name__)
MEASURED = 60
"""Articles that are looked at while a reader is trained."""


class ReaderTraining:
    """A reader in training: its weights, their moving average, the optimiser and how far it has come.

    Parameters
    ----------
    recipe : Recipe
        How it is trained.
    pretrained : Pretrained
        The weights it starts from.
    batches : Batches
        What it is trained on.
    calibration : sequence of LabelledArticle
        Articles that it is measured on while it is trained.
    """

    def __init__(
        self,
        recipe: Recipe,
        pretrained: Pretrained,
        batches: Batches,
        calibration: Sequence[LabelledArticle],
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.batches, self.calibration = recipe, batches, calibration
        self.losses = Losses(recipe)
        exits = [int(depth) for depth in recipe.exits]
        self.network = ReaderNetwork(pretrained.shape, len(recipe.columns), exits, recipe.dropout)
        pretrained.fill(self.network)
        for part in [*self.network.embeddings, *self.network.layers[: recipe.frozen]]:
            part.requires_grad_(False)
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(self._groups(), weight_decay=recipe.weight_decay, fused=True)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, recipe.rate)
        self.half = _has_bfloat16()
        self.step, self.seconds = 0, 0.0

    def run(self, checkpoint: Path, progress: Progress) -> ReaderNetwork:
        """Train to the last step, from ``checkpoint`` if it is there, and return the averaged network.

        Parameters
        ----------
        checkpoint : Path
            The file that the training goes on from, and is saved to.
        progress : callable
            Is told how many steps were done.

        Raises
        ------
        TrainingError
            Another recipe wrote the checkpoint.
        """
        if checkpoint.is_file():
            done = resume(checkpoint, self.recipe.sha256, self._parts(), torch.device("cpu"))
            self.step, self.seconds = done.step, done.seconds
            progress(self.step)
        while self.step < self.recipe.steps:
            loss = self._advance()
            progress(1)
            last = self.step == self.recipe.steps
            if self.step % self.recipe.checkpoint == 0 or last:
                save(checkpoint, self.recipe.sha256, Done(self.step, self.seconds), self._parts())
                log.info(json.dumps({"step": self.step, "seconds": round(self.seconds), "loss": round(loss, 3)}))
            if self.step % self.recipe.measure == 0 or last:
                log.info(json.dumps({"step": self.step, "calibration": self.measure()}))
        average: ReaderNetwork = self.average
        return average

    def measure(self) -> Json:
        """Return macro-F1 and the side of targets on the calibration articles, read whole, by exit."""
        found: dict[int, tuple[list[int], list[int]]] = {int(depth): ([], []) for depth in self.recipe.exits}
        labels = self.recipe.family("article").labels
        for article in self.calibration[:MEASURED]:
            asked = [question for question in article.questions if question.family == "article"]
            for depth, answers in self.read(article, asked).items():
                logits = answers.logits[0][:, self.losses.columns["article"]].float()
                found[depth][0].extend(labels.index(question.label) for question in asked)
                found[depth][1].extend(logits.argmax(dim=1).tolist())
        return {
            str(depth): {
                "macro_f1": round(metrics.macro_f1(np.array(truth), np.array(predicted)), 3),
                "side": metrics.side(np.array(truth), np.array(predicted), labels),
            }
            for depth, (truth, predicted) in found.items()
        }

    def read(self, article: LabelledArticle, asked: list[Question]) -> dict[int, Answers]:
        """Return the averaged network's answers to questions about an article that it reads whole."""
        laid_out = lay_out(
            article.title, article.sentences, range(len(article.sentences)), self.batches.marks, self.recipe.block
        )
        with torch.inference_mode():
            return self._answers(self.average, pack([laid_out], [asked], self.batches.marks).inputs)

    def _advance(self) -> float:
        began = time.monotonic()
        self.network.train()
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)  # dropout too goes on as it would have
        articles = self.batches.draw_articles(self.step)
        loss = self.losses.of_articles(articles, self._answers(self.network, articles.inputs))
        loss.backward()
        pairs = self.batches.draw_pairs(self.step)
        (self.recipe.pairs * self.losses.of_pairs(pairs, self._answers(self.network, pairs.inputs))).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.schedule.step()
        self.step += 1
        self._update_average()
        self.seconds += time.monotonic() - began
        return float(loss.detach())

    def _update_average(self) -> None:
        """Move the average towards the weights, quickly while they are few steps old."""
        decay = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, weight in zip(self.average.parameters(), self.network.parameters(), strict=True):
                if weight.requires_grad:
                    mean.lerp_(weight, 1 - decay)

    def _answers(self, network: ReaderNetwork, inputs: Inputs) -> dict[int, Answers]:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            answers: dict[int, Answers] = network(inputs)
        return answers

    def _groups(self) -> list[dict[str, object]]:
        """Return the weights that are trained with their learning rates: less, each layer down."""
        recipe, network = self.recipe, self.network
        outputs = [*network.outputs.parameters(), *network.pointers.parameters()]
        groups: list[dict[str, object]] = [{"params": outputs, "lr": recipe.learning_rate * recipe.output_rate}]
        for depth, layer in enumerate(reversed(list(network.layers)[recipe.frozen :])):
            groups.append({"params": list(layer.parameters()), "lr": recipe.learning_rate * recipe.layer_decay**depth})
        return groups

    def _parts(self) -> dict[str, object]:
        return {"network": self.network, "average": self.average, "optimiser": self.optimiser, "rate": self.schedule}


def _has_bfloat16() -> bool:
    """Return True if the processor multiplies bfloat16 itself: elsewhere float32 is quicker."""
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags
