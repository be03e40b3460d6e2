"""Records of JSON Lines and CSV: nothing of a file is lost, however broken, and a cut changes no record."""

from __future__ import annotations

import contextlib
import csv
import io
import tempfile
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant.batch.files import look
from slant.batch.survey import survey
from slant.records import lines as module
from slant.records.layout import Dialect
from slant.records.lines import Record, records

LINES = st.lists(st.sampled_from([b"a", b'"', b'""', b",", b"\n", b"\r\n", b"\xff", b"x,y\n", b'"q\nr",s\n', b" "]))


@settings(deadline=None)
@given(LINES, st.sampled_from([None, Dialect(","), Dialect(";")]))
def test_records_together_are_the_file(parts: list[bytes], delimiter: Dialect | None) -> None:
    content = b"".join(parts)
    found = list(records(io.BytesIO(content), delimiter))
    assert b"".join(record.raw for record in found) == content
    assert sum(record.length for record in found) == len(content)
    lines = content.split(b"\n")
    assert all(record.raw.split(b"\n")[0] == lines[record.line - 1] for record in found)


@settings(deadline=None)
@given(st.lists(st.lists(st.text('ab",;\n\r é', min_size=1), min_size=2, max_size=2), min_size=1))
def test_what_the_csv_module_writes_is_read(rows: list[list[str]]) -> None:
    content = io.StringIO(newline="")
    csv.writer(content, quoting=csv.QUOTE_ALL).writerows(rows)
    found = records(io.BytesIO(content.getvalue().encode()), Dialect(","))
    assert [[str(field).encode("latin-1").decode() for field in one.fields] for one in found] == rows


def test_a_quote_that_is_not_closed_costs_its_own_line() -> None:
    content = b'1,a\n2,"b\n3,c\n4,d\n'
    found = list(records(io.BytesIO(content), Dialect(",")))
    assert [record.fields for record in found] == [("1", "a"), (), ("3", "c"), ("4", "d")]
    assert [record.fault is None for record in found] == [True, False, True, True]
    assert [record.line for record in found] == [1, 2, 3, 4]


def tried_line_by_line(content: bytes, longest: int) -> list[tuple[int, tuple[str, ...], bool]]:
    """Return the line, the fields and whether there is a fault of each record, by the rule and with no haste.

    A record is as few lines as make one. Where none do, or as many as are longer than may be, its first line is alone.
    """
    lines, found, at = io.BytesIO(content).readlines(), list[tuple[int, tuple[str, ...], bool]](), 0
    while at < len(lines):
        fields, n = None, 1
        while fields is None and at + n <= len(lines) and sum(map(len, lines[at : at + n])) <= longest:
            with contextlib.suppress(csv.Error):
                text = [line.decode("latin-1") for line in lines[at : at + n]]
                rows = list(csv.reader(text, strict=True))
                fields = tuple(rows[0]) if len(rows) == 1 else None
            n += fields is None
        found.append((at + 1, fields or (), fields is None))
        at += n if fields is not None else 1
    return found


@settings(deadline=None, max_examples=300)
@given(LINES, st.sampled_from([4, 9, 25, 10_000]))
def test_broken_quotes_are_read_by_the_rule(parts: list[bytes], longest: int) -> None:
    content = b"".join(parts)
    with mock.patch.object(module, "LONGEST", longest):
        found = [(one.line, one.fields, one.fault is not None) for one in records(io.BytesIO(content), Dialect(","))]
    assert found == tried_line_by_line(content, longest)


@pytest.mark.parametrize("delimiter", [None, Dialect(",")])
def test_a_record_that_is_too_long_is_told_of_and_not_kept(
    delimiter: Dialect | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 100)
    monkeypatch.setattr(module, "SHOWN", 10)
    content = b"a" * 99 + b"\n" + b"b" * 500 + b"\nc\n"
    good, long, after = records(io.BytesIO(content), delimiter)
    assert (good.fault, after.fault, after.line) == (None, None, 3)
    assert (long.raw, long.length, long.fault) == (b"b" * 10, 501, "it has 501 bytes; at most 100 are read")


def told(found: list[Record]) -> list[Record]:
    """Return records without the wording of what is wrong: a quote may meet a cut before it meets another."""
    return [replace(one, fault=one.fault and "wrong") for one in found]


@settings(deadline=None)
@given(LINES, st.integers(1, 20), st.sampled_from(["jsonl", "csv"]))
def test_cutting_a_file_changes_no_record(parts: list[bytes], size: int, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"in.{ending}")
        path.write_bytes(b"h,i\n" + b"".join(parts))
        found = survey(look(str(path)), size)
        content, delimiter = path.read_bytes(), found.table.dialect
        cut = [
            record
            for one in found.slices
            for record in records(io.BytesIO(content[one.start : one.stop]), delimiter, one.first)
        ]
        whole = list(records(io.BytesIO(content), delimiter))
        assert told(cut) == told(whole[len(whole) - len(cut) :])
        assert len(whole) - len(cut) == (ending == "csv")
