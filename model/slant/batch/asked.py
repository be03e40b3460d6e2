"""What a run is asked for: what to say of every row, which columns hold it, and how the answers are written."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from slant.article import AUTO, Topics
from slant.errors import DataError
from slant.records.layout import Given
from slant.types import Json

NEAR = 0.66
"""How like a name must be to one that was meant."""
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

    def guessed(self, names: Iterable[str], twice: Collection[str] = ()) -> Columns:
        """Return the same, with those that are not given guessed from the names that there are.

        Parameters
        ----------
        names
            The names of a file's columns.
        twice
            Those of them that more than one column has: which is meant, nobody can tell.

        Raises
        ------
        DataError
            There is neither a text nor an HTML column among them, or it is there twice.
        """
        there = {name.lower(): name for name in names}
        once = {low: name for low, name in there.items() if name not in twice}
        missing = [part for part in GUESSES if getattr(self, part) is None]
        found = replace(self, **{part: _likeliest(part, once) for part in missing})
        if found.text is None and found.html is None:
            doubtful = _likeliest("text", there) or _likeliest("html", there)
            if doubtful:
                raise DataError(f"two columns of one name: {doubtful!r}, {doubtful!r}", field="text_column")
            listed = ", ".join(there.values()) or "none"
            raise DataError(f"no text column; there are: {listed}; name it with --text-column", field="text_column")
        return found

    def among(self, names: Collection[str], twice: Collection[str] = (), *, always: bool) -> Columns:
        """Return the same, without those that a file has not where its rows need not have them all.

        Parameters
        ----------
        names
            The names of a file's columns.
        twice
            Those of them that more than one column has.
        always
            Whether a file of this form says which columns there are.

        Raises
        ------
        DataError
            A column that is named is not there, or twice.
        """
        named = {part: name for part, name in asdict(self).items() if name is not None}
        for name in named.values():
            if name in twice:
                raise DataError(f"two columns of one name: {name!r}, {name!r}")
        gone = {part: name for part, name in named.items() if name not in names}
        if gone and (always or {"text", "html"} & gone.keys() == {"text", "html"} & named.keys() != set()):
            raise DataError(no_such_column(next(iter(gone.values())), names))
        return replace(self, **dict.fromkeys(gone))

    def without(self, given: Columns, there: Columns) -> Columns:
        """Return the same without what was given and is not there: for that, nothing is guessed in its place."""
        parts = asdict(given)
        return replace(self, **{part: None for part in parts if parts[part] and getattr(there, part) is None})

    def have_text(self, names: Iterable[str]) -> bool:
        """Tell whether there is a text or an HTML column among names."""
        there = {name.lower(): name for name in names}
        own = {self.text, self.html} & set(there.values())
        return bool(own or _likeliest("text", there) or _likeliest("html", there))

    @property
    def read(self) -> tuple[str, ...]:
        """Return the names of all of them."""
        return tuple(name for name in asdict(self).values() if name is not None)


def no_such_column(name: str, names: Collection[str]) -> str:
    """Return the sentence that says that a column is not there, with names that are near to its own."""
    low = {one.lower(): one for one in names}
    near = [low[one] for one in difflib.get_close_matches(name.lower(), low, n=3, cutoff=NEAR)]
    meant = f"; near it: {', '.join(map(repr, near))}" if near else ""
    return f"no column {name!r}{meant}; there are: {', '.join(names) or 'none'}"


def _likeliest(part: str, there: Mapping[str, str]) -> str | None:
    """Return the name, by what it is in small letters, that is likeliest for a part of an article."""
    return next((there[name] for name in GUESSES[part] if name in there), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to say of every row, and how to write it.

    ``flat``: a row for each article and target, where otherwise all that is said of an article is one row;
    CSV is always flat. ``columns`` and ``given`` are what the caller says of files; the rest is found out for each.
    ``keep``: what else is in a row goes along, as JSON. ``csv_safe``: in CSV, an apostrophe stands
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
    given: Given = field(default_factory=Given)
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
    return Asked(**content | lists | {"columns": Columns(**content["columns"]), "given": Given(**content["given"])})
