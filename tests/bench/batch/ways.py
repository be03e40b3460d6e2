"""Other ways to judge rows, each a process of its own: python ways.py WAY FILE THREADS prints rows a second."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import slant
from slant.features.encoder import MAX_TOKENS, Encoder, Framed
from slant.inference.classifier import Classifier

TARGETS = ["the rent cap"]
Rows = list[dict[str, str]]


def bare(classifier: Classifier, rows: Rows) -> Callable[[], object]:
    """Return the encoder's calls for these rows, with nothing around them."""
    asked = list[list[Framed]]()

    class Recording(Encoder):
        def read(self, inputs: Any) -> Any:
            asked.append(list(inputs))
            return Encoder.read(self, inputs)

    encoder = classifier.bundle.encoder
    parts = {name: getattr(encoder, name) for name in Encoder.__dataclass_fields__}
    recording = Classifier(replace(classifier.bundle, encoder=Recording(**parts)))
    for row in rows:
        recording.classify(article(row), TARGETS)
    return lambda: [encoder.read(inputs) for inputs in asked]


def loop(classifier: Classifier, rows: Rows) -> Callable[[], object]:
    """Return a loop over ``classify``."""
    return lambda: [classifier.classify(article(row), TARGETS) for row in rows]


def pandas(classifier: Classifier, rows: Rows) -> Callable[[], object]:
    """Return a data frame's ``apply``."""
    import pandas as pd

    frame = pd.DataFrame(rows)
    return lambda: frame.apply(lambda row: classifier.classify(article(row), TARGETS), axis=1)


def zero_shot(classifier: Classifier, rows: Rows) -> Callable[[], object]:
    """Return a pass of the truncated article for each label: 17 topics, and four stances toward the target."""
    encoder = classifier.bundle.encoder
    topics = [topic["name"] for topic in classifier.bundle.manifest.topics]
    claims = [f"This text is about {name}." for name in topics]
    claims += [f"This text is {stance} {TARGETS[0]}." for stance in ("for", "against", "neutral on", "not about")]
    told = encoder.tokenise(claims)

    def judge(row: dict[str, str]) -> list[object]:
        [text] = encoder.tokenise([f"{row['title']} {row['text']}"])
        return [encoder.judge(claim, [text[:MAX_TOKENS]]) for claim in told]

    return lambda: [judge(row) for row in rows]


def article(row: dict[str, str]) -> slant.Article:
    """Return a row's article."""
    return slant.Article(title=row["title"], text=row["text"])


def main(way: str, source: Path, threads: int) -> None:
    """Time a way."""
    rows: Rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    work = {"bare": bare, "loop": loop, "pandas": pandas, "zero_shot": zero_shot}[way](
        slant.load(threads=threads), rows
    )
    began = time.perf_counter()
    work()
    print(len(rows) / (time.perf_counter() - began))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
