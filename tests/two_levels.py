"""Articles with topics on two levels, made up, and a bundle whose topic head is fitted to them."""

from __future__ import annotations

import json
from pathlib import Path

from slant.inference.classifier import Classifier, load
from slant.training.build import train_topic
from slant.types import Progress

SPORT, CRIME = "sport", "crime, law and justice"
WRITTEN: dict[tuple[str, str], tuple[str, ...]] = {
    (SPORT, "competition discipline"): (
        "Rovers beat United {} nil after a goal from the striker in the second half.",
        "The bowler took {} wickets and the batsmen were out before tea.",
    ),
    (SPORT, "drug use in sport"): (
        "The sprinter tested positive for a banned steroid and is out for {} years.",
        "The doping agency found {} samples with a forbidden hormone, and the cyclist lost his title.",
    ),
    (CRIME, "judiciary"): (
        "The judge told the jury to return after {} days, and the appeal court will hear the case.",
        "The supreme court ruled by {} votes that the trial must be held again.",
    ),
    (CRIME, "law enforcement"): (
        "Police officers arrested {} men, and the sheriff sent detectives to the house.",
        "The chief constable has {} patrols fewer, and his officers search the cars by night.",
    ),
}
DOPED = "The doping agency found a banned steroid in the samples of the sprinter, who tested positive."
EACH = 60


def quiet(step: str, total: int | None) -> Progress:
    return lambda done: None


def write_rows(path: Path, each: int = EACH) -> Path:
    """Write rows with topics of both levels."""
    rows = [
        {"id": f"{lower}-{n}", "text": sentences[n % 2].format(n), "labels": [upper], "names2": [lower]}
        for n in range(each)
        for (upper, lower), sentences in WRITTEN.items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def make_bundle(folder: Path) -> Path:
    """Write a bundle with the embedded one's models and a topic head of two levels; return its folder."""
    train_topic([write_rows(folder / "rows.jsonl")], folder / "two", name="two", base="default", watch=quiet)
    return folder / "two"


def load_two(folder: Path) -> Classifier:
    """Return the classifier of such a bundle."""
    return load(make_bundle(folder))
