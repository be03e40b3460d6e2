"""Batches of articles with all their questions, and of pairs of one family, as the arrays that the network reads.

Everything is drawn from the seed and the number of the step, so that a training that was cut goes on with the batches
that it would have had.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from slant.features.blocks import Blocks, Marks, lay_out
from slant.training.reader.articles import UNSURE, LabelledArticle, Pair, Question
from slant.training.reader.network import Inputs
from slant.training.reader.recipe import Recipe

WINDOWS, SOURCES, SILENT = 5, 6, 1
"""Of an article's questions of these kinds, so many are asked in a step; those about targets are all asked."""
FIRST = 3
"""Sentences at the beginning that a step always reads, where there is room."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What the network reads, and the questions of each article in its order; ``width`` is the length of a block."""

    inputs: Inputs
    articles: list[Blocks]
    questions: list[list[Question]]
    width: int


def choose(article: LabelledArticle, room: int, draw: random.Random) -> list[int]:
    """Return the sentences that a step reads, in order: the first, those that answer a question, and others."""
    n = len(article.sentences)
    marked = {one for question in article.questions for one in question.marked[:3]}
    spoken = {one for question in article.questions if question.family == "source" for one in question.reads or ()}
    promising = sorted(marked | spoken, key=lambda _: draw.random())
    chosen = set[int]()
    for number in [*range(min(FIRST, n)), *promising, n - 1, *draw.sample(range(n), n)]:
        length = len(article.sentences[number])
        if number not in chosen and length <= room:
            chosen.add(number)
            room -= length
    return sorted(chosen)


def pack(articles: list[Blocks], questions: list[list[Question]], marks: Marks) -> Batch:
    """Return laid-out articles and their questions as arrays; a question may be asked of some sentences alone."""
    count = max(len(article.pieces) for article in articles)
    width = max(len(block) for article in articles for block in article.pieces)
    length = max(sum(len(one.pieces) + 2 for one in asked) for asked in questions)
    asked_most = max(map(len, questions))
    n = len(articles)
    blocks = np.full((n, count, width), marks.padding)
    there = np.zeros((n, count, width), dtype=bool)
    ids, positions = np.full((n, length), marks.padding), np.ones((n, length), dtype=np.int64)
    owners = np.full((n, length), -1)
    readable = np.zeros((n, asked_most, count, width), dtype=bool)
    for row, (article, asked) in enumerate(zip(articles, questions, strict=True)):
        for number, block in enumerate(article.pieces):
            blocks[row, number, : len(block)] = block
            there[row, number, : len(block)] = True
        place = 0
        for number, question in enumerate(asked):
            framed = [marks.start, *question.pieces, marks.stop]
            mine = slice(place, place + len(framed))
            ids[row, mine], positions[row, mine], owners[row, mine] = framed, np.arange(len(framed)), number
            place += len(framed)
            readable[row, number] = _readable(article, question, there[row])
    there[:, :, 0] = True  # attention over nothing has no value
    inputs = Inputs(
        blocks=torch.from_numpy(blocks.reshape(-1, width)),
        block_mask=torch.from_numpy(there.reshape(-1, width)),
        questions=torch.from_numpy(ids),
        positions=torch.from_numpy(positions),
        owners=torch.from_numpy(owners),
        readable=torch.from_numpy(readable.reshape(n, asked_most, count * width)),
    )
    return Batch(inputs, articles, questions, width)


def _readable(article: Blocks, question: Question, there: np.ndarray) -> np.ndarray:
    if question.reads is None:
        return there
    found = np.zeros_like(there)
    for number in question.reads:
        if number in article.places:
            block, start, stop = article.places[number]
            found[block, start:stop] = True
    return found


@dataclass(frozen=True, slots=True)
class Batches:
    """Draws batches of ``articles`` and of ``pairs``, by family."""

    recipe: Recipe
    articles: Sequence[LabelledArticle]
    pairs: Mapping[str, Sequence[Pair]]
    marks: Marks

    def draw_articles(self, step: int) -> Batch:
        """Return the articles of a step; each stands once in an epoch."""
        recipe, size = self.recipe, self.recipe.articles
        epoch, place = divmod(step, max(1, len(self.articles) // size))
        order = list(range(len(self.articles)))
        random.Random(f"{recipe.seed} epoch {epoch}").shuffle(order)  # noqa: S311 - not a secret
        draw = random.Random(f"{recipe.seed} articles {step}")  # noqa: S311 - not a secret
        articles = [self.articles[number] for number in order[place * size : (place + 1) * size]]
        read, questions = list[Blocks](), list[list[Question]]()
        for article in articles:
            chosen = choose(article, recipe.room, draw)
            read.append(lay_out(article.title, article.sentences, chosen, self.marks, recipe.block))
            questions.append(self._questions(article, set(chosen), draw))
        return pack(read, questions, self.marks)

    def draw_pairs(self, step: int) -> Batch:
        """Return the pairs of a step, of one family and of like length."""
        draw = random.Random(f"{self.recipe.seed} pairs {step}")  # noqa: S311 - not a secret
        weights = {
            name: self.recipe.family(name).weight * len(rows) ** 0.5 for name, rows in self.pairs.items() if rows
        }
        name = draw.choices(list(weights), list(weights.values()))[0]
        return pair_batch(_alike(self.pairs[name], self.recipe.pair_tokens, draw), self.marks)

    def _questions(self, article: LabelledArticle, chosen: set[int], draw: random.Random) -> list[Question]:
        """Return what a step asks of an article, a target of another article among it."""
        by_family = {
            family: [one for one in article.questions if one.family == family and _is_read(one, chosen)]
            for family in ("article", "window", "source")
        }
        silent = [one for one in article.silent if _is_read(one, chosen)]
        other = draw.choice([one for one in draw.choice(self.articles).questions if one.family == "article"])
        return [
            *by_family["article"],
            *_sample(by_family["window"], WINDOWS, draw),
            *_sample(by_family["source"], SOURCES, draw),
            *_sample(silent, SILENT, draw),
            replace(other, label="unrelated", weight=UNSURE, group=None, marked=()),
        ]


def pair_batch(pairs: Sequence[Pair], marks: Marks) -> Batch:
    """Return pairs as articles of one block and one question."""
    read = [Blocks([[marks.start, *pair.text, marks.stop]], {}) for pair in pairs]
    return pack(read, [[pair.question] for pair in pairs], marks)


def _is_read(question: Question, chosen: set[int]) -> bool:
    return question.reads is None or bool(chosen.intersection(question.reads))


def _sample(questions: list[Question], most: int, draw: random.Random) -> list[Question]:
    return draw.sample(questions, min(most, len(questions)))


def _alike(pairs: Sequence[Pair], tokens: int, draw: random.Random) -> list[Pair]:
    """Return random pairs of like length that fill ``tokens`` pieces when padded."""
    typical = _length(draw.choice(pairs))
    size = max(2, tokens // typical)
    pool = sorted((draw.choice(pairs) for _ in range(4 * size)), key=_length)
    start = draw.randrange(len(pool))
    chosen, longest = list[Pair](), 0
    for pair in pool[start:] + pool[:start][::-1]:
        longest = max(longest, _length(pair))
        if chosen and longest * (len(chosen) + 1) > tokens:
            break
        chosen.append(pair)
    return chosen


def _length(pair: Pair) -> int:
    """Return about how many pieces a pair takes, with its question and the marks around both."""
    return len(pair.text) + 12
