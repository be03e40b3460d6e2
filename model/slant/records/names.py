"""What the name of a file tells: its form, and the values that its folders stand for."""

from __future__ import annotations

from urllib.parse import unquote

FORMS = {
    "jsonl": "lines",
    "ndjson": "lines",
    "json": "lines",
    "csv": "csv",
    "tsv": "csv",
    "parquet": "parquet",
    "pq": "parquet",
}
PACKED = ("gz", "gzip", "zst", "zstd")
WANTED = ".jsonl, .csv or .parquet, the first two also with .gz or .zst behind it"
UNTOLD = ("", "txt", "tab", "dat", "asc")
"""The ends of names that tell no form: what is in such a file tells it, if it is named and not found in a folder."""
NOTHING = "__HIVE_DEFAULT_PARTITION__"
"""Stands in the name of a folder for a value that there is not."""


def form_of(path: str) -> str | None:
    """Return the form that a file's name tells, ``text`` where it tells none, and ``None`` where it is none of data."""
    name = path.lower().rpartition("/")[2]
    first, dot, last = name.rpartition(".")
    packed = bool(dot) and last in PACKED
    ending = first.rpartition(".")[2] if packed and "." in first else "" if packed or not dot else last
    form = FORMS.get(ending, "text" if ending in UNTOLD else None)
    return None if packed and form == "parquet" else form


def is_named_as_data(path: str) -> bool:
    """Tell whether a file that lies in a folder is data by its name."""
    return form_of(path) not in (None, "text")


def partitions_of(path: str) -> dict[str, str | None]:
    """Return the values in the names of a file's folders, as ``year`` of ``year=2026/``."""
    found = dict[str, str | None]()
    for part in path.split("/")[:-1]:
        name, equals, value = part.partition("=")
        if equals and name and "?" not in name:
            found[unquote(name)] = None if value == NOTHING else unquote(value)
    return found
