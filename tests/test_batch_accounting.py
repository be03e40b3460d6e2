"""Every planned row is accounted for: what is read, judged and rejected is compared with what was counted before."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from slant.batch import onward
from slant.batch.files import between, look
from slant.batch.scoring import Silent
from slant.batch.store import Store
from slant.errors import DataError, Incomplete, MissingExtra, SlantError
from slant.records.layout import Layout
from test_batch import FORMS, ROWS, answers, cut, jsonl, parts, rejected, run

pytestmark = pytest.mark.usefixtures("kept_judge")


def table(rows: int) -> pa.Table:
    texts = [f"The toll of row {n} is {n * 7919 % 9973}" for n in range(rows)]
    return pa.table({"id": [str(n) for n in range(rows)], "text": texts})


def write_damaged(path: Path) -> None:
    """Write three groups of 200 rows, of which the second's texts are damaged in the middle."""
    pq.write_table(table(600), path, row_group_size=200, data_page_size=500, write_batch_size=10, use_dictionary=False)
    column = pq.read_metadata(path).row_group(1).column(1)
    content = bytearray(path.read_bytes())
    middle = column.data_page_offset + column.total_compressed_size // 2
    content[middle : middle + 40] = b"\xff" * 40
    path.write_bytes(content)


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_of_a_damaged_page_are_rejected_and_all_others_judged(workers: int, tmp_path: Path) -> None:
    write_damaged(tmp_path / "in.parquet")
    found = run(tmp_path / "in.parquet", tmp_path / "out", workers=workers, piece_bytes=1_500)
    bad = rejected(tmp_path / "out")
    assert found.tally.rows + found.tally.rejected == 600
    assert 0 < len(bad) < 200
    assert {row["reason"].split(":")[0] for row in bad} == {"cannot be read"}
    assert [row["row"] for row in bad] == list(range(401 - len(bad), 401))
    assert [row["id"] for row in answers(tmp_path / "out")] == [
        f"{n}" for n in range(600) if not 400 - len(bad) <= n < 400
    ]


def test_whoever_reads_a_damaged_file_and_from_where_rejects_the_same_rows(tmp_path: Path) -> None:
    write_damaged(tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "whole", piece_bytes=1_500)
    cut(tmp_path / "in.parquet", tmp_path / "out", piece_bytes=1_500)
    for after in (3, 2, 2):  # begun again in other places
        cut(tmp_path / "in.parquet", tmp_path / "out", after=after, piece_bytes=1_500)
    run(tmp_path / "in.parquet", tmp_path / "out", piece_bytes=1_500)
    assert parts(tmp_path / "out") == parts(tmp_path / "whole")


def test_what_came_damaged_only_once_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(table(600), tmp_path / "in.parquet", row_group_size=200)
    calls, batch = Counter[str](), onward.Parquet._batch

    def damaged_now_and_then(file: onward.Parquet) -> pa.RecordBatch:
        calls["all"] += 1
        if calls["all"] % 6 == 0:
            raise OSError("Corrupt snappy compressed data.")
        return batch(file)

    monkeypatch.setattr(onward.Parquet, "_batch", damaged_now_and_then)
    found = run(tmp_path / "in.parquet", tmp_path / "out", piece_bytes=3_000)
    assert (found.tally.rows, found.tally.rejected) == (600, 0)
    assert [row["id"] for row in answers(tmp_path / "out")] == [f"{n}" for n in range(600)]
    assert calls["all"] > 12


def test_a_file_that_says_it_has_more_rows_than_it_has_is_an_error_and_no_success(tmp_path: Path) -> None:
    pq.write_table(table(1_000), tmp_path / "b.parquet", use_dictionary=False, write_statistics=False)
    content = (tmp_path / "b.parquet").read_bytes()
    at = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    (tmp_path / "b.parquet").write_bytes(content[:at] + content[at:].replace(b"\xd0\x0f", b"\x80\x7d"))
    assert pq.read_metadata(tmp_path / "b.parquet").num_rows == 8_000
    pq.write_table(table(30), tmp_path / "a.parquet")
    pq.write_table(table(30), tmp_path / "c.parquet")
    with pytest.raises(Incomplete, match=r"pieces are not done: .*b\.parquet: "):
        run([f"{tmp_path}/{name}.parquet" for name in "abc"], tmp_path / "out", piece_bytes=1_000)
    assert not (tmp_path / "out" / "_SUCCESS").exists()
    assert {Path(row["file"]).name for row in answers(tmp_path / "out")} >= {"a.parquet", "c.parquet"}


@pytest.mark.parametrize("name", FORMS)
def test_a_plan_that_counts_other_rows_than_there_are_is_an_error_and_no_success(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FORMS[name](ROWS))
    cut(tmp_path / name, tmp_path / "out", after=1)
    plan = json.loads((tmp_path / "out" / "_plan.json").read_text())
    plan["files"][0]["slices"][-1]["rows"] += 1
    (tmp_path / "out" / "_plan.json").write_text(json.dumps(plan))
    with pytest.raises(Incomplete, match=r"1 pieces are not done: .* rows were counted from row .* were read"):
        run(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out" / "_SUCCESS").exists()


def test_what_is_half_read_when_something_fails_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store fails while rows of a piece are put away: the next try must not go on where the first one was."""
    puts, put = Counter[str](), Store.put

    def failing(store: Store, name: str, content: Any) -> None:
        puts[name] += 1
        if "part-" in name and puts[name] == 1:
            raise OSError("away for a moment")
        put(store, name, content)

    monkeypatch.setattr(Store, "put", failing)
    monkeypatch.setattr("slant.batch.run.MOST_FAILURES", 1_000)
    for name in ("in.parquet", "in.jsonl.gz"):
        (tmp_path / name).write_bytes(FORMS[name](ROWS))
        assert run(tmp_path / name, tmp_path / f"{name}-out").tally.rows == len(ROWS)
        assert len(answers(tmp_path / f"{name}-out")) == len(ROWS)


def test_a_failure_forgets_the_open_file(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl.gz").write_bytes(FORMS["in.jsonl.gz"](ROWS))
    file = look(str(tmp_path / "in.jsonl.gz"))
    before = onward.packed(file, Layout(packing="gzip"), 0)
    assert onward.packed(file, Layout(packing="gzip"), 0) is before
    onward.forget()
    assert onward.packed(file, Layout(packing="gzip"), 0) is not before
    onward.forget()


def test_a_file_that_is_shorter_than_was_looked_at_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(ROWS))
    file = look(str(tmp_path / "in.jsonl"))
    (tmp_path / "in.jsonl").write_bytes(b"{}\n")
    with pytest.raises(OSError, match=r"a read came short: 3 bytes of \d+"):
        between(file, 0, file.size).read()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_row_that_was_rejected_for_a_reason_that_passed_is_judged_and_no_longer_rejected(
    workers: int, tmp_path: Path
) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(ROWS[:5]))
    (tmp_path / "out" / "_rejects").mkdir(parents=True)
    cut(tmp_path / "in.jsonl", tmp_path / "out", after=1, piece_bytes=10)
    (tmp_path / "out" / "_rejects" / "part-000003.jsonl").write_bytes(b'{"row": 4, "reason": "MemoryError"}\n')
    run(tmp_path / "in.jsonl", tmp_path / "out", workers=workers, piece_bytes=10)
    assert not rejected(tmp_path / "out")
    assert len(answers(tmp_path / "out")) == 5


NOTES = list[str]()


class Listening(Silent):
    def say(self, note: str) -> None:
        NOTES.append(note)


@pytest.mark.parametrize(
    "what", ["part-000002.parquet", "_rejects/part-000003.jsonl", "cut", "_run.json", "broken", "{}"]
)
def test_what_goes_missing_after_success_is_noticed_and_done_again(what: str, tmp_path: Path) -> None:
    rows = [row | ({"text": ""} if n % 10 == 9 else {}) for n, row in enumerate(ROWS)]
    (tmp_path / "in.jsonl").write_bytes(jsonl(rows))
    out = tmp_path / "out"
    first, whole = run(tmp_path / "in.jsonl", out, piece_bytes=600), parts(out)
    if what == "cut":
        (out / "part-000001.parquet").write_bytes(b"PAR1")
    elif what in ("broken", "{}"):
        (out / "_run.json").write_text(what)
    else:
        (out / what).unlink()
    NOTES.clear()
    again = run(tmp_path / "in.jsonl", out, piece_bytes=600, reporter=Listening())
    assert "not all that it wrote is there" in "".join(NOTES)
    assert (parts(out), again.tally) == (whole, first.tally)
    assert again.pieces - again.before == ("part-" in what or what == "cut")
    assert json.loads((out / "_run.json").read_text())["result"]["rows"] == first.tally.rows
    NOTES.clear()
    assert run(tmp_path / "in.jsonl", out, piece_bytes=600, reporter=Listening()).before == first.pieces
    assert "not all" not in "".join(NOTES)


@pytest.mark.parametrize("empty", ["part-000001.parquet", "_tally/part-000001.json", "both"])
def test_an_empty_part_or_account_does_not_count_as_done(empty: str, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(ROWS))
    out = tmp_path / "out"
    cut(tmp_path / "in.jsonl", out, after=3)
    for name in ("part-000001.parquet", "_tally/part-000001.json"):
        if empty in (name, "both"):
            (out / name).write_bytes(b"")
    run(tmp_path / "in.jsonl", out)
    assert [row["id"] for row in answers(out)] == [row["id"] for row in ROWS]


def test_errors_cross_from_process_to_process() -> None:
    one = pickle.loads(pickle.dumps(MissingExtra("batch", "pyarrow")))
    assert (str(one), one.extra) == ("pyarrow is not installed; type: pip install 'slant[batch]'", "batch")
    kinds = [SlantError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    for kind in kinds:
        if kind.__module__ == "slant.errors" and kind is not MissingExtra:
            assert str(pickle.loads(pickle.dumps(kind("why")))) == "why"
    assert pickle.loads(pickle.dumps(DataError("why", field="input"))).field == "input"
