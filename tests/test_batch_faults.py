"""Batch scoring from and to a store that fails now and then: whatever fails, and when, no row is lost or doubled.

BATCH_FAULTS=200 makes so many runs of it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import batch_stand_in
import flaky_store
from slant.article import Article
from slant.batch import Summary
from slant.batch.careful import let_go
from slant.batch.locks import lease
from slant.errors import Incomplete, InputError
from test_batch import FORMS, ROWS, answers, parts, rejected, run

RUNS = int(os.environ.get("BATCH_FAULTS", "14"))
STEP = 1 if RUNS >= 200 else 7
"""Of the reads of a run, every so many-th is the one that fails, in one run after the other."""
KINDS = ("read", "short", "write", "list", "rename", "remove", "slow")
BAD = {"id": "bad", "text": " ", "n": -1}
GIVEN = [*ROWS[:9], BAD, *ROWS[9:]]
STARTS = 200
"""Starts after which a run of so few rows must have ended."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Wait little for the locks of the dead, and judge in one process for all runs."""
    monkeypatch.setattr("slant.batch.store.lease", partial(lease, seconds=0.05))
    monkeypatch.setattr("slant.batch.run.let_go", lambda: None)
    yield
    monkeypatch.undo()


@pytest.fixture(scope="module", autouse=True)
def _ended() -> Any:
    yield
    let_go()


def to_the_end(given: str, out: str, faults: str, monkeypatch: pytest.MonkeyPatch) -> Summary:
    """Start a run until it says that it is done; return what it says."""
    for _ in range(STARTS):
        with contextlib.suppress(Incomplete, InputError), monkeypatch.context() as patch:
            patch.setenv(flaky_store.NAME, faults)
            return run(given, out, piece_bytes=800)
    raise AssertionError


def drawn(number: int) -> tuple[str, str]:
    """Return a form of input, and what fails in a run of it: one thing often, then several now and then.

    Seven runs have each form and each kind once, 49 each form with each kind.
    """
    chance, names = random.Random(number), list(FORMS)
    form, kind = names[number % len(names)], KINDS[(number + number // len(names)) % len(KINDS)]
    several = chance.sample(KINDS, 3) if number >= len(names) * len(KINDS) else []
    return form, ",".join(f"{one}={chance.randint(15, 80)}" for one in [kind, *several])


@pytest.mark.parametrize("number", range(RUNS))
def test_no_row_is_lost_or_doubled(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, faults = drawn(number)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(FORMS[name](GIVEN))
    found = to_the_end(f"flaky://{tmp_path}/in", f"flaky://{tmp_path}/out", faults, monkeypatch)
    assert (found.tally.rows, found.tally.rejected) == (len(ROWS), 1)
    assert [row["id"] for row in answers(tmp_path / "out")] == [row["id"] for row in ROWS]
    assert [row["reason"][:7] for row in rejected(tmp_path / "out")] == ["no text"]
    run(f"flaky://{tmp_path}/in", tmp_path / "whole", piece_bytes=800)
    assert parts(tmp_path / "out") == parts(tmp_path / "whole")


def of_one_group(rows: list[dict[str, Any]]) -> bytes:
    content = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), content, use_dictionary=False, data_page_size=50_000, write_batch_size=1)
    return bytes(content.getvalue())


def large(size: int) -> list[dict[str, Any]]:
    """Return rows that cannot be packed well, so that no file of them comes with one read."""
    chance = random.Random(3)
    return [{"id": f"r{n}", "text": chance.randbytes(size // 2).hex(), "n": n} for n in range(30)] + [BAD]


@pytest.mark.parametrize("name", FORMS)
def test_whichever_read_fails_once_all_rows_are_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One read fails, or comes short: the first, the second, ... until there is no further one. It is tried again."""
    make, size = (of_one_group, 80_000) if name == "in.parquet" else (FORMS[name], 20_000)
    (tmp_path / name).write_bytes(make(large(size)))
    texts = {row["id"]: hash_of(row["text"]) for row in large(size)}
    for kind in ("read", "short"):
        for n in failing_in_turn(kind, monkeypatch):
            out = tmp_path / f"{kind}{n}"
            found = run(f"flaky://{tmp_path}/{name}", out, piece_bytes=4 * size)
            assert (found.tally.rows, found.tally.rejected) == (30, 1)
            assert {row["id"]: row["stances"][0]["confidence"] for row in answers(out)} | {"bad": texts["bad"]} == texts


def hash_of(text: str) -> float:
    """Return what the stand-in for the classifier makes of a text."""
    return batch_stand_in.StandIn().classify(Article(text=text), ["the toll"]).stances[0].confidence


def failing_in_turn(kind: str, monkeypatch: pytest.MonkeyPatch, step: int = STEP) -> Iterator[int]:
    """Let the first of a kind of thing fail, then the second, ... until what is done has no further one."""
    monkeypatch.setenv(flaky_store.NAME, f"{kind}=1000000")
    for n in itertools.count(1, step):
        flaky_store.COUNTED[kind] = -n
        flaky_store.INJECTED.clear()
        yield n
        if not flaky_store.INJECTED[kind]:
            break
    assert n > step


@pytest.mark.parametrize("given", ["in", "in/**/*.jsonl"])
def test_a_folder_that_cannot_be_listed_is_not_left_out(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three folders within one, each once fails to say what is in it."""
    for name in "abc":
        (tmp_path / "in" / name / "deep").mkdir(parents=True)
        (tmp_path / "in" / name / "deep" / f"{name}.jsonl").write_bytes(FORMS["in.jsonl"](ROWS[:4]))
    for n in failing_in_turn("list", monkeypatch, 1):
        out = str(tmp_path / f"out{n}")
        found = to_the_end(f"flaky://{tmp_path}/{given}", out, "list=1000000", monkeypatch)
        assert found.tally.rows == 12
