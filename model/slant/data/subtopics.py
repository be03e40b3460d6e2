"""Topics of the second level in labelled data: in rows of articles, in rows beside them, and in a vocabulary.

Rows          ``names2: [...]``, main one first, with the article, or with the ``id`` of one that stands elsewhere
Vocabulary    ``[{code, name, definition, level, parent, top_name, retired}, ...]``, as IPTC describes its Media Topics
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from slant.data.readers import TopicExample, rows, short_fields
from slant.data.reading import Reading
from slant.errors import DataError
from slant.labels import SUBTOPICS
from slant.types import Json

FIELD = "names2"
_KNOWN = {topic.name: topic for topic in SUBTOPICS}


def narrower_names(paths: Iterable[Path], reading: Reading | None = None) -> dict[str, tuple[str, ...]]:
    """Return the topics of the second level that rows of the files name, by the articles' ids.

    Raises
    ------
    DataError
        A row does not list topics of the second level where it should.
    """
    found = dict[str, tuple[str, ...]]()
    for path in paths:
        for line, row in rows(path, reading and Reading(reading.given)):
            if FIELD in row:
                where = f"{path.name}:{line}"
                found[str(row.get("id", where))] = _names(where, row)
    return found


def with_narrower(examples: Iterable[TopicExample], names: Mapping[str, tuple[str, ...]]) -> list[TopicExample]:
    """Return the examples, each with the topics of the second level that are named for its id."""
    return [replace(one, narrower=names[one.id]) if one.id in names else one for one in examples]


def subtopic_examples(paths: Iterable[Path], reading: Reading | None = None) -> Iterator[TopicExample]:
    """Yield every article of the files whose topics of the second level are known.

    They may stand in its own row, or in a row with its id and without a text, in any of the files.

    Raises
    ------
    DataError
        A row that has them does not list topics of the second level.
    """
    paths = list(paths)
    names = narrower_names(paths, reading)
    for path in paths:
        for line, row in rows(path, reading):
            where, text = f"{path.name}:{line}", row.get("text")
            known = names.get(str(row.get("id", where)))
            if known and isinstance(text, str) and text.strip():
                title = row.get("title") or None
                yield TopicExample(str(row.get("id", where)), title, text, (), True, short_fields(row), known)
        if reading is not None:
            reading.check(path)


def concept_examples(paths: Iterable[Path]) -> Iterator[TopicExample]:
    """Yield every concept of a vocabulary file as an example of the topics above it: name and definition.

    Raises
    ------
    DataError
        A file is missing, or holds no list of concepts.
    """
    for path in paths:
        try:
            concepts = json.loads(path.read_text(encoding="utf-8"))
            known = {one["code"]: one for one in concepts}
            for one in concepts:
                if not one["retired"] and one["definition"]:
                    above, fields = _second(one, known), {"code": one["code"]}
                    names = (above["name"],) if above else None
                    yield TopicExample(
                        one["code"], one["name"], one["definition"], (one["top_name"],), False, fields, names
                    )
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DataError(f"{path}: not a list of concepts: {error!r}", field="data") from error


def _second(concept: Json, known: Mapping[str, Json]) -> Json | None:
    """Return the concept of the second level that a concept is, or lies beneath; none for one of the first."""
    while concept["level"] > 2:
        concept = known[concept["parent"]]
    return concept if concept["level"] == 2 and concept["name"] in _KNOWN else None


def _names(where: str, row: Json) -> tuple[str, ...]:
    names = row.get(FIELD)
    if isinstance(names, str):
        names = [name.strip() for name in names.split("|")]
    if not isinstance(names, list) or not names:
        raise DataError(f"{where}: wanted a list of topics in {FIELD}; the row has {_given(row)}", field=FIELD)
    strange = [name for name in names if not isinstance(name, str) or name not in _KNOWN]
    if strange:
        raise DataError(
            f"{where}: {str(strange[0])[:80]!r} in {FIELD} is no IPTC Media Topic of the second level", field=FIELD
        )
    return tuple(dict.fromkeys(names))


def _given(row: Json) -> str:
    return ", ".join(sorted(row)) or "nothing"
