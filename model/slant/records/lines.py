"""The records of a file of lines: one a line in JSON Lines, one or more lines each in CSV. What is broken stays small:
a quote that is never closed costs its own line, not the rest of the file.

An escape and what stands behind it are one character while records are told apart, and are made what they mean after.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Literal

from slant.records.layout import Dialect

LONGEST = 8 * 2**20
"""Bytes in the longest record that is read; of a longer one only the beginning is kept."""
SHOWN = 1_000
"""Bytes that are kept of it."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands in the file: its first line (from 1), its length in bytes, and what is wrong with it.

    ``fields`` are those of a CSV record, as text in Latin-1: every byte a character, whatever the encoding. One that
    is ``None`` is the null of a database.
    """

    line: int
    length: int
    raw: bytes
    fields: tuple[str | None, ...] = ()
    fault: str | None = None


def records(stream: BinaryIO, dialect: Dialect | None, first: int = 1, longest: int | None = None) -> Iterator[Record]:
    """Yield the records of a stream, blank ones too.

    Parameters
    ----------
    stream
        The stream.
    dialect
        How columns are told apart, if it is CSV.
    first
        The number of its first line.
    longest
        Bytes in the longest record that is read.
    """
    longest = longest or LONGEST
    lines = _lines(stream, first, longest)
    if dialect is None:
        return lines
    return _Csv(_unbroken(lines, dialect.escape, longest) if dialect.escape else lines, dialect, longest).records()


def _lines(stream: BinaryIO, first: int, longest: int) -> Iterator[Record]:
    line = first
    while raw := stream.readline(longest):
        rest = 0
        while not raw.endswith(b"\n") and (more := stream.readline(longest)):
            rest += len(more)
            if more.endswith(b"\n"):
                break
        yield Record(line, len(raw) + rest, raw) if not rest else _too_long(line, len(raw) + rest, raw, longest)
        line += 1


def _unbroken(lines: Iterator[Record], escape: str, longest: int) -> Iterator[Record]:
    """Yield lines, as one those whose end is escaped."""
    ends = re.compile(rb"(?<!%(e)b)(?:%(e)b%(e)b)*%(e)b\r?\n\Z" % {b"e": re.escape(escape.encode())})
    for line in lines:
        held = [line]
        while not held[-1].fault and ends.search(held[-1].raw) and sum(one.length for one in held) <= longest:
            more = next(lines, None)
            if more is None:
                break
            held.append(more)
        length, raw = sum(one.length for one in held), b"".join(one.raw for one in held)
        if len(held) == 1:
            yield line
        elif length > longest or held[-1].fault:
            yield _too_long(line.line, length, raw, longest)
        else:
            yield Record(line.line, length, raw)


def _too_long(line: int, length: int, raw: bytes, longest: int) -> Record:
    return Record(line, length, raw[:SHOWN], fault=f"it has {length} bytes; at most {longest} are read")


class _Unending(Exception):
    """A quote is open for longer than a record may be."""

    def __init__(self, longest: int) -> None:
        super().__init__(f"a quote is opened and not closed within {longest} bytes")


_NOT_CLOSED = csv.Error("a quote is opened and not closed")


class _Open(Exception):
    """A quote is open where the lines end."""


class _Csv:
    """The records of CSV. Where lines make none, the first of them is at fault, and the others are read anew.

    What a record is depends on nothing before its first line, so a file can be cut between any two of them. Where
    quotes stay open, the question for every line is the same: what is the first line behind it that ends a quote? The
    answer is kept, so that no line is looked at more than a few times, however many quotes are open.
    """

    def __init__(self, lines: Iterator[Record], dialect: Dialect, longest: int) -> None:
        self._lines, self._dialect, self._longest = lines, dialect, longest
        self._escapes = _Escapes(dialect) if dialect.escape else None
        self._held = deque[Record]()
        self._size = 0  # of what is held
        self._file_ended = False
        self._end: Exception | None = None  # what an open quote comes to behind what is held, if that is known
        self._last_unknown = False  # whether the last line that is held was not yet looked at within a quote

    def records(self) -> Iterator[Record]:
        """Yield the records."""
        csv.field_size_limit(max(csv.field_size_limit(), self._longest))  # of the whole process: never lower
        while not self._file_ended:
            self._let_go()
            try:
                for fields in self._reader(self._fed()):
                    yield _joined(self._held, self._meant(fields))
                    self._let_go()
            except (csv.Error, _Unending) as error:
                self._last_unknown = isinstance(error, _Unending) and not self._held[-1].fault
                self._end = None if self._last_unknown else _NOT_CLOSED if self._file_ended else error
                yield from self._one_by_one()

    def _one_by_one(self) -> Iterator[Record]:
        """Yield what the held lines come to, when together they are no record, until none is left."""
        while self._held:
            first = self._held.popleft()
            if not self._held and not self._file_ended:
                self._end, self._last_unknown = None, False  # they were of the line that is the first now
            if first.fault:
                yield first
            else:
                yield self._beginning_with(first)
            self._size -= first.length

    def _beginning_with(self, first: Record) -> Record:
        try:
            return _joined([first], self._fields([first.raw]))
        except csv.Error as error:
            return _faulty(first, error)
        except _Open:
            return self._open_behind(first)

    def _open_behind(self, first: Record) -> Record:
        """Return the record whose first line leaves a quote open: it and all that are held, or itself alone."""
        while self._end is None:
            line = self._held[-1] if self._last_unknown else self._hold()
            if line is None:
                self._end = _NOT_CLOSED
            elif line.fault:
                self._end = _Unending(self._longest)
            elif self._size > self._longest:
                self._last_unknown = True
                return _faulty(first, _Unending(self._longest))
            elif self._closes(line):
                lines = [first, *self._held]
                self._let_go(first.length)
                return _joined(lines, self._fields([one.raw for one in lines]))
        return _faulty(first, self._end)

    def _closes(self, line: Record) -> bool:
        """Tell whether a line closes the quote in which it begins, and ends the record; keep the error that it is."""
        self._last_unknown = False
        try:
            self._fields([b'"\n', line.raw])
        except _Open:
            return False
        except csv.Error as error:
            self._end = error
            return False
        return True

    def _fields(self, lines: Sequence[bytes]) -> tuple[str | None, ...]:
        """Return the fields of the record that lines are; ``_Open`` if they leave a quote open."""
        return self._meant(next(self._reader(self._left_open(lines))))

    def _reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        dialect = self._dialect
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
        return csv.reader(
            lines, delimiter=dialect.delimiter, quoting=quoting, skipinitialspace=dialect.padded, strict=True
        )

    def _text(self, line: bytes) -> str:
        text = line.decode("latin-1")
        return self._escapes.hidden(text) if self._escapes else text

    def _meant(self, fields: Sequence[str]) -> tuple[str | None, ...]:
        return tuple(map(self._escapes.meant, fields) if self._escapes else fields)

    def _left_open(self, lines: Iterable[bytes]) -> Iterator[str]:
        """Yield lines as text, and fail if there are wanted more."""
        for line in lines:
            yield self._text(line)
        raise _Open

    def _fed(self) -> Iterator[str]:
        """Yield lines as text, and hold those that the record in work is made of."""
        while line := self._hold():
            if line.fault or self._size > self._longest:
                raise _Unending(self._longest)
            yield self._text(line.raw)

    def _hold(self) -> Record | None:
        """Return the next line, which is held from now on."""
        line = next(self._lines, None)
        if line is None:
            self._file_ended = True
        else:
            self._held.append(line)
            self._size += line.length
        return line

    def _let_go(self, size: int = 0) -> None:
        self._held.clear()
        self._size, self._end, self._last_unknown = size, None, False


class _Escapes:
    """Hides an escape and what stands behind it while records are told apart: both are one character beyond Latin-1."""

    HIDDEN, BEYOND = re.compile("[\u0100-\u01ff]"), 0x100
    NULL = chr(BEYOND + ord("N"))
    LETTERS: ClassVar = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "Z": "\x1a"}

    def __init__(self, dialect: Dialect) -> None:
        self._dialect, self._escape = dialect, dialect.escape or ""
        self._escaped = re.compile(rf"{re.escape(self._escape)}(\r\n|.)", re.DOTALL)

    def hidden(self, text: str) -> str:
        """Return text with its escapes hidden."""
        return self._escaped.sub(lambda found: "".join(chr(self.BEYOND + ord(one)) for one in found[1]), text)

    def meant(self, field: str) -> str | None:
        """Return what a field means; ``None`` for the null of a database."""
        return None if field == self.NULL else self.HIDDEN.sub(self._meaning, field)

    def _meaning(self, found: re.Match[str]) -> str:
        sign = chr(ord(found[0]) - self.BEYOND)
        if not self._dialect.quoted:
            return self.LETTERS.get(sign, sign)
        itself = sign in ('"', "'", "\r", "\n", self._escape, self._dialect.delimiter)
        return sign if itself else self._escape + sign  # who writes quotation marks escapes little else


def _faulty(line: Record, error: Exception) -> Record:
    return Record(line.line, line.length, line.raw, fault=f"not CSV: {error}")


def _joined(held: Sequence[Record], fields: tuple[str | None, ...]) -> Record:
    if len(held) == 1:
        return Record(held[0].line, held[0].length, held[0].raw, fields)
    raw = b"".join(line.raw for line in held)
    return Record(held[0].line, len(raw), raw, fields)
