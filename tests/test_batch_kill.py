"""Batch scoring under SIGKILL, to workers and to the one who hands out the work: taken up again, it comes to the same."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from serving import until
from slant.batch.store import BESIDE
from support import ROOT
from test_batch import answers, jsonl, parts, rejected

KILLS = int(os.environ.get("BATCH_KILLS", "30"))
MARK = "RUN_OF_TEST"
"""In the environment of a run's processes: its folder."""
PROGRAM = [sys.executable, str(ROOT / "tests" / "batch_stand_in.py")]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return input for three pieces a kill, of some 20 ms of work each; every tenth row is bad."""
    path = tmp_path_factory.mktemp("kill") / "in.jsonl"
    rows = [{"id": f"r{n}", "text": f"WORK 2 row {n:05}" if n % 10 else None} for n in range(30 * KILLS)]
    path.write_bytes(jsonl(rows))
    return path


def start(source: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [*PROGRAM, str(source), str(out), "--piece", "380"]
    return subprocess.Popen(command, env=os.environ | {MARK: str(out)}, stderr=subprocess.DEVNULL)


def kill_one(process: subprocess.Popen[bytes], chance: random.Random) -> bool:
    """Kill the one who hands out the work, or one of those who do it; tell whether it could be killed."""
    try:
        own = psutil.Process(process.pid)
        others = [one for one in own.children(recursive=True) if works(one)]
        victim = own if not others or chance.random() < 1 / 3 else chance.choice(others)
        victim.kill()
    except psutil.NoSuchProcess:
        return False
    return True


def started_for(process: psutil.Process, out: Path) -> bool:
    """Tell whether a process, or one of those before it, was started for a run."""
    try:
        return process.environ().get(MARK) == str(out)
    except psutil.Error:
        return False


def works(process: psutil.Process) -> bool:
    return any(name in " ".join(process.cmdline()) for name in ("popen_loky", "careful.main"))


def test_killed_at_random_and_taken_up_again_it_comes_to_the_same(source: Path, tmp_path: Path) -> None:
    assert start(source, tmp_path / "whole").wait() == 0
    whole, chance, kills, out = parts(tmp_path / "whole"), random.Random(5), 0, tmp_path / "out"
    pieces = sum("part-" in name and not name.startswith("rejects") for name in whole)
    while not (out / "_SUCCESS").exists():
        process = start(source, out)
        while process.poll() is None:
            if kills < KILLS and len(list(out.glob("part-*"))) >= kills * (pieces - 3) // KILLS:
                threading.Event().wait(chance.uniform(0, 0.05))
                kills += kill_one(process, chance)
            threading.Event().wait(0.01)
    assert kills == KILLS
    until(lambda: not [one for one in psutil.process_iter() if started_for(one, out)])
    assert parts(out) == whole
    ids = [row["id"] for row in answers(out)] + [json.loads(row["raw"])["id"] for row in rejected(out)]
    assert sorted(ids) == sorted(f"r{n}" for n in range(30 * KILLS))
    assert not [path for path in out.rglob("*") if path.name.startswith(BESIDE)]
