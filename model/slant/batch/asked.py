"""What a run is asked for: what to say of every row, which columns hold it, and how the answers are written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from slant.article import AUTO, Topics
from slant.errors import DataError
from slant.types import Json

Format = Literal["parquet", "jsonl", "csv"]
GUESSES = {
    "id": ("id", "custom_id", "article_id", "doc_id", "uuid", "guid", "url"),
    "text": ("text", "body", "content", "article", "article_text", "full_text", "maintext"),
    "html": ("html", "raw_html"),
    "title": ("title", "headline"),
}
"""Names under which each part of an article is looked for, the likeliest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The names of the columns that are read; ``None``: there is none."""

    id: str | None = None
    text: str | None = None
    title: str | None = None
    html: str | None = None
    targets: str | None = None

    def guessed(self, names: Iterable[str]) -> Columns:
        """Return the same, with those that are not given guessed from the names that there are.

        Raises:
            DataError: there is neither a text nor an HTML column among them.
        """
        there = {name.lower(): name for name in names}
        missing = [part for part in GUESSES if getattr(self, part) is None]
        guesses = {part: next((there[name] for name in GUESSES[part] if name in there), None) for part in missing}
        found = replace(self, **guesses)
        if found.text is None and found.html is None:
            listed = ", ".join(there.values()) or "none"
            raise DataError(f"no text column; there are: {listed}; name it with --text-column", field="text_column")
        return found

    @property
    def read(self) -> tuple[str, ...]:
        """Return the names of all of them."""
        return tuple(name for name in asdict(self).values() if name is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to say of every row, and how to write it.

    ``flat``: a row for each article and target, where otherwise all that is said of an article is one row;
    CSV is always flat. ``keep``: what else is in a row goes along, as JSON. ``csv_safe``: in CSV, an apostrophe stands
    before text that a spreadsheet would take for a formula.
    """

    targets: tuple[str, ...] | Literal["auto"] = ()
    topics: Topics = True
    evidence: bool = False
    sources: bool = False
    min_confidence: float | None = None
    format: Format = "parquet"
    flat: bool = False
    keep: bool = False
    csv_safe: bool = True
    device: str = "cpu"
    columns: Columns = field(default_factory=Columns)
    bundle: str = "default"
    sha256: str = ""
    labels: tuple[str, ...] = ()
    """Of the stances that the bundle tells."""

    def to_dict(self) -> Json:
        """Return it as JSON values."""
        found: Json = json.loads(json.dumps(asdict(self)))
        return found


def asked_from(content: Json) -> Asked:
    """Return what ``to_dict`` made JSON values of."""
    lists = {name: tuple(content[name]) for name in ("targets", "labels") if content[name] != AUTO}
    return Asked(**content | lists | {"columns": Columns(**content["columns"])})
