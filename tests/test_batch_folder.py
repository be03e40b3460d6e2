"""The output folder: begun anew only where a run was, apart from the input, and kept by one run at a time."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from unittest import mock

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from slant.batch.locks import Term, lease
from slant.batch.store import Store
from slant.data.readers import rows as training_rows
from slant.errors import Changed, DataError, Locked, OptionError
from support import ROOT
from test_batch import ROWS, answers, cut, jsonl, run

pytestmark = pytest.mark.usefixtures("kept_judge")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_bytes(jsonl(ROWS))
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


OTHERS = (
    "part-00000-abc.parquet",
    "part-000001.parquet",
    "year=2026/part-1.csv",
    "my part-list.txt",
    "_SUCCESS",
    "a.txt",
)


def test_beginning_anew_touches_nothing_where_no_run_was(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "spark"
    (out / "year=2026").mkdir(parents=True)
    for name in OTHERS:
        (out / name).write_text(name)
    for plan in (None, "[]", '{"files": 1}', "broken"):
        if plan is not None:
            (out / "_plan.json").write_text(plan)
        before = content(out)
        with pytest.raises(Changed, match=r"and no run; --fresh touches only what a run has left"):
            run(source, out, fresh=True)
        assert content(out) == before | {"_lock": b""}


def test_beginning_anew_touches_only_what_a_run_writes(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cut(source, out, after=4)
    for name in (*OTHERS, "_rejects/part-000099.jsonl", "_rejects/mine.jsonl", ".writing-part-000001.parquet-x"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
    assert run(source, out, fresh=True, format="jsonl").before == 0
    left = content(out)
    kept = {"part-00000-abc.parquet", "year=2026/part-1.csv", "my part-list.txt", "a.txt", "_rejects/mine.jsonl"}
    assert {name for name, found in left.items() if found == b"mine"} == kept
    assert not [
        name for name in left if name.startswith("part-0000") and name.endswith(".parquet") and name not in kept
    ]


def test_beginning_anew_looks_at_the_input_first(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(source, out)
    before = content(out)
    (tmp_path / "broken.csv").write_bytes(b"a,b\n1,2\n")
    for given in ("no.jsonl", "broken.csv"):
        with pytest.raises(DataError):
            run(tmp_path / given, out, fresh=True)
    assert content(out) == before


@pytest.mark.parametrize("given", ["part-00001.jsonl", "part-000001.jsonl", "link.jsonl"])
def test_beginning_anew_never_touches_the_input(given: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    source.rename(tmp_path / "in" / "part-000001.jsonl")
    (tmp_path / "in" / "part-00001.jsonl").write_bytes(jsonl(ROWS))
    os.symlink(tmp_path / "in" / "part-000001.jsonl", tmp_path / "link.jsonl")
    path = tmp_path / given if given == "link.jsonl" else tmp_path / "in" / given
    before = content(tmp_path / "in")
    with pytest.raises(Changed, match="and no run"):
        run(path, tmp_path / "in", fresh=True, format="jsonl")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.jsonl").write_bytes(jsonl(ROWS))
    run(tmp_path / "other", tmp_path / "out", format="jsonl")
    (tmp_path / "out" / "_plan.json").rename(tmp_path / "in" / "_plan.json")
    with pytest.raises(DataError, match=r"(lies|data in it but) in the output folder"):
        run(path, tmp_path / "in", fresh=True, format="jsonl")
    assert before.items() <= content(tmp_path / "in").items()


def test_beginning_anew_in_an_empty_folder_is_beginning(source: Path, tmp_path: Path) -> None:
    assert run(source, tmp_path / "out", fresh=True).tally.rows == len(ROWS)


def test_a_kill_before_the_plan_was_written_does_not_bar_the_folder(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".writing-_plan.json-0123").write_text("half")
    run(source, tmp_path / "out")
    assert not list((tmp_path / "out").glob(".writing*"))


@pytest.mark.parametrize("given", ["ins", "ins/*", "ins/**", "linked"])
def test_an_output_folder_within_the_input_is_left_out_of_it(given: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "ins").mkdir()
    source.rename(tmp_path / "ins" / "a.jsonl")
    os.symlink(tmp_path / "ins", tmp_path / "linked")
    out = tmp_path / "ins" / "scored"
    cut(tmp_path / given, out, format="jsonl")
    assert run(tmp_path / given, out, format="jsonl").before == 2
    again = run(tmp_path / given, out, format="jsonl")
    assert (again.before, again.tally.rows) == (again.pieces, len(ROWS))


def test_what_another_run_has_written_within_the_input_is_left_out_of_it(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "scored", format="jsonl")
    found = run(tmp_path, tmp_path / "out")
    assert (found.tally.rows, found.tally.rejected) == (len(ROWS), 0)
    assert run(tmp_path / "scored", tmp_path / "out2").tally.rejected == len(ROWS)


def test_a_lock_that_is_a_link_is_refused_and_what_it_leads_to_untouched(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "victim").write_text("mine")
    os.symlink(tmp_path / "victim", tmp_path / "out" / "_lock")
    with pytest.raises(OptionError, match=r"_lock: wanted a file of Slant's own, got a link"):
        run(source, tmp_path / "out")
    assert (tmp_path / "victim").read_text() == "mine"


def test_nothing_leads_out_of_the_folders(tmp_path: Path) -> None:
    """Neither ids and names of files, nor links of folders in a ring."""
    given = tmp_path / "in"
    (given / "a" / "b").mkdir(parents=True)
    (given / "a" / "b" / "ring").symlink_to(given)
    (given / "itself").symlink_to("itself")
    (tmp_path / "elsewhere").mkdir()
    ids = ["../../evil", "/etc/evil", "..", "a\0b", "\n", "x" * 1_000_000, 10**30, -1]
    for name in ("a..jsonl", "\n.jsonl", "a/%2e%2e.jsonl", "a/b/-rf.jsonl", "a/b/\u202ecod.jsonl"):
        (given / name).write_bytes(jsonl({"id": one, "text": f"{name} {n}"} for n, one in enumerate(ids)))
    found = run(given, tmp_path / "out", piece_bytes=2**20, format="jsonl")
    assert (found.tally.rows, found.tally.rejected) == (5 * len(ids), 0)
    written = [
        json.loads(line) for path in (tmp_path / "out").glob("part-*") for line in path.read_bytes().splitlines()
    ]
    assert sorted({row["id"] for row in written}) == sorted(str(one) for one in ids)
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out", "elsewhere"}
    assert not [path for path in (tmp_path / "out").rglob("*") if "evil" in path.name]


@pytest.mark.parametrize("content", [b"\0" * 500, b"\0\n{\0}\n"])
def test_what_is_no_text_of_ours_is_rejected_line_by_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(content + b'\n{"text": "good"}\n')
    found = run(tmp_path / "in.jsonl", tmp_path / "out", piece_bytes=2**20)
    assert found.tally.rows == 1
    assert found.tally.rejected == len([line for line in content.split(b"\n") if line.strip()])


def test_a_line_in_another_encoding_than_its_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(ROWS).decode().encode("utf-16") + b'{"text": "in eight bits"}\n')
    found = run(tmp_path / "in.jsonl", tmp_path / "out", piece_bytes=2**20)
    assert (found.tally.rows, found.tally.rejected) == (len(ROWS), 1)


def test_a_table_without_rows_is_a_run_without_rows(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "in.parquet")
    (tmp_path / "in.jsonl").touch()
    found = run([str(tmp_path / "in.parquet"), str(tmp_path / "in.jsonl")], tmp_path / "out")
    assert (found.tally.rows, found.tally.rejected, answers(tmp_path / "out")) == (0, 0, [])
    assert (tmp_path / "out" / "_SUCCESS").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_no_code_of_the_working_folder_is_run(workers: int, source: Path, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    trap = f"open({str(tmp_path / 'trapped')!r}, 'a').write(__name__)\nraise SystemExit(1)\n"
    for name in ("pickle", "slant", "joblib", "multiprocessing", "subprocess", "numpy", "threading", "runpy"):
        (tmp_path / "here" / f"{name}.py").write_text(trap)
    command = [sys.executable, str(ROOT / "tests" / "batch_stand_in.py"), str(source), str(tmp_path / "out")]
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    subprocess.run([*command, "--workers", str(workers)], cwd=tmp_path / "here", env=environment, check=True)
    assert not (tmp_path / "trapped").exists()
    assert len(answers(tmp_path / "out")) == len(ROWS)


def test_the_callers_environment_stays_as_it_is(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for before in (None, "", "1"):
        with monkeypatch.context() as patch:
            patch.delenv("PYTHONSAFEPATH", raising=False)
            if before is not None:
                patch.setenv("PYTHONSAFEPATH", before)
            run(source, tmp_path / f"out-{before}")
            assert os.environ.get("PYTHONSAFEPATH") == before


def test_reading_training_data_and_batch_input_leave_each_other_their_limits(tmp_path: Path) -> None:
    long = "x" * (5 * 2**20)
    (tmp_path / "in.csv").write_text(f"text,label\n{long},a\n{long}{long},a\n")
    before = csv.field_size_limit(131_072)
    try:
        reading = training_rows(tmp_path / "in.csv")
        next(reading)
        found = run(tmp_path / "in.csv", tmp_path / "out")
        assert (found.tally.rows, found.tally.rejected) == (1, 1)
        assert len(next(reading)[1]["text"]) == 2 * len(long)
        assert run(tmp_path / "in.csv", tmp_path / "out2").tally.rejected == 1
    finally:
        csv.field_size_limit(before)


LEASE = 0.2
"""Seconds."""


class Stalling(MemoryFileSystem):  # type: ignore[misc]
    """A store whose writes can be made to wait, as for a machine that stalls."""

    protocol = "stalling"
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.stalls = False

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
        if not self.stalls:
            super().pipe_file(path, value, mode)


@pytest.fixture
def stores() -> Iterator[tuple[Any, Any]]:
    """Return one store as two machines see it."""
    first, second = cast(Any, Stalling)(), fsspec.filesystem("memory")
    yield first, second
    with contextlib.suppress(FileNotFoundError):
        second.rm("/leases", recursive=True)


def locks(fs: Any) -> set[str]:
    return {path.rpartition("/")[2] for path in fs.find("/leases")}


def test_who_was_taken_for_dead_takes_no_lock_away(stores: tuple[Any, Any]) -> None:
    """A stalls, B takes over, A wakes up and ends: nobody is let in beside B, and A is told."""
    first, second = stores
    with contextlib.ExitStack() as a, contextlib.ExitStack() as b:
        term = a.enter_context(lease(first, "/leases/_lock", LEASE))
        term.check(first)
        first.stalls = True
        taken = b.enter_context(lease(second, "/leases/_lock", LEASE))
        assert (taken.number, taken.lock) == (2, "/leases/_lock-2")
        first.stalls = False
        with pytest.raises(Locked, match="another run has taken over"):
            term.check(first)
        a.close()
        with pytest.raises(Locked, match="another run is at work there"), lease(second, "/leases/_lock", LEASE):
            raise AssertionError
        taken.check(second)
    assert not locks(second)


def test_a_lock_is_read_again_before_it_counts_as_one_that_cannot_be(stores: tuple[Any, Any]) -> None:
    _, fs = stores
    with lease(fs, "/leases/_lock", LEASE) as term:
        moody = mock.Mock(wraps=fs)
        moody.cat_file.side_effect = [OSError("reset"), b'{"run', mock.DEFAULT, mock.DEFAULT]
        term.check(moody)
        moody.cat_file.side_effect = [b'{"run'] * 3
        with pytest.raises(OSError, match="_lock: a read came short"):
            term.check(moody)


def test_a_run_that_was_taken_over_writes_nothing_more(stores: tuple[Any, Any]) -> None:
    first, second = stores
    with lease(first, "/leases/_lock", LEASE) as term:
        store = Store("memory:///leases", term)
        store.put("a", b"")
        first.stalls = True
        with lease(second, "/leases/_lock", LEASE):
            with pytest.raises(Locked, match="another run has taken over"):
                store.put("b", b"")
            with pytest.raises(Locked, match="another run has taken over"):
                store.remove(["a"])
    assert "b" not in locks(second)
    assert "a" in locks(second)


def test_of_many_that_find_a_dead_lock_one_takes_over(stores: tuple[Any, Any]) -> None:
    _, fs = stores
    fs.pipe_file("/leases/_lock", b'{"run": "dead"}')
    held, refused, leave = list[Term](), list[Locked](), threading.Event()

    def contend() -> None:
        try:
            with lease(fs, "/leases/_lock", LEASE) as term:
                held.append(term)
                leave.wait(30)
        except Locked as error:
            refused.append(error)
        if len(refused) == 7:
            leave.set()

    threads = [threading.Thread(target=contend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(held), len(refused)) == (1, 7)
    assert not locks(fs)


def test_a_lock_whose_first_was_removed_by_hand_still_holds(stores: tuple[Any, Any]) -> None:
    _, fs = stores
    fs.pipe_file("/leases/_lock", b"someone who is dead")
    with lease(fs, "/leases/_lock", LEASE) as term:
        fs.rm_file("/leases/_lock")
        with pytest.raises(Locked, match="another run is at work there"), lease(fs, "/leases/_lock", LEASE):
            raise AssertionError
        term.check(fs)
    assert not locks(fs)
