"""The records of a file of lines: one a line in JSON Lines, one or more lines each in CSV. What is broken stays small:
a quote that is never closed costs its own line, not the rest of the file.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LONGEST = 8 * 2**20
"""Bytes in the longest record that is read; of a longer one only the beginning is kept."""
SHOWN = 1_000
"""Bytes that are kept of it."""
csv.field_size_limit(LONGEST)


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands in the file: its first line (from 1), its length in bytes, and what is wrong with it.

    ``fields`` are those of a CSV record, as text in Latin-1: every byte a character, whatever the encoding.
    """

    line: int
    length: int
    raw: bytes
    fields: tuple[str, ...] = ()
    fault: str | None = None


def records(stream: BinaryIO, delimiter: str | None, first: int = 1) -> Iterator[Record]:
    """Yield the records of a stream that begins at line ``first``; with a delimiter it is CSV. Blank ones are there."""
    lines = _lines(stream, first)
    return lines if delimiter is None else _csv_records(lines, delimiter)


def _lines(stream: BinaryIO, first: int) -> Iterator[Record]:
    line = first
    while raw := stream.readline(LONGEST):
        rest = 0
        while not raw.endswith(b"\n") and (more := stream.readline(LONGEST)):
            rest += len(more)
            if more.endswith(b"\n"):
                break
        yield Record(line, len(raw) + rest, raw) if not rest else _too_long(line, len(raw) + rest, raw)
        line += 1


def _too_long(line: int, length: int, raw: bytes) -> Record:
    return Record(line, length, raw[:SHOWN], fault=f"it has {length} bytes; at most {LONGEST} are read")


def _csv_records(lines: Iterator[Record], delimiter: str) -> Iterator[Record]:
    """Yield CSV records; where the lines held make none, the first of them is at fault and the others are read anew."""
    held, again = deque[Record](), deque[Record]()
    while True:
        reader = csv.reader(_fed(lines, again, held), delimiter=delimiter, strict=True)
        try:
            for fields in reader:
                yield _joined(held, tuple(fields))
                held.clear()
            return
        except (csv.Error, _Unending) as error:
            bad = held.popleft()
            yield Record(bad.line, bad.length, bad.raw, fault=bad.fault or f"not CSV: {error}")
            again.extendleft(reversed(held))
            held.clear()


class _Unending(Exception):
    """A quote is open for longer than a record may be."""


def _fed(lines: Iterator[Record], again: deque[Record], held: deque[Record]) -> Iterator[str]:
    """Yield lines as text, first those that are read ``again``; hold those that the record in work is made of."""
    size = 0
    while line := again.popleft() if again else next(lines, None):
        size = line.length + (size if held else 0)
        held.append(line)
        if line.fault or size > LONGEST:
            raise _Unending(f"a quote is opened and not closed within {LONGEST} bytes")
        yield line.raw.decode("latin-1")


def _joined(held: deque[Record], fields: tuple[str, ...]) -> Record:
    if len(held) == 1:
        return Record(held[0].line, held[0].length, held[0].raw, fields)
    raw = b"".join(line.raw for line in held)
    return Record(held[0].line, len(raw), raw, fields)
