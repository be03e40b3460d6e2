"""A Dask cluster of so many workers on loopback, each row a wait in place of work: python scaling.py WORKERS.

Prints the rows a second, and the processor time that the one who hands out the work spends on a piece.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import waiting

from slant.batch import score

PIECES_EACH = 30
"""Pieces for each worker."""
ROWS = 10
"""Rows in a piece."""


def main(workers: int) -> None:
    """Run and tell."""
    pieces = PIECES_EACH * workers
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), workers) as address:
        source = Path(folder, "in.jsonl")
        lines = [json.dumps({"text": f"Text {n:06} to wait for."}) + "\n" for n in range(ROWS * pieces)]
        source.write_text("".join(lines), encoding="utf-8")
        once(source, Path(folder, "warm"), address, len(lines[0]))
        busy, began = time.process_time(), time.perf_counter()
        once(source, Path(folder, "out"), address, len(lines[0]))
        busy, seconds = time.process_time() - busy, time.perf_counter() - began
    ideal = ROWS * pieces * waiting.SECONDS / workers
    told = {"pieces": pieces, "rows_per_second": ROWS * pieces / seconds, "of_ideal": ideal / seconds,
            "driver_ms_a_piece": 1e3 * busy / pieces}  # fmt: skip
    print(json.dumps(told))


def once(source: Path, out: Path, address: str, line: int) -> None:
    """Do one run over lines of a length."""
    score(source.as_posix(), out, cluster=address, piece_bytes=line * ROWS, load=waiting.load)


@contextlib.contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """Start a scheduler and workers, each a process; yield the scheduler's address."""
    file = folder / "scheduler.json"
    with contextlib.ExitStack() as stack:
        start(stack, "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file), "--no-dashboard")
        while not file.exists():
            time.sleep(0.1)
        for _ in range(workers):
            start(stack, "worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--no-dashboard",
                  "--local-directory", str(folder))  # fmt: skip
        yield json.loads(file.read_text(encoding="utf-8"))["address"]


def start(stack: contextlib.ExitStack, *command: str) -> None:
    """Start a process of the cluster, which ends with the stack."""
    path = os.pathsep.join(sys.path)
    environment = os.environ | {"PYTHONPATH": path}
    process = subprocess.Popen([sys.executable, "-m", "dask", *command], env=environment, stderr=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.terminate)


if __name__ == "__main__":
    main(int(sys.argv[1]))
