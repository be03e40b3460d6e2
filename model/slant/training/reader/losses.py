"""What a reader is asked for: the right label, one opinion on all wordings of a target, and the marked sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, log_softmax

from slant.labels import OPPOSITE
from slant.training.reader.batches import Batch
from slant.training.reader.network import Answers
from slant.training.reader.recipe import Recipe

ON_ARTICLES = ("article", "window", "source")
RARE = 2.0
"""Taken from a sentence's score beforehand: few sentences are marked."""
LEAST = 1e-6
"""Stands in for a probability of 0 where a logarithm is taken."""


class Losses:
    """The losses of a recipe; each is a scalar, summed over the exits by the recipe's weights."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        columns = recipe.columns
        self.columns = {
            family.name: [n for n, name in enumerate(columns) if name.startswith(f"{family.name}:")]
            for family in recipe.families
        }
        self.kinds = [n for n, name in enumerate(columns) if name.startswith("kind:")]
        labels = recipe.family("article").labels
        self.turned = [labels.index(OPPOSITE.get(label, label)) for label in labels]

    def of_articles(self, batch: Batch, answers: Mapping[int, Answers]) -> Tensor:
        """Return the loss of articles: labels by family, wordings, evidence."""
        total = torch.zeros(())
        for depth, weight in self._exits(answers):
            logits = answers[depth].logits.float()
            loss = self.recipe.consistency * self._consistency(batch, logits)
            loss = loss + self.recipe.evidence * self._evidence(batch, answers[depth])
            for family in ON_ARTICLES:
                loss = loss + self.recipe.family(family).weight * self._labels(batch, logits, family)
            total = total + weight * loss
        return total

    def of_pairs(self, batch: Batch, answers: Mapping[int, Answers]) -> Tensor:
        """Return the loss of pairs, all of one family."""
        family = batch.questions[0][0].family
        losses = [
            weight * self._labels(batch, answers[depth].logits.float(), family)
            for depth, weight in self._exits(answers)
        ]
        return torch.stack(losses).sum()

    def _exits(self, answers: Mapping[int, Answers]) -> list[tuple[int, float]]:
        return [(depth, float(self.recipe.exits[str(depth)])) for depth in answers]

    def _labels(self, batch: Batch, logits: Tensor, family: str) -> Tensor:
        rows = [
            (row, n, question)
            for row, asked in enumerate(batch.questions)
            for n, question in enumerate(asked)
            if question.family == family
        ]
        if not rows:
            return torch.zeros(())
        mine = logits[[row for row, _, _ in rows], [n for _, n, _ in rows]]
        labels = self.recipe.family(family).labels
        truth = torch.tensor([labels.index(question.label) for _, _, question in rows])
        weights = torch.tensor([question.weight for _, _, question in rows])
        losses = cross_entropy(
            mine[:, self.columns[family]], truth, reduction="none", label_smoothing=self.recipe.smoothing
        )
        kind = torch.full_like(truth, [one.name for one in self.recipe.families].index(family))
        kinds = cross_entropy(mine[:, self.kinds], kind)
        return (losses * weights).sum() / weights.sum() + self.recipe.kinds * kinds

    def _consistency(self, batch: Batch, logits: Tensor) -> Tensor:
        """Return how far the opinions on a target's wordings are from their mean (generalised Jensen-Shannon)."""
        losses = list[Tensor]()
        for row, asked in enumerate(batch.questions):
            groups: dict[int, list[Tensor]] = {}
            for n, question in enumerate(asked):
                if question.group is not None and question.family == "article":
                    opinion = log_softmax(logits[row, n, self.columns["article"]], dim=0)
                    groups.setdefault(question.group, []).append(opinion[self.turned] if question.turned else opinion)
            for opinions in groups.values():
                if len(opinions) > 1:
                    each = torch.stack(opinions)
                    mean = each.exp().mean(dim=0).clamp(min=LEAST).log()
                    losses.append((each.exp() * (each - mean)).sum(dim=1).mean())
        return torch.stack(losses).mean() if losses else torch.zeros(())

    def _evidence(self, batch: Batch, answers: Answers) -> Tensor:
        """Return how badly pointers tell the marked sentences from the others."""
        losses = list[Tensor]()
        width = answers.states.shape[-1]
        states = answers.states.float().unflatten(0, (len(batch.articles), -1)).flatten(1, 2)
        for row, (article, asked) in enumerate(zip(batch.articles, batch.questions, strict=True)):
            marked = [n for n, question in enumerate(asked) if question.marked]
            if not marked:
                continue
            sentences = torch.stack(
                [
                    states[row, block * batch.width + start : block * batch.width + stop].mean(dim=0)
                    for block, start, stop in article.places.values()
                ]
            )
            scores = answers.pointers[row, marked].float() @ sentences.T / math.sqrt(width)
            truth = [[float(number in asked[n].marked) for number in article.places] for n in marked]
            losses.append(binary_cross_entropy_with_logits(scores - RARE, torch.tensor(truth)))
        return torch.stack(losses).mean() if losses else torch.zeros(())
