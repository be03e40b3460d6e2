"""CARD.md: what a bundle was made from, what it may be used for, how good it is, what it is bad at."""

from __future__ import annotations

from collections.abc import Iterable

from slant.inference.manifest import Manifest
from slant.types import Json

_HEAD = """# {name} {version}

A Slant bundle: it says what a news article is about and where it stands toward a target.

- **Encoder**: all-MiniLM-L6-v2 (Apache-2.0), 6 layers, 384 values a vector, int8, not fine-tuned.
- **Heads**: scikit-learn, calibrated on articles that they were not fitted to.
- **Topics**: {topics}.
- **Stances**: {stances}.
- **Language**: English. Anything else is answered with the warning `language-unsupported`.
- **Made with**: {libraries}.

"""
_LIMITS = """## What it is bad at

- A stance is read from the passages nearest to the target. Irony, a stance shown by the choice of facts
  alone, and a stance that only the whole article carries are missed more often than found.
- The tone of an article weighs heavily: opinion is more easily called favor or against than news.
- A target and its opposite ("the ban", "lifting the ban") are told apart poorly.
- Figures below are on English news and comments of the sets named; on other text, measure first.
- Do not act on a single label about a person. Read the evidence that comes with it.
"""


def write_card(manifest: Manifest) -> str:
    """Return the card of a bundle, from its manifest alone."""
    head = _HEAD.format(
        name=manifest.name,
        version=manifest.version,
        topics=", ".join(topic["name"] for topic in manifest.topics) or "none; this bundle has no topic head",
        stances=", ".join(manifest.stances) or "none; this bundle has no stance head",
        libraries=", ".join(f"{name} {version}" for name, version in manifest.libraries.items()),
    )
    data = [(record["task"], record) for record in manifest.training]
    parts = [
        head,
        _data(data),
        *(_figures(task, manifest.figures[task]) for task in manifest.figures),
        _LIMITS,
    ]
    return "\n".join(part for part in parts if part)


def _data(records: Iterable[tuple[str, Json]]) -> str:
    rows = [
        f"| {task} | {r['set']} | {r['rows']} | {r['weight']:g} | {r['origin']} | {r['paper']} | {r['licence']} "
        f"| `{r['sha256']}` |"
        for task, r in records
    ]
    head = "| head | set | rows | weight | origin | paper | licence as stated there | sha256 of the file |"
    return "\n".join(["## Data", "", head, "|" + " --- |" * 8, *rows, ""])


def _figures(task: str, figures: Json) -> str:
    columns = list(dict.fromkeys(name for row in figures.values() for name in row))
    rows = [
        f"| {name} | " + " | ".join(_cell(row.get(column)) for column in columns) + " |"
        for name, row in figures.items()
    ]
    title = f"## Figures: {task}\n\nOn the articles of each set that were held out (20%, by a hash of the text)."
    return "\n".join([title, "", f"| set | {' | '.join(columns)} |", "|" + " --- |" * (len(columns) + 1), *rows, ""])


def _cell(value: float | int | None) -> str:
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:.3f}"
