"""Rows to score: of real articles, but no sentence twice, for a sentence that comes again costs nothing."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from support import read_samples


def long_rows(n: int) -> Iterator[dict[str, str]]:
    """Yield articles of 40 to 1,500 words."""
    chance, samples = random.Random(0), read_samples()
    for row in range(n):
        one, other = chance.sample(samples, 2)
        words = f"{one.text}\n\n{other.text}".split(" ")[: round(40 * (1_500 / 40) ** chance.random())]
        yield {"id": str(row), "title": f"{one.article.title} {row}", "text": told_apart(" ".join(words), chance)}


def short_rows(n: int) -> Iterator[dict[str, str]]:
    """Yield short texts, of a sentence each."""
    chance = random.Random(1)
    sentences = [part for one in read_samples() for part in one.text.split(". ") if 30 < len(part) < 200]
    for row in range(n):
        yield {"id": str(row), "text": f"{chance.choice(sentences)} {chance.randrange(10**6)}."}


def told_apart(text: str, chance: random.Random) -> str:
    """Return a text with a number in every sentence."""
    return ". ".join(f"{part} {chance.randrange(10**6)}" for part in text.split(". "))


def write(path: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write rows as JSON Lines."""
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
