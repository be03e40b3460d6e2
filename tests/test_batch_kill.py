"""Batch scoring under SIGKILL, to workers and to the one who hands out the work: taken up again, it comes to the same.

BATCH_KILLS=100 kills so often; with a store that fails beside it a third as often, unless it is said.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil

import flaky_store
from serving import until
from slant.batch.store import BESIDE
from support import ROOT
from test_batch import answers, jsonl, parts, rejected

KILLS = int(os.environ.get("BATCH_KILLS", "10"))
KILLS_AND_FAULTS = int(os.environ.get("BATCH_KILLS", "5"))
FAULTS = "read=43,short=29,write=31,list=37,rename=41,remove=23"
"""What fails in a store, each of them so often."""
SPARE = 30
"""Starts beside those that are killed: of runs that a store's failures end."""
MARK = "RUN_OF_TEST"
"""In the environment of a run's processes: its folder."""
PROGRAM = [sys.executable, str(ROOT / "tests" / "batch_stand_in.py")]


def write(path: Path, kills: int) -> Path:
    """Write input for three pieces a kill, of some 20 ms of work each; every tenth row is bad."""
    rows = [{"id": f"r{n}", "text": f"WORK 2 row {n:05}" if n % 10 else None} for n in range(30 * kills)]
    path.write_bytes(jsonl(rows))
    return path


def start(source: str, out: Path, store: str = "", **environment: str) -> subprocess.Popen[bytes]:
    command = [*PROGRAM, source, f"{store}{out}", "--piece", "380", "--lease", "0.2"]
    return subprocess.Popen(command, env=os.environ | {MARK: str(out)} | environment, stderr=subprocess.DEVNULL)


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


def test_killed_at_random_and_taken_up_again_it_comes_to_the_same(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", KILLS)
    assert start(str(source), tmp_path / "whole").wait() == 0
    to_the_end(tmp_path, KILLS, lambda _: start(str(source), tmp_path / "out"))


def test_killed_while_its_store_fails_and_taken_up_again_it_comes_to_the_same(tmp_path: Path) -> None:
    source = f"flaky://{write(tmp_path / 'in.jsonl', KILLS_AND_FAULTS)}"
    tests = ROOT / "tests"
    path = os.pathsep.join([str(tests / "flaky"), str(tests), *filter(None, sys.path)])
    assert start(source, tmp_path / "whole", PYTHONPATH=path).wait() == 0
    failing = {flaky_store.NAME: FAULTS, "PYTHONPATH": path}
    to_the_end(
        tmp_path,
        KILLS_AND_FAULTS,
        lambda n: start(source, tmp_path / "out", "flaky://", **failing, **{flaky_store.FIRST: str(n)}),
    )


def to_the_end(folder: Path, wanted: int, begin: Callable[[int], subprocess.Popen[bytes]]) -> None:
    """Begin a run again and again, and kill something of it so often; compare what comes of it with a whole run.

    ``begin`` is told how often it was begun before.
    """
    whole, chance, kills, out = parts(folder / "whole"), random.Random(5), 0, folder / "out"
    pieces = sum("part-" in name and not name.startswith("rejects") for name in whole)
    for begun in range(2 * wanted + SPARE):
        if (out / "_SUCCESS").exists():
            break
        process = begin(begun)
        while process.poll() is None:
            if kills < wanted and len(list(out.glob("part-*"))) >= kills * (pieces - 3) // wanted:
                threading.Event().wait(chance.uniform(0, 0.05))
                kills += kill_one(process, chance)
            threading.Event().wait(0.01)
    assert (out / "_SUCCESS").exists()
    assert kills > wanted // 3  # a quick machine is done before all of them
    until(lambda: not [one for one in psutil.process_iter() if started_for(one, out)])
    assert parts(out) == whole
    ids = [row["id"] for row in answers(out)] + [json.loads(row["raw"])["id"] for row in rejected(out)]
    assert sorted(ids) == sorted(f"r{n}" for n in range(30 * wanted))
    assert not [path for path in out.rglob("*") if path.name.startswith(BESIDE)]
