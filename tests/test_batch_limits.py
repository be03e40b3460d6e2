"""Batch scoring holds to its limits: in time for an article, in memory for a row, in work for a broken file."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_trouble import TESTED, TRIED, load, load_never, load_telling, load_tested
from slant.errors import DataError, Incomplete, OptionError, SelfTestFailed
from slant.records.layout import Dialect
from slant.records.lines import records
from support import ROOT
from test_batch import answers, jsonl, parts, rejected, run
from test_batch_cluster import cluster

__all__ = ["cluster"]
SLOW = "it took longer than 0.5 seconds to judge"
STUCK = [{"id": f"{n}", "text": f"row {n}" if n % 10 != 4 else "STUCK"} for n in range(30)]
"""Every tenth article holds the interpreter for good, and all such are the same one."""


@pytest.mark.parametrize("workers", [1, 2])
def test_an_article_that_takes_too_long_costs_only_itself(workers: int, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(STUCK))
    began = time.monotonic()
    run(tmp_path / "in.jsonl", tmp_path / "out", workers=workers, load=load, article_timeout=0.5, piece_bytes=600)
    assert [(row["row"], row["reason"]) for row in rejected(tmp_path / "out")] == [(n, SLOW) for n in (5, 15, 25)]
    assert [row["id"] for row in answers(tmp_path / "out")] == [one["id"] for one in STUCK if one["text"] != "STUCK"]
    assert time.monotonic() - began < 60


def test_an_article_that_takes_too_long_in_a_cluster_costs_only_itself(cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(STUCK))
    options: dict[str, Any] = {"load": load, "article_timeout": 0.5, "piece_bytes": 600}
    run(tmp_path / "in.jsonl", tmp_path / "out", cluster=cluster.address, **options)
    run(tmp_path / "in.jsonl", tmp_path / "alone", **options)
    assert parts(tmp_path / "out") == parts(tmp_path / "alone")
    assert {row["reason"] for row in rejected(tmp_path / "out")} == {SLOW}


def test_equal_articles_wait_once(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl({"id": f"{n}", "text": "STUCK"} for n in range(200)))
    began = time.monotonic()
    found = run(tmp_path / "in.jsonl", tmp_path / "out", load=load, article_timeout=0.5, piece_bytes=100_000)
    assert found.tally.rejected == 200
    assert time.monotonic() - began < 80  # of the 100 that 200 of them would take


def test_workers_judge_by_themselves_but_for_what_they_had_in_hand_when_one_died(tmp_path: Path) -> None:
    """One death, and few rows are judged in a process apart; many, and from then on all are."""
    apart = list[int]()
    for deaths in (1, 4):
        rows = [{"text": f"row {n}"} for n in range(200)]
        for n in range(deaths):
            rows[20 + 40 * n] = {"text": "DIE"}
        (tmp_path / "in.jsonl").write_bytes(jsonl(rows))
        out = tmp_path / f"{deaths}"
        run(tmp_path / "in.jsonl", out, workers=2, piece_bytes=100, load=load_telling)
        where = Counter(row["language"] for row in answers(out))
        assert where.total() == 200 - deaths
        assert where["worker"] > 10
        apart.append(where["apart"])
    assert 0 < apart[0] < apart[1]


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 10**9])
def test_a_limit_that_is_none_is_refused(seconds: float, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=rf"article_timeout is {seconds!r}; wanted seconds, more than 0"):
        run(tmp_path, tmp_path / "out", article_timeout=seconds)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_row_without_room_is_tried_elsewhere_before_it_is_given_up(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRIED, str(tmp_path / "tried"))
    texts = ["a", "NO ROOM", "b", "NO ROOM AT FIRST", "c"]
    (tmp_path / "in.jsonl").write_bytes(jsonl({"text": text} for text in texts))
    run(tmp_path / "in.jsonl", tmp_path / "out", workers=workers, load=load)
    assert [row["row"] for row in answers(tmp_path / "out")] == [1, 3, 4, 5]
    assert [row["reason"] for row in rejected(tmp_path / "out")] == ["it took all memory of 2 processes that judged it"]


def test_a_process_that_cannot_begin_ends_the_run_and_rejects_nothing(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl([{"text": "a"}]))
    with pytest.raises(Incomplete, match="the process that judges ends before it begins, with code 5"):
        run(tmp_path / "in.jsonl", tmp_path / "out", load=load_never)
    assert not rejected(tmp_path / "out")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bundle_passes_its_own_test_once_each_time_a_run_is_begun(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TESTED, str(tmp_path / "passes"))
    (tmp_path / "in.jsonl").write_bytes(jsonl({"text": f"row {n}"} for n in range(20)))
    for tests in (1, 2):
        run(tmp_path / "in.jsonl", tmp_path / "out", workers=workers, piece_bytes=50, load=load_tested)
        assert (tmp_path / "passes").read_text() == tests * "tested\n"
        assert len(answers(tmp_path / "out")) == 20
        (tmp_path / "out" / "part-000003.parquet").unlink()


@pytest.mark.parametrize(
    ("workers", "how", "why"),
    [
        (1, "fails", "self-test, article 1 of 1: got another topic"),
        (2, "fails", "self-test, article 1 of 1: got another topic"),
        (2, "dies", "self-test: it killed 2 processes"),  # that of the worker, and then two apart
        (2, "stuck", "self-test: it took longer than 300 seconds"),
    ],
)
def test_nothing_is_judged_to_the_end_by_a_bundle_that_fails_its_own_test(
    workers: int, how: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TESTED, str(tmp_path / how))
    (tmp_path / "in.jsonl").write_bytes(jsonl({"text": f"row {n}"} for n in range(20)))
    with pytest.raises(SelfTestFailed, match=why):
        run(tmp_path / "in.jsonl", tmp_path / "out", workers=workers, piece_bytes=50, load=load_tested)
    assert not (tmp_path / "out" / "_SUCCESS").exists()
    assert not (tmp_path / "out" / "part-000000.parquet").exists()


linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is told by /proc")


def peak(path: Path) -> int:
    """Return the most memory in bytes that reading a file takes."""
    command = [sys.executable, str(ROOT / "tests" / "memory_use.py"), str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout)


def same(value: str, times: int) -> pa.Array:
    """Return a column with one value in each of its rows, which takes no more room than once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * times, pa.int32()), [value])


def lists_of(column: pa.Array, rows: int) -> pa.Array:
    return pa.ListArray.from_arrays(range(0, len(column) + 1, len(column) // rows), column)


MEGABYTE = "a" * 10**6
BOMBS: dict[str, tuple[Callable[[], pa.Array], dict[str, Any]]] = {
    "a megabyte in each of 2,000 rows": (lambda: same(MEGABYTE, 2_000), {}),
    "twenty lists of 2,000": (lambda: lists_of(same(MEGABYTE, 40_000), 20), {}),
    "the same in structs": (lambda: pa.StructArray.from_arrays([same(MEGABYTE, 2_000)], ["a"]), {}),
    "sixty rows of five megabytes in a page": (lambda: pa.array([MEGABYTE * 5] * 60), {"use_dictionary": False}),
    "one value of 300 megabytes": (lambda: pa.array([MEGABYTE * 300]), {}),
    "a list of 20,000,000 numbers": (lambda: lists_of(pa.nulls(20_000_000, pa.int8()), 1), {}),
}


@linux
@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_takes_little_memory_however_much_is_in_it(name: str, tmp_path: Path) -> None:
    make, options = BOMBS[name]
    table = pa.table({"text": make()})
    pq.write_table(table, tmp_path / "in.parquet", compression="zstd", store_schema=False, **options)
    assert (tmp_path / "in.parquet").stat().st_size < 100_000
    assert peak(tmp_path / "in.parquet") < 400 * 2**20


def test_rows_are_judged_as_they_are_read_and_too_long_ones_rejected(tmp_path: Path) -> None:
    texts = ["a" * 10**6] * 40 + ["b" * (9 * 2**20), "c"]
    pq.write_table(pa.table({"text": texts}), tmp_path / "in.parquet", compression="zstd")
    found = run(tmp_path / "in.parquet", tmp_path / "out", piece_bytes=10**9)
    assert (found.tally.rows, found.tally.rejected, found.pieces) == (41, 1, 1)
    (bad,) = rejected(tmp_path / "out")
    assert (bad["row"], bad["reason"]) == (41, f"it has {9 * 2**20} bytes; at most {8 * 2**20} are read")
    assert pq.read_metadata(tmp_path / "out" / "part-000000.parquet").num_row_groups == 3


def test_rows_without_end_in_a_few_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"text": pa.nulls(3_000_000, pa.string())}), tmp_path / "in.parquet")
    monkeypatch.setattr("slant.batch.survey.MOST_SLICES", 40)
    with pytest.raises(DataError, match=r"says that it has 3000000 rows in \d+ bytes"):
        run(tmp_path / "in.parquet", tmp_path / "out", piece_bytes=2**20)


@linux
def test_a_line_without_end_takes_little_memory(tmp_path: Path) -> None:
    with open(tmp_path / "in.jsonl", "wb") as file:
        file.write(b'{"text": "a"}\n{"text": "')
        file.seek(200 * 2**20, os.SEEK_CUR)
        file.write(b'"}\n{"text": "b"}\n')
    assert peak(tmp_path / "in.jsonl") < 100 * 2**20
    run(tmp_path / "in.jsonl", tmp_path / "out", piece_bytes=2**20)
    assert len(answers(tmp_path / "out")) == 2


@pytest.mark.parametrize("line", [b'a","\n', b'"a\n', b'x,"a\nb"c\n'])
def test_quotes_that_never_close_take_time_as_long_as_the_file(line: bytes) -> None:
    """Time of the processor, for twice and for eight times as much; with the square it would be 16 times."""

    def seconds(size: int) -> float:
        import io

        stream, began = io.BytesIO(line * (size // len(line))), time.process_time()
        assert sum(record.length for record in records(stream, Dialect(","))) == size // len(line) * len(line)
        return time.process_time() - began

    seconds(10_000)
    assert seconds(400_000) < 24 * max(seconds(50_000), 0.01)


@pytest.mark.parametrize("given", ["pipe.jsonl", "link.jsonl", "*.jsonl", "."])
def test_what_is_no_file_is_refused_at_once(given: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    if given != "link.jsonl":
        os.mkfifo(tmp_path / "in" / "pipe.jsonl")
    if given != "pipe.jsonl":
        os.symlink("/dev/zero", tmp_path / "in" / "link.jsonl")
    with pytest.raises(DataError, match=r"\.jsonl: wanted a regular file, got a pipe, a device or the like"):
        run(tmp_path / "in" / given, tmp_path / "out")


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "real.jsonl").write_bytes(jsonl([{"text": "a"}]))
    os.symlink(tmp_path / "real.jsonl", tmp_path / "in" / "link.jsonl")
    for n, given in enumerate((tmp_path / "in", tmp_path / "in" / "*.jsonl", tmp_path / "in" / "link.jsonl")):
        assert run(given, tmp_path / f"out{n}").tally.rows == 1
