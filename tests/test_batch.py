"""Batch scoring: every row once, in order, whatever the input's form, who works at it, and what stands in its way."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import batch_stand_in
from slant.article import Article, Judgement
from slant.batch import Columns, Summary, score
from slant.batch.asked import Asked
from slant.batch.judge import judge
from slant.batch.locks import file_lock
from slant.batch.rows import Raw, Row
from slant.batch.scoring import Silent
from slant.batch.store import BESIDE, Store
from slant.batch.tally import Tally
from slant.errors import Changed, DataError, Incomplete, Locked, OptionError

ROWS = [{"id": f"r{n}", "text": f"The toll of row {n} is fair — é", "n": n} for n in range(40)]


def jsonl(rows: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def csv_of(rows: list[dict[str, Any]]) -> bytes:
    lines = ["id,text,n", *(f'{row["id"]},"{row["text"]}",{row["n"]}' for row in rows)]
    return "\r\n".join(lines).encode()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    content = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), content, row_group_size=7)
    return bytes(content.getvalue())


def zstd(content: bytes) -> bytes:
    """Return two frames: what stands in the second must not be lost."""
    half = len(content) // 2
    codec = pa.Codec("zstd")
    return b"".join(codec.compress(part, asbytes=True) for part in (content[:half], content[half:]))


pytestmark = pytest.mark.usefixtures("kept_judge")
FORMS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "in.jsonl": jsonl,
    "in.jsonl.gz": lambda rows: gzip.compress(jsonl(rows[:5])) + gzip.compress(jsonl(rows[5:])),
    "in.ndjson.zst": lambda rows: zstd(jsonl(rows)),
    "in.csv": csv_of,
    "in.tsv": lambda rows: csv_of(rows).replace(b",", b"\t"),
    "in.csv.gz": lambda rows: gzip.compress(csv_of(rows)),
    "in.parquet": parquet,
}


def run(given: Path | str | list[str], out: Path | str, **options: Any) -> Summary:
    """Score with the stand-in, in this process unless told otherwise."""
    wanted: dict[str, Any] = {"targets": ["the toll"], "workers": 1, "piece_bytes": 300, "load": batch_stand_in.load}
    return score(given, out, **wanted | options)


def parts(out: Path) -> dict[str, bytes]:
    """Return what a run has written, all but what differs from run to run: its clock and its command."""
    found = [*out.glob("part-*"), *out.glob("_rejects/part-*")]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in found}


def answers(out: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(out.glob("part-*.parquet")) for row in pq.read_table(path).to_pylist()]


def rejected(out: Path) -> list[dict[str, Any]]:
    lines = [line for path in sorted(out.glob("_rejects/*")) for line in path.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line) for line in lines]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_bytes(jsonl(ROWS))
    return path


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_input_gives_every_row_once_and_in_order(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FORMS[name](ROWS))
    found = run(tmp_path / name, tmp_path / "out", keep=True)
    rows = answers(tmp_path / "out")
    assert [row["id"] for row in rows] == [row["id"] for row in ROWS]
    assert [int(json.loads(row["input"])["n"]) for row in rows] == [row["n"] for row in ROWS]
    first = {"csv": 2, "tsv": 2}.get(name.split(".")[1], 1)
    assert [row["row"] for row in rows] == list(range(first, first + len(ROWS)))
    assert (found.tally.rows, found.tally.rejected) == (len(ROWS), 0)
    assert found.pieces > 3
    assert {"_SUCCESS", "_run.json"} <= {path.name for path in (tmp_path / "out").iterdir()}


def test_folders_and_patterns_and_small_files_together(tmp_path: Path) -> None:
    folder = tmp_path / "week"
    (folder / "day").mkdir(parents=True)
    for n, name in enumerate(["a.jsonl", "b.csv", "day/c.parquet", "_SUCCESS", "readme.txt", "day/.d.jsonl"]):
        (folder / name).write_bytes(FORMS.get(f"in.{name.split('.')[-1]}", jsonl)(ROWS[n * 3 : n * 3 + 3]))
    by_folder = run(folder, tmp_path / "out", piece_bytes=100_000)
    again = [f"{folder}/*.csv", f"{folder}/day/c.parquet", f"{folder}/a.jsonl", f"{folder}/a*"]
    by_pattern = run(again, tmp_path / "out2", piece_bytes=100_000)
    assert (by_folder.pieces, by_folder.tally.rows) == (1, 9)
    assert answers(tmp_path / "out") == answers(tmp_path / "out2")
    assert by_pattern.tally.rows == 9


def test_the_same_bytes_for_one_worker_and_for_two(source: Path, tmp_path: Path) -> None:
    with open(source, "ab") as file:
        file.write(b'{"broken\n\n{"text": 5}\n')
    for workers in (1, 2):
        run(source, tmp_path / str(workers), workers=workers, evidence=True)
    assert parts(tmp_path / "1") == parts(tmp_path / "2") != {}


BAD = {
    b'{"id": "x", "text": ': "not JSON: Expecting value, at character 21",
    b'[1, 2]': "wanted a JSON object, got a list",
    b'{"id": "x"}': "no text: wanted it in 'text'; the row has 'id'",
    b'{"text": " \\n"}': "no text: wanted it in 'text'; the row has 'text'",
    b'{"text": 5}': "column 'text': wanted a string, got a number",
    b'{"text": "a", "id": [1]}': "column 'id': wanted a string or a whole number, got a list",
    b'{"text": "a", "id": NaN}': "NaN is no number in JSON",
    b'{"text": "\xff"}': "not UTF-8: invalid start byte, at byte 10",
    b'{"text": "\\ud800"}': "it has a lone surrogate, half a character",
    b'{"text": "a", "want": 3}': "column 'want': wanted a list of strings, got a number",
    b'{"text": "a", "want": "[1"}': "column 'want': begins like a JSON list and is none: ",
    b'{"text": "a", "want": "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16"}': "17 targets; at most 16 are judged",
    b'{"text": "a", "want": ["' + b"b" * 301 + b'"]}': "target 0 has 301 characters; at most 300 are read",
    b'{"text": "BLANK"}': "nothing readable is in it",
    b'{"text": "FAIL"}': "the model failed: RuntimeError",
    b"[" * 100_000: "not JSON that can be read: it is nested too deeply",
}  # fmt: skip


def test_a_bad_row_is_kept_apart_with_the_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"".join(b'{"text": "good"}\n' + bad + b"\n" for bad in BAD) + b'{"text": "last"}')
    found = run(source, tmp_path / "out", columns=Columns(targets="want"))
    reasons = [row["reason"] for row in rejected(tmp_path / "out")]
    assert [reason[: len(wanted)] for reason, wanted in zip(reasons, BAD.values(), strict=True)] == list(BAD.values())
    assert [row["row"] for row in rejected(tmp_path / "out")] == list(range(2, 2 * len(BAD) + 1, 2))
    assert rejected(tmp_path / "out")[0]["raw"] == '{"id": "x", "text": '
    assert "raw_base64" in rejected(tmp_path / "out")[7]
    assert found.tally.rejected == len(BAD)
    assert len(answers(tmp_path / "out")) == len(BAD) + 1


def test_rows_name_targets_of_their_own(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    own: list[Any] = [["a", "the toll"], "b|c", '["d"]', None]
    source.write_bytes(jsonl({"text": "x", "want": targets} for targets in own))
    run(source, tmp_path / "out", columns=Columns(targets="want"))
    found = [[stance["target"] for stance in row["stances"]] for row in answers(tmp_path / "out")]
    assert found == [["the toll", "a"], ["the toll", "b", "c"], ["the toll", "d"], ["the toll"]]


def test_a_column_of_pages_is_judged_as_html(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(jsonl([{"page": "<p>The toll is fair"}, {"page": "  "}]))
    run(source, tmp_path / "out", columns=Columns(html="page"))
    assert [row["read"]["characters"] for row in answers(tmp_path / "out")] == [len("<p>The toll is fair")]
    assert [row["reason"] for row in rejected(tmp_path / "out")] == ["no text: wanted it in 'page'; the row has 'page'"]


def test_equal_rows_are_judged_once_and_each_keeps_its_id() -> None:
    stand_in = mock.Mock(wraps=batch_stand_in.StandIn())
    rows = [Row(Raw("in", n, {}), Article(id=f"{n}", text="The toll"), ("a",), None) for n in range(3)]
    found = list(judge(stand_in, Asked(), [*rows, replace(rows[0], targets=("b",))]))
    assert [one.id for one in found if isinstance(one, Judgement)] == ["0", "1", "2", "0"]
    assert stand_in.classify.call_count == 2


def test_flat_rows_and_the_other_formats_say_the_same(source: Path, tmp_path: Path) -> None:
    ways: dict[str, dict[str, Any]] = {"nested": {}, "flat": {"flat": True}}
    for name, options in (ways | {form: {"format": form} for form in ("jsonl", "csv")}).items():
        run(source, tmp_path / name, targets=["the toll", "the bridge"], keep=True, **options)
    nested = answers(tmp_path / "nested")
    paths = sorted((tmp_path / "jsonl").glob("part-*"))
    lines = [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]
    assert [line | {"input": json.dumps(line["input"], ensure_ascii=False)} for line in lines] == nested
    wanted = [(row["id"], stance["target"], stance["label"]) for row in nested for stance in row["stances"]]
    assert [(row["id"], row["target"], row["label"]) for row in answers(tmp_path / "flat")] == wanted
    texts = [path.read_text(encoding="utf-8") for path in sorted((tmp_path / "csv").glob("part-*"))]
    written = [row for text in texts for row in csv.DictReader(io.StringIO(text))]
    assert [(row["id"], row["target"], row["label"]) for row in written] == wanted


class Cut(Silent):
    """Interrupts a run after some pieces."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, tally: Tally) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def cut(source: Path | str, out: Path | str, after: int = 2, **options: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(source, out, reporter=Cut(after), **options)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_was_cut_goes_on_and_comes_to_the_same(workers: int, source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "whole")
    out = tmp_path / "out"
    cut(source, out, workers=workers)
    assert not {"_SUCCESS", "_run.json"} & {path.name for path in out.iterdir()}
    there = len(list(out.glob("part-*")))
    assert there >= 2
    (out / f"{BESIDE}part-000001.parquet-x").write_bytes(b"half")
    found = run(source, out, workers=workers)
    assert (found.before, found.tally) == (there, run(source, tmp_path / "whole").tally)
    assert parts(out) == parts(tmp_path / "whole")
    assert not list(out.rglob(f"{BESIDE}*"))
    assert not list(out.rglob("_tally/*"))


def test_what_is_done_is_not_done_again(source: Path, tmp_path: Path) -> None:
    first = run(source, tmp_path / "out")
    before = parts(tmp_path / "out")
    again = run(source, tmp_path / "out")
    assert (again.tally, again.before) == (first.tally, again.pieces)
    assert parts(tmp_path / "out") == before


def test_a_run_does_not_go_on_with_something_else(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cut(source, out)
    before = parts(out)
    for options, said in (
        ({"targets": ["the bridge"]}, "targets was ['the toll'], is ['the bridge']"),
        ({"piece_bytes": 500}, "size of a piece was 300, is 500"),
        ({"format": "csv"}, "format was 'parquet', is 'csv'"),
        ({"columns": Columns(id="n")}, "column of id was 'id', is 'n'"),
    ):
        with pytest.raises(Changed, match=re.escape(said)):
            run(source, out, **options)
    source.write_bytes(source.read_bytes().replace(b"row 5", b"row 6"))
    with pytest.raises(Changed, match=r"input files changed: .*in\.jsonl; --fresh"):
        run(source, out)
    assert parts(out) == before
    (out / "_rejects").mkdir(exist_ok=True)
    (out / "_rejects" / "part-000099.jsonl").touch()
    assert run(source, out, fresh=True).before == 0
    assert not list(out.rglob("*99*"))


def test_a_run_goes_on_when_its_input_was_only_touched(source: Path, tmp_path: Path) -> None:
    cut(source, tmp_path / "out")
    os.utime(source, (1, 1))
    assert run(source, tmp_path / "out").before == 2


def test_a_folder_that_holds_other_things_is_left_alone(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").touch()
    with pytest.raises(Changed, match=r"holds 'thesis\.txt' and no run"):
        run(source, tmp_path / "out")


def test_a_second_run_is_kept_out_of_the_folder(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with file_lock(tmp_path / "out" / "_lock"), pytest.raises(Locked, match="another run is at work there"):
        run(source, tmp_path / "out")
    run(source, tmp_path / "out")


def full(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def put_parts_only(put: Callable[..., None]) -> Callable[..., None]:
    """Return what puts no more than what is of a piece: as where a plan still fits and parts do not."""
    return lambda store, name, content: put(store, name, content) if "part-" in name else None


def test_a_disk_that_is_full_ends_the_run_and_nothing_is_lost(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    cut(source, out)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        for said in ("No space left on device; what is done is kept", r"pieces are not done: OSError.* No space left"):
            with pytest.raises(Incomplete, match=said):
                run(source, out)
            patch.setattr(Store, "put", put_parts_only(Store.put))
    assert not list(out.rglob(f"{BESIDE}*"))
    run(source, out)
    run(source, tmp_path / "whole")
    assert parts(out) == parts(tmp_path / "whole")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that nobody can write to")
def test_a_place_that_cannot_be_written_to_is_told_of(source: Path) -> None:
    with pytest.raises(OptionError, match=r"/sys/slant: cannot be written: "):
        run(source, "/sys/slant")


@pytest.mark.parametrize("name", FORMS)
def test_an_input_that_changes_under_the_run_ends_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FORMS[name](ROWS))

    class Truncating(Silent):
        def begin(self, rows: int, done: int) -> None:
            path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(Incomplete, match="it changed under the run"):
        run(path, tmp_path / "out", reporter=Truncating())
    assert not list((tmp_path / "out").glob("part-*"))


@pytest.mark.parametrize("name", ["in.jsonl.gz", "in.ndjson.zst", "in.csv.gz", "in.parquet"])
def test_an_input_that_is_cut_off_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FORMS[name](ROWS)[:-20])
    with pytest.raises(DataError, match="cannot be read: "):
        run(tmp_path / name, tmp_path / "out")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_row_that_kills_workers_costs_only_itself(workers: int, tmp_path: Path) -> None:
    rows = [{"id": str(n), "text": "DIE" if n in (7, 8, 30) else f"row {n}"} for n in range(40)]
    (tmp_path / "in.jsonl").write_bytes(jsonl(rows))
    run(tmp_path / "in.jsonl", tmp_path / "out", workers=workers)
    assert [(row["row"], row["reason"]) for row in rejected(tmp_path / "out")] == [
        (n + 1, "it killed 2 processes that judged it") for n in (7, 8, 30)
    ]
    assert [row["id"] for row in answers(tmp_path / "out")] == [row["id"] for row in rows if row["text"] != "DIE"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nothing.jsonl", "nothing.jsonl: no such file"),
        ("*.csv", r"\*.csv: no data in it"),
        ("in.txt", "in.txt: wanted .jsonl, .csv or .parquet"),
        ("foo://a.jsonl", "foo://a.jsonl: "),
    ],
)
def test_input_that_is_none_is_told_of(given: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "in.txt").touch()
    with pytest.raises(DataError, match=said):
        run(given if "://" in given else tmp_path / given, tmp_path / "out")


def test_columns_are_guessed_aloud_and_asked_for_where_there_is_no_guess(tmp_path: Path) -> None:
    notes = list[str]()

    class Listening(Silent):
        def say(self, note: str) -> None:
            notes.append(note)

    (tmp_path / "in.jsonl").write_bytes(jsonl([{"URL": "u", "Body": "x"}, {"headline": "h"}]))
    run(tmp_path / "in.jsonl", tmp_path / "out", reporter=Listening())
    assert notes[1:] == [f"column {name!r} is taken for the {part}" for name, part in
                         (("URL", "id"), ("Body", "text"), ("headline", "title"))]  # fmt: skip
    (tmp_path / "in.csv").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(DataError, match="no text column; there are: a, b; name it with --text-column"):
        run(tmp_path / "in.csv", tmp_path / "out2")
