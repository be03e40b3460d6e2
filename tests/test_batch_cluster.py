"""Batch scoring on a Dask cluster: a scheduler and three workers, processes of their own on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from serving import until
from slant.batch.scoring import Silent
from slant.batch.tally import Tally
from slant.errors import BatchError
from support import ROOT
from test_batch import answers, jsonl, parts, run

WORKERS = 3


@dataclass
class Cluster:
    """A running cluster: its address, and its workers' processes."""

    address: str
    workers: list[subprocess.Popen[bytes]]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    file = tmp_path / "scheduler.json"
    with contextlib.ExitStack() as stack:
        start(stack, "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file), "--no-dashboard")
        until(lambda: file.exists() and file.read_text().endswith("}"))
        options = ["--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        local = ["--local-directory", str(tmp_path)]
        workers = [start(stack, "worker", *options, *local, "--name", str(n)) for n in range(WORKERS)]
        yield Cluster(json.loads(file.read_text())["address"], workers)


def start(stack: contextlib.ExitStack, *command: str) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(ROOT / "tests"), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *command], env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    texts = [f"WORK 3 row {n}" for n in range(300)]
    texts[150] = "DIE"
    path.write_bytes(jsonl({"id": str(n), "text": text} for n, text in enumerate(texts)))
    return path


def test_a_cluster_comes_to_the_same_though_a_worker_is_killed(cluster: Cluster, source: Path, tmp_path: Path) -> None:
    class Killing(Silent):
        """Kills a worker when some pieces are done."""

        pieces = 0

        def advance(self, tally: Tally) -> None:
            self.pieces += 1
            if self.pieces == 5:
                cluster.workers[0].kill()

    found = run(source, tmp_path / "out", cluster=cluster.address, reporter=Killing())
    alone = run(source, tmp_path / "alone")
    assert (found.tally, found.tally.rejected) == (alone.tally, 1)
    assert parts(tmp_path / "out") == parts(tmp_path / "alone")
    assert len(answers(tmp_path / "out")) == 299
    assert cluster.workers[0].wait() != 0


def test_a_cluster_that_is_not_there_is_told_of(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slant.batch.spread.WAIT", "1s")
    with pytest.raises(BatchError, match=r"cluster tcp://127\.0\.0\.1:1: cannot be reached"):
        run(source, tmp_path / "out", cluster="tcp://127.0.0.1:1")
