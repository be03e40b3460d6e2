"""Rows and values that cannot be read, judged or written: each is rejected with its reason, and the run ends."""

from __future__ import annotations

import csv
import datetime
import io
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_trouble import load
from slant.batch import Columns
from slant.batch.rows import Raw, Reject
from slant.errors import DataError
from support import ROOT
from test_batch import answers, jsonl, rejected, run

GOOD = b'{"text": "good"}\n'


def deep(levels: int) -> bytes:
    return b'{"text": "x", "deep": ' + b"[" * levels + b"]" * levels + b"}"


UNREADABLE = {
    deep(64): "not JSON that can be read: it is nested too deeply",
    deep(500): "not JSON that can be read: it is nested too deeply",
    deep(970): "not JSON that can be read: it is nested too deeply",
    deep(5_000): "not JSON that can be read: it is nested too deeply",
    b'{"text": "x", "text": "y"}': "not JSON that can be read: 'text' stands twice in one object",
    b'{"text": "x", "a": {"b": 1, "b": 1}}': "not JSON that can be read: 'b' stands twice in one object",
    b'{"text": "x", "n": ' + b"9" * 5_000 + b"}": "not JSON that can be read: a number has too many digits",
    b'{"text": "x", "want": "' + b"[" * 100_000 + b'"}': "column 'want': wanted a list of strings, got 100000 opening",
    b'{"text": "x", "want": "[\\"\\\\ud800\\"]"}': "column 'want': has a lone surrogate, half a character",
    b'{"text": "x", "want": NaN}': "NaN is no number in JSON: column 'want'",
    b'{"text": "x", "id": 1e999}': "Infinity is no number in JSON: column 'id'",
    b'{"text": "PANIC"}': "the model failed: Panic",
    b'{"text": "EXIT"}': "the model failed: SystemExit",
    b'{"text": "NAN"}': "the model failed: a probability is no number",
    b'{"text": "LOCKED IN"}': "",
    b'{"text": "HALF"}': "cannot be written: UnicodeEncodeError",
}  # fmt: skip


LARGE: dict[str, Any] = {"piece_bytes": 5_000}


@pytest.mark.parametrize("options", [{}, {"format": "jsonl", "workers": 2}, {"format": "csv"}], ids=str)
def test_a_row_that_fails_in_any_way_costs_only_itself(options: dict[str, Any], tmp_path: Path) -> None:
    lines = [GOOD + line + b"\n" for line in UNREADABLE]
    (tmp_path / "in.jsonl").write_bytes(b"".join(lines) + deep(63) + b"\n")
    found = run(
        tmp_path / "in.jsonl",
        tmp_path / "out",
        columns=Columns(targets="want"),
        load=load,
        keep=True,
        **LARGE,
        **options,
    )
    reasons = [row["reason"] for row in rejected(tmp_path / "out")]
    assert [one[: len(wanted)] for one, wanted in zip(reasons, UNREADABLE.values(), strict=True)] == [
        *UNREADABLE.values()
    ]
    assert (found.tally.rows, found.tally.rejected) == (len(UNREADABLE) + 1, len(UNREADABLE))


def test_a_cell_of_targets_that_is_no_text_costs_its_own_row_of_csv(tmp_path: Path) -> None:
    cells = ["[" * 100_000, '["\\ud800"]', "a|b"]
    with open(tmp_path / "in.csv", "w", newline="") as file:
        csv.writer(file).writerows([["text", "want"], *(["x", cell] for cell in cells)])
    found = run(tmp_path / "in.csv", tmp_path / "out", columns=Columns(targets="want"))
    assert (found.tally.rows, found.tally.rejected) == (1, 2)


def test_numbers_that_json_has_not_are_null_where_nobody_needs_them(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b'{"text": "x", "a": NaN, "b": [1e999, {"c": -Infinity}], "d": 1.5}\n')
    pq.write_table(pa.table({"text": ["x"], "a": [math.nan], "b": [[math.inf, 2.0]]}), tmp_path / "in.parquet")
    wanted = {"jsonl": {"a": None, "b": [None, {"c": None}], "d": 1.5}, "parquet": {"a": None, "b": [None, 2.0]}}
    for name, others in wanted.items():
        out = tmp_path / f"{name}-out"
        run(tmp_path / f"in.{name}", out, keep=True, format="jsonl")
        (line,) = (out / "part-000000.jsonl").read_bytes().splitlines()
        assert json.loads(line, parse_constant=pytest.fail)["input"] == others


def test_what_is_told_of_a_rejected_row_is_json_whatever_is_in_it() -> None:
    raw = Raw("in", 1, {"a": math.nan, "b": "\ud800", "c": datetime.date(2026, 1, 2)})
    for found in (raw, replace(raw, fields={"a": math.inf}), replace(raw, fields={}, content=b"\xff")):
        line = Reject(found, "half a \ud800").to_json()
        assert json.loads(line, parse_constant=pytest.fail)["row"] == 1
        assert line.endswith(b"\n")


FORMULAS = ["=1+1", "+1", "-1", "@sum(a1)", "\t=1", "\r=1"]


@pytest.mark.parametrize("safe", [True, False])
def test_text_in_csv_is_no_formula_unless_it_is_wanted(safe: bool, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl({"id": one, "text": "x"} for one in FORMULAS))
    options: dict[str, Any] = {} if safe else {"csv_safe": False}
    run(tmp_path / "in.jsonl", tmp_path / "out", targets=["-the toll"], format="csv", piece_bytes=10_000, **options)
    content = (tmp_path / "out" / "part-000000.csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    mark = "'" if safe else ""
    assert [row["id"] for row in rows] == [f"{mark}{one}" for one in FORMULAS]
    assert {row["target"] for row in rows} == {f"{mark}-the toll"}
    assert all(float(row["confidence"]) > 0 for row in rows)


STRANGE: dict[str, tuple[pa.Array, Any]] = {
    "a date beyond Python's years": (pa.array([2**30], pa.int32()).cast(pa.date32()), str),
    "a moment beyond them": (pa.array([2**61], pa.int64()).cast(pa.timestamp("us")), str),
    "a moment in a zone that nobody knows": (pa.array([0], pa.int64()).cast(pa.timestamp("us", "Mars/Base")), str),
    "a moment to the nanosecond": (pa.array([1], pa.int64()).cast(pa.timestamp("ns")), "1970-01-01 00:00:00.000000001"),
    "an hour to the nanosecond": (pa.array([1], pa.int64()).cast(pa.time64("ns")), "00:00:00.000000001"),
    "a span to the nanosecond": (pa.array([5], pa.int64()).cast(pa.duration("ns")), "5 ns"),
    "a span beyond Python's": (pa.array([2**62], pa.int64()).cast(pa.duration("s")), f"{2**62} s"),
    "bytes": (pa.array([b"\xff"]), str),
}


@pytest.mark.parametrize("statistics", [True, False])
def test_values_that_python_has_no_type_for_are_kept_as_text(statistics: bool, tmp_path: Path) -> None:
    table = pa.table({"text": ["x"]} | {name: column for name, (column, _) in STRANGE.items()})
    pq.write_table(table, tmp_path / "in.parquet", write_statistics=statistics, coerce_timestamps=None)
    for keep in (True, False):
        found = run(tmp_path / "in.parquet", tmp_path / f"{keep}", keep=keep)
        assert (found.tally.rows, found.tally.rejected) == (1, 0)
    kept = json.loads(answers(tmp_path / "True")[0]["input"])
    for name, (_, wanted) in STRANGE.items():
        assert isinstance(kept[name], str), name
        assert wanted in (str, kept[name]), name


def test_nanoseconds_are_read_where_pandas_is_not_installed(tmp_path: Path) -> None:
    table = pa.table({"text": ["x"], "when": pa.array([1], pa.int64()).cast(pa.timestamp("ns"))})
    pq.write_table(table, tmp_path / "in.parquet")
    (tmp_path / "hidden" / "pandas").mkdir(parents=True)
    (tmp_path / "hidden" / "pandas" / "__init__.py").write_text("raise ImportError('hidden')")
    path = os.pathsep.join([str(tmp_path / "hidden"), *sys.path])
    command = [
        sys.executable,
        str(ROOT / "tests" / "batch_stand_in.py"),
        str(tmp_path / "in.parquet"),
        str(tmp_path / "out"),
    ]
    subprocess.run([*command, "--workers", "1"], env=os.environ | {"PYTHONPATH": path}, check=True, capture_output=True)
    assert json.loads(answers(tmp_path / "out")[0]["input"]) == {"when": "1970-01-01 00:00:00.000000001"}


def test_bytes_that_are_no_text_cost_their_own_row_of_parquet(tmp_path: Path) -> None:
    texts = pa.array([b"a", b"\xffz", b"c"]).view(pa.string())
    pq.write_table(pa.table({"text": texts, "id": ["1", "2", "3"]}), tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "out")
    assert [row["id"] for row in answers(tmp_path / "out")] == ["1", "3"]
    (bad,) = rejected(tmp_path / "out")
    assert (bad["row"], bad["reason"]) == (2, "not UTF-8: invalid start byte, in column 'text'")


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    pq.write_table(
        pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"]), tmp_path / "in.parquet"
    )
    with pytest.raises(DataError, match=r"in\.parquet: two columns of one name: 'text', 'text'"):
        run(tmp_path / "in.parquet", tmp_path / "out")


def test_names_with_dots_are_names(tmp_path: Path) -> None:
    table = pa.table({"a.text": ["x"], "a": [{"text": ["y", "z"]}], "n": [1]})
    pq.write_table(table, tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "out", keep=True, columns=Columns(text="a.text"))
    assert json.loads(answers(tmp_path / "out")[0]["input"]) == {"a": {"text": ["y", "z"]}, "n": 1}
