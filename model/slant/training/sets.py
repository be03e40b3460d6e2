"""Labelled sets as training sees them: which rows train, calibrate and are held out, and what the card says."""

from __future__ import annotations

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from slant.data.catalog import (
    ATTRIBUTION,
    SOURCE_SETS,
    STANCE_SETS,
    SUBTOPICS,
    TOPIC_SETS,
    WITHHELD_FILES,
    DataSet,
    file_sha256,
)
from slant.data.label_map import read_label_map
from slant.data.readers import (
    QuoteExample,
    StanceExample,
    TopicExample,
    quote_examples,
    rows,
    source_examples,
    stance_examples,
    topic_examples,
)
from slant.data.reading import Reading
from slant.data.split import Part, text_key, text_keys
from slant.data.subtopics import concept_examples, narrower_names, with_narrower
from slant.errors import DataError
from slant.types import Json

Example = TypeVar("Example", TopicExample, StanceExample, QuoteExample)

MAPPING = "topic/iptc_mapping.json"
FNC = "stance/fnc1.train.jsonl.gz"


@dataclass(frozen=True, slots=True)
class TrainingSet(Generic[Example]):
    """One file's examples, and what the card says of it."""

    about: DataSet
    examples: Sequence[Example]
    encoded: bool = False
    """Whether the encoder was trained on its training part, of which it is too sure for a head to learn from."""

    def parts(self) -> list[Part]:
        """Return what each example is for; a set that holds nothing out trains on that part too."""
        instead = Part.HELD_OUT if self.about.held_out else Part.TRAIN
        return [instead if example.part is Part.HELD_OUT else example.part for example in self.examples]

    def of(self, part: Part) -> list[Example]:
        """Return the examples that are for one thing."""
        return [example for example, its in zip(self.examples, self.parts(), strict=True) if its is part]

    def for_heads(self) -> TrainingSet[Example]:
        """Return the set without what the encoder was trained on, and of each part about as many rows as its limit."""
        parts = [part for part in Part if not (self.encoded and part is Part.TRAIN)]
        return replace(
            self, examples=[example for part in parts for example in _sample(self.of(part), self.about.limit)]
        )

    def record(self, task: str) -> Json:
        """Return what the manifest and the card state about the set."""
        about = self.about
        return {
            "task": task,
            "set": about.name,
            "rows": len(self.examples),
            "weight": about.weight,
            "origin": about.origin,
            "paper": about.paper,
            "licence": about.licence,
            "sha256": about.sha256,
        }


def default_sets(folder: Path) -> tuple[list[TrainingSet[TopicExample]], list[TrainingSet[StanceExample]]]:
    """Read every set of the catalog from ``folder``, without texts that are measured on.

    Raises:
        DataError: a file is missing, or a row of it is not in the documented form.
    """
    withheld = _withheld(folder)
    bodies = _held_out_bodies(folder)
    names = narrower_names([folder / SUBTOPICS.file])
    read = (_read(folder, about, withheld, _topics(folder, about)) for about in TOPIC_SETS)
    topics = [replace(one, examples=with_narrower(one.examples, names)) for one in read]
    stances = [
        _read(folder, about, withheld | (bodies if about.file != FNC else frozenset()), stance_examples)
        for about in STANCE_SETS
    ]
    return topics, stances


def source_sets(folder: Path) -> tuple[list[TrainingSet[StanceExample]], dict[str, list[str]]]:
    """Read the sets of the catalog that name sources; return them, and for texts the targets they say nothing of.

    Raises:
        DataError: a file is missing, or a row of it is not in the documented form.
    """
    withheld = _withheld(folder)
    sets = [_read(folder, about, withheld, source_examples) for about in SOURCE_SETS]
    return sets, silent_targets(folder / about.file for about in SOURCE_SETS)


def subtopics_record(folder: Path) -> Json:
    """Return what the manifest and the card state about the set that names topics of the second level."""
    about = replace(SUBTOPICS, sha256=file_sha256(folder / SUBTOPICS.file))
    names = narrower_names([folder / SUBTOPICS.file])
    return TrainingSet[TopicExample](about, []).record("topic") | {"rows": len(names)}


def attribution_record(folder: Path) -> Json:
    """Return what the manifest and the card state about the set that the attribution model was trained on."""
    examples = list(quote_examples([folder / ATTRIBUTION.file]))
    return TrainingSet(ATTRIBUTION, examples).record("attribution")


def silent_targets(paths: Iterable[Path], reading: Reading | None = None) -> dict[str, list[str]]:
    """Return the targets that texts are marked as saying nothing of, by text."""
    found: dict[str, list[str]] = defaultdict(list)
    for example in stance_examples(paths, reading, without_sources=True):
        if example.label == "unrelated":
            found[example.text].append(example.target)
    return found


def _topics(folder: Path, about: DataSet) -> Callable[[Iterable[Path]], Iterator[TopicExample]]:
    if about.file.endswith(".json"):
        return concept_examples
    label_map = read_label_map(f"{folder / MAPPING}:{about.label_map}") if about.label_map else None
    return lambda paths: topic_examples(paths, label_map)


def _read(
    folder: Path,
    about: DataSet,
    withheld: frozenset[str],
    reader: Callable[[Iterable[Path]], Iterator[Example]],
) -> TrainingSet[Example]:
    path = folder / about.file
    examples = [example for example in reader([path]) if text_key(example.text) not in withheld]
    return TrainingSet(replace(about, sha256=file_sha256(path)), examples, encoded=True)


def _sample(examples: list[Example], limit: int | None) -> list[Example]:
    """Return all rows of some texts, ``limit`` rows or a few more, the same ones each time.

    They are sorted, for rows of one text that stand side by side share the reading of it.
    """
    examples = sorted(examples, key=lambda example: example.text)
    if limit is None or len(examples) <= limit:
        return examples
    sizes = Counter(example.text for example in examples)
    texts = random.Random(0).sample(list(sizes), len(sizes))  # noqa: S311 - not a secret
    ends = itertools.accumulate(sizes[text] for text in texts)
    chosen = {text for text, end in zip(texts, ends, strict=True) if end - sizes[text] < limit}
    return [example for example in examples if example.text in chosen]


def _withheld(folder: Path) -> frozenset[str]:
    """Return the keys of the texts that are measured on and may stand in a training file as well."""
    files = [folder / name for name in WITHHELD_FILES]
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise DataError(f"{missing[0]}: no such file; the folder must hold what slant.data.catalog lists")
    return text_keys(str(row.get("text", "")) for path in files for _, row in rows(path))


def _held_out_bodies(folder: Path) -> frozenset[str]:
    """Return the keys of FNC-1's held-out bodies: other sets hold some of the same articles."""
    bodies = (row for _, row in rows(folder / FNC) if row.get("holdout_body") is True)
    return text_keys({str(row["text"]) for row in bodies})
