"""The columns of CSV: which delimiter, quotes and escapes a file has, by how well its rows then fit its header."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from slant.records.fields import MADE_UP
from slant.records.layout import DELIMITERS, Dialect, Given
from slant.records.lines import Record, records

ROWS = 100
"""Rows that tell how a file is laid out."""
MOST = 2**18
"""Bytes of it that do: broken quotes are looked at again and again."""
BACKSLASH = "\\"


@dataclass(frozen=True, slots=True)
class Header:
    """The names of columns: made up where there are none, and those that stand there twice."""

    names: tuple[str, ...]
    twice: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Try:
    """A dialect, and what rows come to by it."""

    dialect: Dialect
    columns: int
    fitting: int
    rows: int
    fields: tuple[str, ...]

    @property
    def share(self) -> float:
        """Return the share of rows that fit the header."""
        return self.fitting / self.rows if self.rows else 1.0

    @property
    def rank(self) -> tuple[bool, int, int]:
        return self.columns > 1, self.fitting, self.columns


def header_of(record: Record) -> Header:
    """Return the names that the first record of CSV gives to columns."""
    found = [str(cell or "").encode("latin-1").decode("utf-8", "replace").strip() for cell in record.fields]
    names, twice, unnamed = list[str](), list[str](), list[str]()
    for n, name in enumerate(found, start=1):
        own = name or f"{MADE_UP}{n}"
        unnamed += [own] * (not name)
        twice += [name] * (name in found[: n - 1])
        while own in names or (own != name and own in found):
            own += "_"
        names.append(own)
    notes = [f"columns without a name are called {', '.join(unnamed)}"] if unnamed else []
    return Header(tuple(names), tuple(dict.fromkeys(one for one in twice if one)), tuple(notes))


def dialect_of(text: bytes, given: Given, *, whole: bool) -> tuple[Dialect, tuple[str, ...]]:
    """Return the dialect of CSV by its beginning, and what was guessed of it.

    Parameters
    ----------
    text
        The beginning in UTF-8; ``whole`` if there is no more.
    given
        What the caller says of it.
    """
    if len(text) > MOST or not whole:
        text = text[:MOST].rpartition(b"\n")[0] + b"\n" if b"\n" in text[:MOST] else text[:MOST]
    delimiters = given.delimiter or DELIMITERS
    tried = [_tried(text, Dialect(one)) for one in delimiters]
    best = max(tried, key=lambda one: one.rank)  # of equal ones the first
    notes = list[str]()
    if given.escape or BACKSLASH.encode() in text:
        best, said = _with_escapes(text, best, delimiters, given.escape)
        notes += said
    if any(re.match(r" +\"", field) for field in best.fields):
        padded = _tried(text, replace(best.dialect, padded=True))
        best = padded if padded.rank >= best.rank else best
    if best.columns > 1 and not given.delimiter and best.dialect.delimiter != ",":
        shown = {"\t": "tabs"}.get(best.dialect.delimiter, f"{best.dialect.delimiter!r}")
        notes.append(f"its columns are told apart by {shown}")
    return best.dialect, tuple(notes)


def columns_of(text: bytes, dialect: Dialect | None) -> int:
    """Return how many columns the first record of a text has."""
    return _tried(text.split(b"\n")[0], dialect).columns if dialect else 0


def _with_escapes(text: bytes, plain: _Try, delimiters: str, given: str | None) -> tuple[_Try, list[str]]:
    """Return the best try with escapes, if that is what the caller says or the rows then fit better."""
    escape = given or BACKSLASH
    ways = [Dialect(one, escape, quoted) for one in delimiters for quoted in (True, False)]
    tried = [one for one in (_tried(text, way) for way in ways) if one.columns > 1 or given]
    if not tried:
        return plain, []
    best = max(tried, key=lambda one: (one.columns > 1, one.share, one.rank))
    if best.dialect.delimiter == "\t" and best.dialect.quoted:
        bare = _tried(text, replace(best.dialect, quoted=False))
        enclosed = any(len(field) > 1 and field[0] == field[-1] == '"' for field in bare.fields)
        best = bare if bare.rank >= best.rank and not enclosed else best
    nulls = not best.dialect.quoted and f"{escape}N" in plain.fields
    if given or nulls or (best.share > plain.share and best.columns >= plain.columns):
        return best, [] if given else ["its quotes or line ends are escaped with a backslash; --escape says so"]
    return plain, []


def _tried(text: bytes, dialect: Dialect) -> _Try:
    found = list(islice(_records(text, dialect), ROWS + 1))
    if not found or found[0].fault:
        return _Try(dialect, 0, 0, 0, ())
    n = len(found[0].fields)
    fitting = sum(not one.fault and _fits(one.fields, n) for one in found[1:])
    return _Try(dialect, n, fitting, len(found) - 1, tuple(field or "" for one in found for field in one.fields))


def _records(text: bytes, dialect: Dialect) -> Iterator[Record]:
    return (one for one in records(io.BytesIO(text), dialect) if one.raw.strip())


def _fits(fields: Sequence[str | None], n: int) -> bool:
    return len(fields) == n or (len(fields) > n and not any(fields[n:]))
