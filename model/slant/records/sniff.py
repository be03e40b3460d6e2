"""What a file is by its first bytes, whatever its name says: its packing, encoding and form."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from slant.records.columns import columns_of, dialect_of
from slant.records.fields import MARK
from slant.records.layout import UTF_8, Dialect, Given, Layout
from slant.records.objects import objects
from slant.records.recode import in_utf_8

HEAD = 4096
"""Bytes that tell a packing, and an encoding of two bytes a character."""
GUESSED = 20_000
"""Bytes by which an encoding is guessed."""
WANTED = "wanted .jsonl, .csv or .parquet"
PACKINGS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
PARQUET = b"PAR1"
FOREIGN = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; wanted it unpacked, or saved as 'CSV UTF-8'",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; wanted it saved as 'CSV UTF-8'",
    b"BZh": "packed by bzip2; wanted gzip or zstd",
    b"\xfd7zXZ\x00": "packed by xz; wanted gzip or zstd",
    b"SQLite format 3": f"a SQLite database; {WANTED}",
    b"ARROW1": "an Arrow or Feather file; wanted Parquet",
    b"ORC": "an ORC file; wanted Parquet",
    b"Obj\x01": "an Avro file; wanted Parquet",
    b"%PDF": f"a PDF; {WANTED}",
}
MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
"""What stands before text in encodings of two and four bytes."""
SEPARATOR = re.compile(rb'"?sep=(.)"?\r?(\n|\Z)')
"""The line by which Excel is told what stands between columns."""
LIKELY = ["cp1252", "cp1251", "cp932", "gb18030", "big5", "euc_kr", "cp1253", "cp1255", "cp1256"]
"""Encodings that are guessed, the commonest of each script."""


@dataclass(frozen=True, slots=True)
class Found:
    """How a file is laid out, what was guessed, and why it cannot be read if it cannot."""

    layout: Layout
    notes: tuple[str, ...] = ()
    fault: str | None = None


def packing_of(head: bytes) -> str | None:
    """Return the packing that the first bytes of a file tell."""
    return next((packing for magic, packing in PACKINGS.items() if head.startswith(magic)), None)


def foreign(head: bytes) -> str | None:
    """Return what a file is that is never read, by its first bytes."""
    return next((f"it is {said}" for magic, said in FOREIGN.items() if head.startswith(magic)), None)


def look_at(beginning: bytes, *, whole: bool, named: str, given: Given) -> Found:
    """Return how a file of text is laid out.

    Parameters
    ----------
    beginning
        Its first bytes, unpacked; ``whole`` if there are no more.
    named
        The form that its name tells: ``lines``, ``csv``, or ``text`` if it tells none.
    given
        What the caller says of it.
    """
    encoding, fault = _encoding(beginning, given, whole=whole)
    layout = Layout(form="csv" if named == "csv" else "lines", encoding=encoding)
    if fault:
        return Found(layout, fault=fault)
    notes = [f"it is read as {encoding}"] if encoding != UTF_8 and given.encoding is None else []
    text = in_utf_8(beginning, layout)
    if b"\r" in text and b"\n" not in text.rstrip(b"\n"):
        layout, notes = replace(layout, old_mac=True), [*notes, "its lines end with \\r, as on old Macs"]
        text = in_utf_8(beginning, layout)
    skip = len(MARK) if text.startswith(MARK) else 0
    text = text[skip:]
    if not text.strip(b"\0 \t\r\n"):
        dialect = Dialect(",") if layout.form == "csv" else None
        fault = f"{WANTED}; it is empty" if whole else None
        return Found(replace(layout, skip=skip, dialect=dialect), fault=fault)
    form = _form(text, named, given, whole=whole)
    if form == "csv":
        found = _csv(text, replace(layout, form="csv", skip=skip), tuple(notes), given, whole=whole)
        known = named == "csv" or given.delimiter or columns_of(text, found.layout.dialect) > 1
        return found if known else replace(found, fault=f"{WANTED}; its first line tells no columns apart")
    if form == "json":
        notes.append("it is no JSON Lines; each object of its JSON is taken for a row")
    elif not form:
        shown = text[:40].split(b"\n")[0].decode("utf-8", "replace")
        return Found(layout, fault=f"no line of it is an object of JSON; {WANTED}; it begins with {shown!r}")
    elif named == "csv":
        notes.append("it is read as JSON Lines, which it begins like")
    return Found(replace(layout, form="json" if form == "json" else "lines", skip=skip), tuple(notes))


def _csv(text: bytes, layout: Layout, notes: tuple[str, ...], given: Given, *, whole: bool) -> Found:
    line = SEPARATOR.match(text)
    if line:
        layout = replace(layout, skip=layout.skip + line.end())
        given = replace(given, delimiter=given.delimiter or line[1].decode("latin-1"))
        text = text[line.end() :]
    dialect, said = dialect_of(text, given, whole=whole)
    return Found(replace(layout, dialect=dialect), (*notes, *said))


def _encoding(beginning: bytes, given: Given, *, whole: bool) -> tuple[str, str | None]:
    """Return the encoding of text, and why it cannot be told if it cannot."""
    if given.encoding:
        return given.encoding, None
    marked = next((encoding for mark, encoding in MARKS.items() if beginning.startswith(mark)), None)
    if marked:
        return marked, None
    head = beginning[:HEAD]
    for name, empty, full in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if len(empty) > 3 and empty.count(0) > 0.6 * len(empty) and full.count(0) < 0.1 * len(full):
            return UTF_8, f"it looks like {name}; name it with --encoding {name}"
    return UTF_8, _no_utf_8(beginning if whole else beginning.rpartition(b"\n")[0] or beginning)


def _no_utf_8(content: bytes) -> str | None:
    """Return why text is no UTF-8, unless most lines that would show it are."""
    good, bad, head = 0, list[bytes](), False
    for n, line in enumerate(content.split(b"\n")):
        if not line.isascii():
            try:
                line.decode()
                good += 1
            except UnicodeDecodeError:
                bad.append(line)
                head = head or n == 0
    if not head and (len(bad) <= good or len(bad) < 3):
        return None
    guess = _guess(b"\n".join(bad[:50])[:GUESSED])
    return f"it is not UTF-8; it looks like {guess}; name it with --encoding {guess}"


def _guess(content: bytes) -> str:
    try:
        from charset_normalizer import from_bytes

        best = from_bytes(content, cp_isolation=LIKELY).best()
    except ImportError:
        best = None
    return best.encoding if best is not None else "cp1252"


def _form(text: bytes, named: str, given: Given, *, whole: bool) -> str | None:
    """Return the form of text: ``lines`` or ``json`` by how it begins, ``csv`` otherwise; none if it is no JSON."""
    begun = text.lstrip()
    if named == "csv" and (given.delimiter or given.escape):
        return "csv"
    if re.match(rb"\[\s*[{\]]", begun):
        return "json"
    if named != "lines" and not re.match(rb'\{\s*["}]', begun):
        return "csv"
    if not begun.startswith(b"{"):
        starts = any(line.lstrip().startswith(b"{") for line in begun.split(b"\n")[:1000])
        return "lines" if starts else None
    return "lines" if _lines(begun, whole=whole) else "json"


def _lines(begun: bytes, *, whole: bool) -> bool:
    """Tell whether text that begins with an object of JSON has one a line."""
    first, end, rest = begun.partition(b"\n")
    if not end and not whole:
        return True  # a line longer than what is seen
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        import io

        record = next(objects(io.BytesIO(begun)), None)
        raw = record.raw if record is not None and not record.fault else b""
        try:
            json.loads(raw)
        except (ValueError, RecursionError):
            return first.strip() != b"{" or not rest  # an object longer than what is seen begins so
        return raw == first.strip()
    return True
