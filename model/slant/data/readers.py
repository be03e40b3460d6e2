"""Labelled examples from JSON Lines or CSV, plain or gzipped, one row at a time.

Stance rows   ``text, target, label``, or ``text, targets: [{target, stance, evidence?, sure?}]``
Topic rows    ``text, label``, or ``text, labels: [...]``, or ``text, codes: [...]`` (names, main one first)
Source rows   ``text, sources: [{name, target, stance, quotes}]``, or ``text, holder, target, label``
Quotes        ``text, attributions: [{source, cue, content: [{spans: [[start, end], ...]}]}]``
All kinds     ``id``, ``title``, and any further fields, which evaluation can slice by
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from slant.data.label_map import LabelMap, map_labels
from slant.data.split import Part, part_of
from slant.errors import DataError
from slant.labels import STANCES
from slant.sources.attribution import ROLES, Attribution
from slant.text.spans import Span
from slant.types import Json

NOT_NAMED = "Not in the list"
"""SEESAW's mark for an entity that it could not name."""
AUTHOR = "the author"


@dataclass(frozen=True, slots=True)
class StanceExample:
    """One (article, target) pair with its label; ``evidence`` is ``None`` where the row marks no spans.

    ``same`` are other wordings of the target, ``turned`` wordings of its opposite, if the row has some.
    """

    id: str
    title: str | None
    text: str
    target: str
    label: str
    evidence: tuple[Span, ...] | None
    fields: Json
    same: tuple[str, ...] = ()
    turned: tuple[str, ...] = ()

    @property
    def part(self) -> Part:
        """Return what the article is for; FNC-1 marks the bodies that its authors held out."""
        return Part.HELD_OUT if self.fields.get("holdout_body") is True else part_of(self.text)


@dataclass(frozen=True, slots=True)
class TopicExample:
    """One article with its topics, main one first. ``complete``: further topics were looked for too.

    ``narrower`` are its topics of the second level, main one first; ``None`` where nobody has looked for them.
    """

    id: str
    title: str | None
    text: str
    labels: tuple[str, ...]
    complete: bool
    fields: Json
    narrower: tuple[str, ...] | None = None

    @property
    def part(self) -> Part:
        """Return what the article is for."""
        return part_of(self.text)


@dataclass(frozen=True, slots=True)
class QuoteExample:
    """One article with who says what in it, as one reader marked it."""

    id: str
    text: str
    attributions: tuple[Attribution, ...]
    fields: Json

    @property
    def part(self) -> Part:
        """Return what the article is for."""
        return part_of(self.text)


def rows(path: Path) -> Iterator[tuple[int, Json]]:
    """Yield (line number, row) for every row of a ``.jsonl`` or ``.csv`` file, gzipped or not.

    Raises:
        DataError: the file is missing, is of another kind, or a line is not a row.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file", field="data")
    kind = path.name.removesuffix(".gz").rsplit(".", 1)[-1].lower()
    if kind not in ("jsonl", "ndjson", "csv"):
        raise DataError(f"{path}: a data file is .jsonl or .csv (or .gz of these), not .{kind}", field="data")
    try:
        with _open(path) as file:
            yield from _csv_rows(path, file) if kind == "csv" else _json_rows(path, file)
    except (UnicodeDecodeError, OSError, EOFError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as UTF-8 text: {error}", field="data") from error


def stance_examples(paths: Iterable[Path], *, beside_sources: bool = False) -> Iterator[StanceExample]:
    """Yield every (article, target) pair of the files.

    Where they stand ``beside_sources``, a row that lists its sources need list no targets.

    Raises:
        DataError: a row lacks ``text``, or has neither ``target`` and ``label`` nor ``targets``.
    """
    for path in paths:
        for line, row in rows(path):
            listed = not (beside_sources and "sources" in row) or "targets" in row
            if listed and row.get("target") != NOT_NAMED:
                yield from _stances(f"{path.name}:{line}", row)


def source_examples(paths: Iterable[Path]) -> Iterator[StanceExample]:
    """Yield where every listed source stands: its ``name`` is among the fields, its quotes are the evidence.

    A row of one sentence names a ``holder`` instead, and says what it says as a whole; evidence is then ``None``.

    Raises:
        DataError: a row lacks ``text``, or a source its ``target`` or ``stance``.
    """
    for path in paths:
        for line, row in rows(path):
            if "sources" not in row and "holder" in row:
                if NOT_NAMED not in (row.get("target"), row["holder"]):
                    name = AUTHOR if row["holder"] in (None, "None") else row["holder"]
                    yield from _stances(f"{path.name}:{line}", row | {"name": name})
                continue
            sources = [source | {"evidence": source.get("quotes", [])} for source in row.get("sources", [])]
            yield from _stances(f"{path.name}:{line}", row | {"targets": sources})


def check_stances(examples: Iterable[StanceExample]) -> None:
    """Check that every label is one of Slant's stances, as those of sources have to be.

    Raises:
        DataError: one is not.
    """
    for one in examples:
        if one.label not in STANCES:
            raise DataError(f"{one.id}: label {one.label!r}: wanted {', '.join(STANCES)}", field="label")


def quote_examples(paths: Iterable[Path]) -> Iterator[QuoteExample]:
    """Yield every article of the files with its attributions.

    Raises:
        DataError: a row lacks ``text``, or an attribution is not of lists of spans.
    """
    for path in paths:
        for line, row in rows(path):
            where = f"{path.name}:{line}"
            try:
                marked = tuple(_attribution(one) for one in row["attributions"])
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(f"{where}: attributions are not lists of spans: {error!r}", field="data") from error
            yield QuoteExample(str(row.get("id", where)), _text(where, row), marked, short_fields(row))


def topic_examples(paths: Iterable[Path], label_map: LabelMap | None = None) -> Iterator[TopicExample]:
    """Yield every labelled article of the files; with ``label_map``, rows that map to no topic are left out.

    Raises:
        DataError: a row lacks ``text`` (or ``title``) or a label, or the map does not know its label.
    """
    for path in paths:
        for line, row in rows(path):
            example = _topic(f"{path.name}:{line}", row, label_map)
            if example.labels:
                yield example


def by_article(examples: Iterable[StanceExample]) -> Iterator[list[StanceExample]]:
    """Yield runs of neighbouring examples that share title and text: encoded once, asked many times."""
    for _, group in itertools.groupby(examples, key=lambda example: (example.title, example.text)):
        yield list(group)


def short_fields(row: Json) -> Json:
    """Return what a row can be sliced by: its short single values."""
    short = {key: value for key, value in row.items() if isinstance(value, (str, int, float, bool))}
    return {key: value for key, value in short.items() if key != "text" and len(str(value)) <= 80}


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path, "rb"), encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _json_rows(path: Path, file: IO[str]) -> Iterator[tuple[int, Json]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}:{number}: not JSON: {error}", field="data") from error
        if not isinstance(row, dict):
            raise DataError(f"{path}:{number}: a row is an object, not {type(row).__name__}", field="data")
        yield number, row


def _csv_rows(path: Path, file: IO[str]) -> Iterator[tuple[int, Json]]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    reader = csv.DictReader(file, restkey="_rest", strict=True)
    for row in reader:
        if "_rest" in row:
            raise DataError(f"{path}:{reader.line_num}: more cells than the header has columns", field="data")
        yield reader.line_num, {key: value for key, value in row.items() if value not in (None, "")}


def _stances(where: str, row: Json) -> Iterator[StanceExample]:
    targets = row.get("targets")
    if targets is None:
        targets = [{"target": row.get("target_natural") or row.get("target"), "stance": row.get("label")}]
    text, fields = _text(where, row), short_fields(row)
    for number, entry in enumerate(targets):
        target = _string(where, entry, "target")
        label = _string(where, entry, "stance", "label")
        spans = entry.get("evidence")
        evidence = None if spans is None else tuple(Span(span["start"], span["end"]) for span in spans)
        name = f"{row.get('id', where)}#{number}" if "targets" in row else str(row.get("id", where))
        same, turned = _wordings(where, entry, "same"), _wordings(where, entry, "turned")
        yield StanceExample(
            name, row.get("title"), text, target, label, evidence, short_fields(entry) | fields, same, turned
        )


def _topic(where: str, row: Json, label_map: LabelMap | None) -> TopicExample:
    complete = "codes" in row or bool(row.get("labels"))
    names = row.get("codes") or row.get("labels") or _one_label(where, row)
    if isinstance(names, str):
        names = [name.strip() for name in names.split("|")]
    if label_map is not None and "codes" not in row:
        names = map_labels(where, names, label_map)
    return TopicExample(
        str(row.get("id", where)),
        row.get("title") or None,
        str(row.get("text") or "") or _string(where, row, "title"),
        tuple(dict.fromkeys(names)),
        complete,
        short_fields(row),
    )


def _one_label(where: str, row: Json) -> list[str]:
    """Return the row's only label; none where it says by an empty ``labels`` that it has none."""
    return [] if row.get("labels") == [] and not row.get("label") else [_string(where, row, "label")]


def _attribution(row: Json) -> Attribution:
    parts = {
        role: tuple(sorted(Span(*span) for part in row.get(role) or () for span in part["spans"])) for role in ROLES
    }
    return Attribution(**parts)


def _text(where: str, row: Json) -> str:
    return _string(where, row, "text")


def _string(where: str, row: Json, *names: str) -> str:
    for name in names:
        if isinstance(row.get(name), str) and row[name].strip():
            return str(row[name])
    got = ", ".join(sorted(row)) or "nothing"
    raise DataError(f"{where}: wanted a non-empty string in {' or '.join(names)}; the row has {got}", field=names[0])


def _wordings(where: str, entry: Json, name: str) -> tuple[str, ...]:
    """Return a list of wordings, empty if the entry has none."""
    wordings = entry.get(name) or []
    if not isinstance(wordings, list) or not all(isinstance(one, str) and one.strip() for one in wordings):
        raise DataError(f"{where}: wanted a list of non-empty strings in {name}; got {wordings!r}"[:300], field=name)
    return tuple(wordings)
