"""Objects of JSON that stand in an array, or one after the other over as many lines as they like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from slant.records import lines
from slant.records.lines import Record

BLOCK = 2**20
"""Bytes read at a time."""
_BETWEEN = re.compile(rb"[\s,\[\]]*")
"""What may stand before an object, or behind the last one."""
_OBJECT, _OUTSIDE, _INSIDE = re.compile(rb"[{]"), re.compile(rb'["{}]'), re.compile(rb'["\\]')
_NONE = "wanted a JSON object, got something else"


def objects(stream: BinaryIO, first: int = 1, longest: int | None = None) -> Iterator[Record]:
    """Yield the objects of a stream, of at most ``longest`` bytes; ``Record.line`` counts them from ``first``.

    What stands between them and is none is a record with a fault. Where nothing but commas and brackets are left, the
    last record is blank.
    """
    scan, number = _Scan(stream, longest or lines.LONGEST), first
    while (record := scan.record(number)) is not None:
        yield record
        number += 1


class _Scan:
    """Walks through a stream, of which it holds no more than a record and a block."""

    def __init__(self, stream: BinaryIO, longest: int) -> None:
        self._stream, self._longest = stream, longest
        self._held = bytearray()
        self._length = 0  # of the record in work, as far as it is no longer held

    def record(self, number: int) -> Record | None:
        """Return the next record; all that stands before it counts to its length."""
        while True:
            found = _BETWEEN.match(self._held)
            self._drop(0, found.end() if found else 0)
            if self._held:
                break
            if not self._more(0)[1]:
                return self._taken(Record(number, 0, b"\n"), 0) if self._length else None
        if self._held[0] == ord("{"):
            before, end = self._length, self._object_end()
            size = self._length - before + end
            fault = f"it has {size} bytes; at most {self._longest} are read" if size > self._longest else None
        else:
            end, fault = self._search(_OBJECT, 0)[0], _NONE
        raw = bytes(self._held[: min(end, lines.SHOWN) if fault else end])
        return self._taken(Record(number, 0, raw, fault=fault), end)

    def _object_end(self) -> int:
        """Return where the object ends that begins what is held, or all that is held if it never does."""
        depth, at = 0, 0
        while True:
            at, sign = self._search(_OUTSIDE, at)
            if sign == b'"':
                sign = b"\\"
                at += 1
                while sign == b"\\":
                    at, sign = self._search(_INSIDE, at)
                    at += 2 if sign == b"\\" else 1
            elif sign:
                depth += 1 if sign == b"{" else -1
                at += 1
            if not sign or not depth:
                return min(at, len(self._held))

    def _search(self, wanted: re.Pattern[bytes], at: int) -> tuple[int, bytes]:
        """Return where one of some signs stands from a place on, and which; the end and none if it never comes."""
        while not (found := wanted.search(self._held, at)):
            at, there = self._more(max(at, len(self._held)))
            if not there:
                return len(self._held), b""
        return found.start(), found[0]

    def _more(self, at: int) -> tuple[int, bool]:
        """Read a block; return where a place is now, and whether there was one. Of one too long, little is kept."""
        if at > self._longest + lines.SHOWN:
            gone = min(at, len(self._held)) - lines.SHOWN
            self._drop(lines.SHOWN, lines.SHOWN + gone)
            at -= gone
        raw = self._stream.read(BLOCK)
        self._held += raw
        return at, bool(raw)

    def _drop(self, start: int, stop: int) -> None:
        self._length += stop - start
        del self._held[start:stop]

    def _taken(self, record: Record, end: int) -> Record:
        """Return a record with its length, and hold it no longer."""
        self._drop(0, end)
        length, self._length = self._length, 0
        return Record(record.line, length, record.raw, fault=record.fault)
