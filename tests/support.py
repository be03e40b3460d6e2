"""What tests import by name: where things are, and the sample articles."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from slant.article import Article

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "samples"
SHARED = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class Sample:
    """A sample article with the labels a reader gave it."""

    name: str
    article: Article
    genre: str
    codes: list[str]
    targets: list[dict[str, str]]

    @property
    def text(self) -> str:
        """Return the article's text."""
        return self.article.text or ""


def read_samples() -> list[Sample]:
    """Return the sample articles, in order."""
    found = []
    for row in json.loads((SAMPLES / "labels.json").read_text(encoding="utf-8")):
        title, text = (SAMPLES / row["file"]).read_text(encoding="utf-8").split("\n", 1)
        article = Article(text=text, title=title, id=row["file"])
        found.append(Sample(row["file"], article, row["genre"], row["codes"], row["targets"]))
    return found
