"""The output folder as others read it: one dataset, whatever else lies there, and though nothing was judged."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from reading import read
from slant.batch import Columns
from slant.errors import Changed, DataError
from support import ROOT
from test_batch import ROWS, answers, cut, jsonl, parts, run
from test_cli import Shell, slant
from test_cli_score import stand_in

__all__ = ["slant", "stand_in"]
README = (ROOT / "model" / "slant" / "batch" / "README.md").read_text(encoding="utf-8")
READERS: dict[str, Callable[[Path], Any]] = {
    'pd.read_parquet("scored")': pd.read_parquet,
    'pl.read_parquet("scored/*.parquet")': lambda out: pl.read_parquet(f"{out}/*.parquet"),
    'pyarrow.dataset.dataset("scored").to_table()': lambda out: ds.dataset(out).to_table(),
    "select * from 'scored/*.parquet'": lambda out: (
        duckdb.connect().sql(f"select * from '{out}/*.parquet'").to_arrow_table()
    ),
    'dask.dataframe.read_parquet("scored")': lambda out: dd.read_parquet(out).compute(),
}


def columns_of(found: Any) -> list[str]:
    return list(getattr(found, "column_names", None) or found.columns)


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    rows: list[dict[str, Any]] = [*ROWS[:9], {"text": "x"}, {"text": " "}]
    (tmp_path / "in.jsonl").write_bytes(jsonl(rows))
    run(tmp_path / "in.jsonl", tmp_path / "scored", targets=["the toll", "the bridge"])
    return tmp_path / "scored"


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of Dask with the newest pandas
def test_an_output_folder_reads_as_one_dataset_by_the_lines_of_the_readme(scored: Path, tmp_path: Path) -> None:
    assert not [path.name for path in scored.iterdir() if not path.name.startswith(("part-", "_"))]
    (tmp_path / "none.csv").write_text("id,text\n")
    found = run(tmp_path / "none.csv", tmp_path / "empty")
    assert (found.tally.rows, found.pieces) == (0, 1)
    for line, reader in READERS.items():
        assert line in README
        assert len(reader(scored)) == 10
        nothing = reader(tmp_path / "empty")
        assert (len(nothing), columns_of(nothing)) == (0, columns_of(reader(scored)))


def test_a_table_whose_lists_are_unpacked_has_no_two_columns_of_one_name(scored: Path) -> None:
    table = pl.read_parquet(f"{scored}/*.parquet")
    assert len(table.explode("stances").unnest("stances")) == 20
    assert "name" in table.explode("topics").unnest("topics").columns
    assert table.unnest("model").unnest("read").height == 10
    deep = table.explode("stances").unnest("stances")
    for name in ("evidence", "sources"):
        assert f"{name}_label" in deep.explode(name).unnest(name, separator="_").columns
    assert 'pl.read_parquet("scored/*.parquet").explode("stances").unnest("stances")' in README
    names = {field.name for field in pq.read_schema(scored / "part-000000.parquet")}
    within = {field.name for name in ("stances", "topics") for field in pq.read_schema(scored / "part-000000.parquet").field(name).type.value_type}  # fmt: skip
    assert not names & within


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
@pytest.mark.parametrize("content", [b"id,text\n", b"id,text"])
def test_a_run_of_no_rows_leaves_a_part_without_rows(form: Any, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    for _ in range(2):
        found = run(tmp_path / "in.csv", tmp_path / "out", format=form)
        assert (found.tally.rows, found.tally.rejected) == (0, 0)
    (part,) = (tmp_path / "out").glob("part-*")
    assert (part.stat().st_size > 0) == (form != "jsonl")
    assert (tmp_path / "out" / "_SUCCESS").exists()


def test_an_output_folder_within_the_input_is_no_input_after_a_cut(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(jsonl(ROWS))
    cut(folder, folder / "out", format="jsonl")
    found = run(folder, folder / "out", format="jsonl")
    assert (found.before, found.tally.rows) == (2, len(ROWS))
    assert len(read(folder, folder / "elsewhere").rows) == len(ROWS)
    with pytest.raises(DataError, match="no data in it but in the output folder; wanted another --out"):
        read(folder, folder)


def test_files_that_cannot_be_judged_are_told_and_the_rest_is_done(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for n in range(5):
        (folder / f"{n}.jsonl").write_bytes(jsonl(ROWS[n * 8 : n * 8 + 8]))
    (folder / "empty.jsonl").touch()
    (folder / "cut.parquet").write_bytes(b"PAR1 cut")
    cut(folder, out)
    found = run(folder, out)
    again = run(folder, out)
    assert (again.tally, again.bad_files, again.before) == (found.tally, found.bad_files, again.pieces)
    assert (found.tally.rows, found.tally.rejected) == (len(ROWS), 0)
    assert [Path(path).name for path in found.bad_files] == ["cut.parquet", "empty.jsonl"]
    lines = (out / "_rejects" / "files.jsonl").read_text().splitlines()
    assert [json.loads(line)["file"] for line in lines] == list(found.bad_files)
    assert json.loads((out / "_run.json").read_text())["result"]["bad_files"] == found.bad_files
    (folder / "empty.jsonl").write_bytes(jsonl(ROWS[:1]))
    with pytest.raises(Changed, match=r"input files changed: .*empty\.jsonl; --fresh begins anew"):
        run(folder, out)
    assert run(folder, out, fresh=True).tally.rows == len(ROWS) + 1


@pytest.mark.usefixtures("stand_in")
def test_a_shell_is_told_of_files_columns_and_layouts(slant: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_bytes("id;body\n1;caf\xe9\n2;\xe9t\xe9\n3;l\x92\xe9t\xe9\n".encode("latin-1"))
    common = ("score", str(folder), "--workers", "1", "--out", str(tmp_path / "out"))
    code, _, err = slant(*common)
    assert (code, err.splitlines()[-1][-40:]) == (2, "looks like cp1252; name it with --encoding cp1252"[-40:])
    (folder / "empty.csv").touch()
    code, out, err = slant(*common, "--encoding", "cp1252")
    assert code == 3
    assert f"slant: rejected: {folder}/empty.csv: wanted .jsonl, .csv or .parquet; it is empty" in err
    assert f"slant: {folder}/a.csv: its columns are told apart by ';'" in err
    assert f"{folder}/empty.csv: none of its rows is judged" in out.replace("\n", "")
    code, _, err = slant(*common, "--text-column", "bodi", "--encoding", "cp1252")
    assert (code, "no column 'bodi'; near it: 'body'; there are: id, body" in err) == (2, True)
    code, _, err = slant(*common, "--encoding", "cp1252", "--delimiter", ";")
    assert (code, "given was" in err) == (5, True)


class Sent:
    """Standard input."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    return lambda content: monkeypatch.setattr("sys.stdin", Sent(content))


def test_standard_input_is_kept_and_a_run_of_it_goes_on(
    sent: Callable[[bytes], None], tmp_path: Path, source: Path
) -> None:
    out = tmp_path / "out"
    sent(jsonl(ROWS))
    cut("-", out)
    sent(jsonl(ROWS[1:]))
    with pytest.raises(Changed, match="standard input was another; --fresh begins anew"):
        run("-", out)
    sent(jsonl(ROWS))
    assert run("-", out).before == 2
    assert [row["id"] for row in answers(out)] == [row["id"] for row in ROWS]
    sent(b"id,text\n1,a\n")
    assert run("-", out, fresh=True).tally.rows == 1
    with pytest.raises(Changed, match=r"holds 'in\.jsonl' and no run"):
        run("-", source.parent)
    sent(b"")
    with pytest.raises(DataError, match="it is empty"):
        run("-", tmp_path / "other")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "given").mkdir()
    path = tmp_path / "given" / "in.jsonl"
    path.write_bytes(jsonl(ROWS))
    return path


def test_what_has_to_be_recoded_comes_to_the_same_for_one_worker_and_for_two(tmp_path: Path) -> None:
    content = "".join(f"r{n};Le café {n}\r\n" for n in range(60))
    (tmp_path / "in.csv").write_bytes(f"id;text\r\n{content}".encode("utf-16"))
    for workers in (1, 2):
        found = run(tmp_path / "in.csv", tmp_path / str(workers), workers=workers)
        assert (found.tally.rows, found.tally.rejected) == (60, 0)
        assert found.pieces > 3
    assert parts(tmp_path / "1") == parts(tmp_path / "2")


def test_two_parquet_columns_of_one_name_are_no_reason_to_go_on(tmp_path: Path) -> None:
    import pyarrow as pa

    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    pq.write_table(table, tmp_path / "in.parquet")
    with pytest.raises(DataError, match=r"two columns of one name"):
        run(tmp_path / "in.parquet", tmp_path / "out", columns=Columns(text="text"))
