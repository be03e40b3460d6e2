"""Labelled examples from files, one row at a time: JSON Lines, CSV or Parquet, all that batch scoring reads.

Stance rows   ``text, target, label``, or ``text, targets: [{target, stance, evidence?, sure?}]``
Topic rows    ``text, label``, or ``text, labels: [...]``, or ``text, codes: [...]`` (names, main one first)
Source rows   ``text, sources: [{name, target, stance, quotes}]``, or ``text, holder, target, label``
Quotes        ``text, attributions: [{source, cue, content: [{spans: [[start, end], ...]}]}]``
All kinds     ``id``, ``title``, and any further fields, which evaluation can slice by
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from slant.data.label_map import LabelMap, map_labels
from slant.data.parts import label_of, label_text, no_label, objects_of, span_of, string_of, text_of, wordings_of
from slant.data.reading import Reading
from slant.data.split import Part, part_of
from slant.errors import DataError
from slant.labels import STANCES
from slant.records.whole import file_rows
from slant.sources.attribution import ROLES, Attribution
from slant.text.spans import Span
from slant.types import Json

T = TypeVar("T")
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


def rows(path: Path, reading: Reading | None = None) -> Iterator[tuple[int, Json]]:
    """Yield (line number, row) for every row of a file, in any form that ``file_rows`` reads.

    Parameters
    ----------
    path
        The file.
    reading
        How it is read, and where bad rows are counted. Without it the first bad row is an error.

    Raises
    ------
    DataError
        The file cannot be read, a row cannot, or more of them than may be left out.
    """
    for where, row in _numbered(path, reading):
        yield int(where.rpartition(":")[2]), row


def stance_examples(
    paths: Iterable[Path], reading: Reading | None = None, *, without_sources: bool = False
) -> Iterator[StanceExample]:
    """Yield every (article, target) pair of the files; ``without_sources``, not of rows that only list sources.

    Raises
    ------
    DataError
        A row lacks ``text``, or has neither ``target`` and ``label`` nor ``targets``.
    """

    def read(where: str, row: Json) -> Iterator[StanceExample]:
        named = row.get("target") != NOT_NAMED
        listed = without_sources and "sources" in row and "targets" not in row
        return _stances(where, row) if named and not listed else iter(())

    return _examples(paths, reading, read)


def source_examples(paths: Iterable[Path], reading: Reading | None = None) -> Iterator[StanceExample]:
    """Yield where every listed source stands: its ``name`` is among the fields, its quotes are the evidence.

    A row of one sentence names a ``holder`` instead, and says what it says as a whole; evidence is then ``None``.

    Raises
    ------
    DataError
        A row lacks ``text``, or a source its ``target`` or ``stance``.
    """
    return _examples(paths, reading, _sources)


def check_stances(examples: Iterable[StanceExample]) -> None:
    """Check that every label is one of Slant's stances, as those of sources have to be.

    Raises:
        DataError: one is not.
    """
    for one in examples:
        if one.label not in STANCES:
            raise DataError(f"{one.id}: label {one.label!r}: wanted {', '.join(STANCES)}", field="label")


def quote_examples(paths: Iterable[Path], reading: Reading | None = None) -> Iterator[QuoteExample]:
    """Yield every article of the files with its attributions.

    Raises
    ------
    DataError
        A row lacks ``text``, or an attribution is not of lists of spans.
    """

    def read(where: str, row: Json) -> Iterator[QuoteExample]:
        try:
            marked = tuple(_attribution(one) for one in row["attributions"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{where}: attributions are not lists of spans: {error!r}", field="data") from error
        yield QuoteExample(str(row.get("id", where)), text_of(where, row), marked, short_fields(row))

    return _examples(paths, reading, read)


def topic_examples(
    paths: Iterable[Path], label_map: LabelMap | None = None, reading: Reading | None = None
) -> Iterator[TopicExample]:
    """Yield every labelled article of the files; with ``label_map``, rows that map to no topic are left out.

    Raises
    ------
    DataError
        A row lacks ``text`` (or ``title``) or a label, or the map does not know its label.
    """

    def read(where: str, row: Json) -> Iterator[TopicExample]:
        example = _topic(where, row, label_map)
        return iter((example,) if example.labels else ())

    return _examples(paths, reading, read)


def _examples(paths: Iterable[Path], reading: Reading | None, read: Callable[[str, Json], Iterator[T]]) -> Iterator[T]:
    """Yield the examples of all rows. With a reading, a row in which anything is wrong is left out and counted."""
    for path in paths:
        for where, row in _numbered(path, reading):
            try:
                found = list(read(where, row))
            except DataError as error:
                if reading is None:
                    raise
                reading.leave_out(error)
            else:
                yield from found
        if reading is not None:
            reading.check(path)


def _numbered(path: Path, reading: Reading | None) -> Iterator[tuple[str, Json]]:
    """Yield where a row stands, and the row."""
    given, say = (reading.given, reading.say) if reading else (None, None)
    for row in file_rows(path, given, say):
        where = f"{path.name}:{row.number}"
        if reading is not None:
            reading.rows += 1
        if row.fault is None:
            yield where, row.fields
        elif reading is None:
            raise DataError(f"{where}: {row.fault}", field="data")
        else:
            reading.leave_out(DataError(f"{where}: {row.fault}", field="data"))


def by_article(examples: Iterable[StanceExample]) -> Iterator[list[StanceExample]]:
    """Yield runs of neighbouring examples that share title and text: encoded once, asked many times."""
    for _, group in itertools.groupby(examples, key=lambda example: (example.title, example.text)):
        yield list(group)


def short_fields(row: Json) -> Json:
    """Return what a row can be sliced by: its short single values."""
    short = {key: value for key, value in row.items() if isinstance(value, (str, int, float, bool))}
    return {key: value for key, value in short.items() if key != "text" and len(str(value)) <= 80}


def _stances(where: str, row: Json) -> Iterator[StanceExample]:
    listed, alone = row.get("targets"), row.get("targets") is None
    names: tuple[str, ...] = ("stance", "label")
    if alone:
        listed = [{"target": row.get("target_natural") or row.get("target"), "stance": row.get("label")}]
        names = ("label",)
    text, fields = text_of(where, row), short_fields(row)
    for number, entry in enumerate(objects_of(where, "targets", listed)):
        own = row if alone else entry
        target, label = string_of(where, entry, "target", own=own), label_of(where, own, names)
        spans = entry.get("evidence")
        evidence = None if spans is None else tuple(span_of(where, text, span) for span in spans)
        name = f"{row.get('id', where)}#{number}" if "targets" in row else str(row.get("id", where))
        same, turned = wordings_of(where, entry, "same"), wordings_of(where, entry, "turned")
        yield StanceExample(
            name, row.get("title"), text, target, label, evidence, short_fields(entry) | fields, same, turned
        )


def _sources(where: str, row: Json) -> Iterator[StanceExample]:
    if "sources" not in row and "holder" in row:
        if NOT_NAMED not in (row.get("target"), row["holder"]):
            name = AUTHOR if row["holder"] in (None, "None") else row["holder"]
            yield from _stances(where, row | {"name": name})
        return
    sources = objects_of(where, "sources", row.get("sources", []))
    yield from _stances(where, row | {"targets": [one | {"evidence": one.get("quotes", [])} for one in sources]})


def _topic(where: str, row: Json, label_map: LabelMap | None) -> TopicExample:
    complete = "codes" in row or bool(row.get("labels"))
    names = row.get("codes") or row.get("labels") or _one_label(where, row)
    if isinstance(names, str):
        names = names.split("|")
    names = [name for one in (names if isinstance(names, list) else [names]) if (name := label_text(one))]
    if not names and (complete or row.get("labels") != []):
        raise no_label(where, row, ("label", "labels"))
    if label_map is not None and "codes" not in row:
        names = map_labels(where, names, label_map)
    return TopicExample(
        str(row.get("id", where)),
        row.get("title") or None,
        str(row.get("text") or "") or string_of(where, row, "title"),
        tuple(dict.fromkeys(names)),
        complete,
        short_fields(row),
    )


def _one_label(where: str, row: Json) -> list[str]:
    """Return the row's only label; none where it says by an empty ``labels`` that it has none."""
    return [] if row.get("labels") == [] and not row.get("label") else [label_of(where, row, ("label",))]


def _attribution(row: Json) -> Attribution:
    parts = {
        role: tuple(sorted(Span(*span) for part in row.get(role) or () for span in part["spans"])) for role in ROLES
    }
    return Attribution(**parts)
