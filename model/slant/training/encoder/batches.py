"""Batches: which family, which rows of it, and the arrays they become.

Everything is drawn from the seed and the number of the batch, so that a training that was cut goes on
with the batches that it would have had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from slant.data.targets import vary
from slant.features.encoder import Encoder, pad
from slant.features.pairs import TARGET
from slant.text.clean import normalise
from slant.training.encoder.pairs import Pair, Single
from slant.training.encoder.recipe import Family, Recipe
from slant.training.encoder.tasks import Tasks
from slant.types import Floats, Ints, TokenIds

Item = TypeVar("Item", Pair, Single)
POOL = 4
"""Times as many rows are drawn as a batch holds; those of like length make the batch."""
LONG = 100
"""Pieces from which a passage may be thinned."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one family. ``inputs`` are ids, mask and types, each (n, tokens).

    ``truth`` is (n,) places among the family's labels, or (n, topics), or empty; ``weights`` is (n,).
    """

    family: str
    inputs: tuple[Ints, Ints, Ints]
    truth: Floats | Ints
    weights: Floats


@dataclass(frozen=True, slots=True)
class Batches:
    """Draws batch after batch."""

    recipe: Recipe
    tasks: Tasks
    encoder: Encoder

    def draw(self, number: int) -> Batch:
        """Return batch ``number``, always the same one."""
        random = np.random.default_rng((self.recipe.seed, number))
        name = str(random.choice(list(shares := self.shares()), p=list(shares.values())))
        if name == "vectors":
            return self._singles(name, self.tasks.vectors, random)
        if name == "topics":
            return self._singles(name, self.tasks.topics, random)
        return self._pairs(self._family(name), random)

    def shares(self) -> dict[str, float]:
        """Return the probability that a batch is of each family."""
        recipe, tasks = self.recipe, self.tasks
        sizes = {family.name: (family.weight, len(tasks.pairs[family.name])) for family in recipe.families}
        sizes["topics"] = (recipe.topics["weight"], len(tasks.topics))
        mass = {name: weight * n ** (1 / recipe.temperature) for name, (weight, n) in sizes.items()}
        left = 1 - recipe.vectors["share"]
        return {name: left * one / sum(mass.values()) for name, one in mass.items()} | {"vectors": 1 - left}

    def held(self, name: str, limit: int) -> list[Batch]:
        """Return batches of a family's held pairs, as they are, ``limit`` rows in all."""
        family, pairs = self._family(name), self.tasks.held[name]
        rows = np.random.default_rng(0).permutation(len(pairs))[:limit]
        size = 16
        return [
            self._batch(family, [pairs[row] for row in rows[n : n + size]], None) for n in range(0, len(rows), size)
        ]

    def _family(self, name: str) -> Family:
        return next(family for family in self.recipe.families if family.name == name)

    def _pairs(self, family: Family, random: np.random.Generator) -> Batch:
        return self._batch(family, _alike(self.tasks.pairs[family.name], self.recipe.tokens, random), random)

    def _batch(self, family: Family, pairs: Sequence[Pair], random: np.random.Generator | None) -> Batch:
        asked = [_varied(pair, family, random) for pair in pairs]
        targets = self.encoder.tokenise([normalise(target) for target, _ in asked])
        texts = [_thinned(pair.text, self.recipe.thinned, random) for pair in pairs]
        framed = [self.encoder.framed(text, target[:TARGET]) for text, target in zip(texts, targets, strict=True)]
        truth = np.array([family.labels.index(label) for _, label in asked])
        return Batch(family.name, pad(framed), truth, np.array([pair.weight for pair in pairs], np.float32))

    def _singles(self, name: str, singles: Sequence[Single], random: np.random.Generator) -> Batch:
        chosen = _alike(singles, self.recipe.tokens, random)
        framed = [self.encoder.framed(single.text) for single in chosen]
        truth = np.array([single.topics for single in chosen if single.topics is not None], np.float32)
        return Batch(name, pad(framed), truth, np.ones(len(chosen), np.float32))


def _varied(pair: Pair, family: Family, random: np.random.Generator | None) -> tuple[str, str]:
    if random is None:
        return pair.target, pair.label
    return vary(pair.target, pair.label, turned=family.turned, kept=family.kept, random=random)


def _thinned(text: TokenIds, share: float, random: np.random.Generator | None) -> TokenIds:
    """Return a long text with a sixteenth to a fifth of it left out at random, so that none is learnt by heart."""
    if random is None or len(text) < LONG or random.random() >= share:
        return text
    n = int(random.integers(len(text) // 16, len(text) // 5))
    start = int(random.integers(0, len(text) - n))
    return [*text[:start], *text[start + n :]]


def _alike(items: Sequence[Item], tokens: int, random: np.random.Generator) -> list[Item]:
    """Return random items of like length that fill ``tokens`` pieces when padded."""
    typical = float(np.mean([_length(items[n]) for n in random.integers(0, len(items), 32)]))
    size = max(2, int(tokens / typical))
    pool = sorted((items[n] for n in random.integers(0, len(items), POOL * size)), key=_length)
    start = int(random.integers(0, len(pool)))
    chosen = list[Item]()
    for item in pool[start:] + pool[:start][::-1]:
        if chosen and max(_length(item), _length(chosen[0]), _length(chosen[-1])) * (len(chosen) + 1) > tokens:
            break
        chosen.append(item)
    return chosen


def _length(item: Pair | Single) -> int:
    """Return about how many pieces an item takes, with a target and the marks around it."""
    return len(item.text) + 12
