"""The public data sets Slant knows, as ``catalog.toml`` beside this file lists and explains them.

Nothing is downloaded: the folder with the files is the caller's.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slant.types import Json

_CONTENT: Json = tomllib.loads(Path(__file__).with_name("catalog.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class DataSet:
    """A file of labelled rows; fields as ``catalog.toml`` explains them."""

    name: str
    file: str
    origin: str
    paper: str
    licence: str
    sha256: str
    weight: float = 1.0
    limit: int | None = None
    label_map: str | None = None
    held_out: bool = True
    typical: bool = False
    wordings: str | None = None
    labels: Mapping[str, float] = field(default_factory=dict)


TOPIC_SETS: tuple[DataSet, ...] = tuple(DataSet(**row) for row in _CONTENT["topics"])
SOURCE_SETS: tuple[DataSet, ...] = tuple(DataSet(**row) for row in _CONTENT["sources"])
STANCE_SETS: tuple[DataSet, ...] = tuple(DataSet(**row) for row in _CONTENT["stances"])
ARTICLE_SETS: tuple[DataSet, ...] = tuple(DataSet(**row) for row in _CONTENT["articles"])
PAIR_SETS: tuple[DataSet, ...] = tuple(DataSet(**row) for row in _CONTENT["pairs"])
SUBTOPICS = DataSet(**_CONTENT["subtopics"])
ATTRIBUTION = DataSet(**_CONTENT["attribution"])
WITHHELD_FILES: tuple[str, ...] = tuple(_CONTENT["withheld"])


def file_sha256(path: Path) -> str:
    """Return the sha256 of a data file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
