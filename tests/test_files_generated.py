"""Generated files of the kinds that other programs write: no row is lost, and none is read from a wrong column.

FILE_CASES=200 makes so many of them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import file_writers
from file_writers import Case, drawn
from reading import read
from test_batch import answers, rejected, run

CASES = int(os.environ.get("FILE_CASES", "36"))


def written(case: Case, folder: Path) -> Path:
    """Write the files of a case; return the folder, or the only file."""
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder if len(case.files) > 1 else folder / next(iter(case.files))


@pytest.mark.parametrize("number", range(CASES))
def test_every_row_of_a_generated_file_is_read_from_its_columns(number: int, tmp_path: Path) -> None:
    case = drawn(number)
    found = read(written(case, tmp_path / "in"), size=300, **case.given)
    assert [one.reason for one in found.rejects] == []
    assert not found.plan.bad
    read_rows = [
        (row.article.id, row.article.title, row.article.text, json.loads(row.others or "{}").get("note") or "")
        for row in found.rows
    ]
    wanted = [(row["id"], row["title"], row["text"], row["note"] or "") for row in case.rows]
    assert read_rows == wanted, case.name


def test_a_broken_row_among_generated_ones_is_rejected_and_says_why(tmp_path: Path) -> None:
    """A row of another number of columns, in each kind of CSV that has one line a row."""
    case = drawn(list(file_writers.KINDS).index("mysql_tabs"))
    path = written(case, tmp_path)
    path.write_bytes(path.read_bytes() + b"one\ttwo\tthree\tfour\tfive\n")
    found = read(path, **case.given)
    assert len(found.rows) == len(case.rows)
    assert [one.reason for one in found.rejects] == ["it has 5 columns; the header has 4"]


def test_generated_files_go_through_a_whole_run(tmp_path: Path) -> None:
    """One of each of some kinds, side by side in a folder, and a broken one among them."""
    wanted = list[str | None]()
    for n, name in enumerate(("polars_other", "excel_unicode", "duckdb_copy", "pandas_json", "spark_parquet")):
        case = drawn(list(file_writers.KINDS).index(name))
        for path, content in case.files.items():
            place = tmp_path / "in" / f"{n}" / path.replace(".txt", ".csv")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        wanted += [row["id"] for row in case.rows]
    (tmp_path / "in" / "bad.parquet").write_bytes(b"PAR1")
    found = run(tmp_path / "in", tmp_path / "out", piece_bytes=2_000)
    assert [row["id"] for row in answers(tmp_path / "out")] == wanted
    assert (found.tally.rows, found.tally.rejected, len(found.bad_files)) == (len(wanted), 0, 1)
    assert [row["file"] for row in rejected(tmp_path / "out")] == [f"{tmp_path}/in/bad.parquet"]
