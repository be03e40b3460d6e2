"""Batch scoring on a Dask cluster: a scheduler and its workers, processes of their own on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from serving import until
from slant.batch.scoring import Silent
from slant.batch.spread import Crew
from slant.batch.tally import Tally
from slant.errors import BatchError, Incomplete
from support import ROOT
from test_batch import answers, jsonl, parts, run

WORKERS = 2


@dataclass
class Cluster:
    """A running cluster: its address, and its processes."""

    address: str
    scheduler: subprocess.Popen[bytes]
    hire: Callable[[], subprocess.Popen[bytes]]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def replace(self, which: int) -> None:
        """Kill a worker, and hire another."""
        self.workers[which].kill()
        self.workers[which] = self.hire()


@pytest.fixture
def cluster(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Return a cluster of so many workers as the test asks for."""
    file = tmp_path / "scheduler.json"
    with contextlib.ExitStack() as stack:
        scheduler = start(
            stack, "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file), "--no-dashboard"
        )
        until(lambda: file.exists() and file.read_text().endswith("}"))
        options = ["--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        hire = partial(start, stack, "worker", *options, "--local-directory", str(tmp_path))
        yield Cluster(
            json.loads(file.read_text())["address"],
            scheduler,
            hire,
            [hire() for _ in range(getattr(request, "param", WORKERS))],
        )


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


def test_a_cluster_comes_to_the_same_though_workers_are_killed(cluster: Cluster, source: Path, tmp_path: Path) -> None:
    chance, killed = random.Random(7), list[int]()

    class Killing(Silent):
        """Kills one worker or another whenever some more pieces are done."""

        pieces = 0

        def advance(self, tally: Tally) -> None:
            self.pieces += 1
            if self.pieces % 7 == 5:
                killed.append(chance.randrange(WORKERS))
                cluster.replace(killed[-1])

    found = run(source, tmp_path / "out", cluster=cluster.address, reporter=Killing())
    alone = run(source, tmp_path / "alone")
    assert (found.tally, found.tally.rejected) == (alone.tally, 1)
    assert parts(tmp_path / "out") == parts(tmp_path / "alone")
    assert len(answers(tmp_path / "out")) == 299
    assert len(killed) > 3


def pid_of(_: int) -> int:
    return os.getpid()


@pytest.mark.parametrize("cluster", [1], indirect=True)
def test_a_cluster_of_one_worker_does_the_work_itself(cluster: Cluster) -> None:
    assert set(Crew(1, cluster.address).spread(pid_of, range(5))) == {cluster.workers[0].pid}


@pytest.mark.parametrize("cluster", [1], indirect=True)
def test_a_cluster_whose_scheduler_is_gone_ends_the_run_which_goes_on_without_it(
    cluster: Cluster, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slant.batch.cluster.PATIENCE", 0.5)
    source.write_bytes(jsonl({"text": f"WORK 30 row {n}"} for n in range(40)))

    class Killing(Silent):
        def advance(self, tally: Tally) -> None:
            cluster.scheduler.kill()

    with pytest.raises(Incomplete, match="the cluster's scheduler is gone; what is done is kept"):
        run(source, tmp_path / "out", cluster=cluster.address, reporter=Killing())
    assert run(source, tmp_path / "out").before > 0
    run(source, tmp_path / "alone")
    assert parts(tmp_path / "out") == parts(tmp_path / "alone")


def test_a_cluster_that_is_not_there_is_told_of(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slant.batch.cluster.WAIT", "1s")
    with pytest.raises(BatchError, match=r"cluster tcp://127\.0\.0\.1:1: cannot be reached"):
        run(source, tmp_path / "out", cluster="tcp://127.0.0.1:1")
