"""Batch scoring beside what people do today, its memory, and what handing out the work costs.

Run: make bench-batch. Writes reports/latest.json. Ratios within a round are what is read: a shared machine is fast
one minute and slow the next.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from joblib import cpu_count
from texts import long_rows, short_rows, write

HERE = Path(__file__).parent
REPORT = HERE / "reports" / "latest.json"
TARGETS = ["the rent cap"]
CORES = cpu_count()


def main() -> None:
    """Run what the command line names, and write the report."""
    steps = {"speed": speed, "memory": memory, "scale": scale}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(steps))
    parser.add_argument("--rows", type=int, default=200, help="articles that are timed")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    report = json.loads(REPORT.read_text()) if REPORT.exists() else {}
    for part in given.parts:
        report[part] = steps[part](given)
        print(part, json.dumps(report[part], indent=1), flush=True)
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(json.dumps(report, indent=1) + "\n")


def speed(given: argparse.Namespace) -> dict[str, Any]:
    """Compare rows a second, in turns, with a process's bare encoder calls times the cores, and with other ways."""
    with tempfile.TemporaryDirectory() as folder:
        short, long = Path(folder, "short.jsonl"), Path(folder, "long.jsonl")
        write(short, long_rows(given.rows))
        write(long, long_rows(3 * given.rows))
        ways: dict[str, Callable[[], float]] = {
            "bare encoder, one process, times the cores": lambda: CORES * alone("bare", short, 1),
            "bare encoder, a process a core": lambda: at_once("bare", short),
            "slant score": lambda: 2 * given.rows / (scored(long) - scored(short)),
            "loop": lambda: alone("loop", short, CORES),
            "pandas": lambda: alone("pandas", short, CORES),
            "zero-shot": lambda: alone("zero_shot", short, CORES),
        }
        rounds = [{name: way() for name, way in ways.items()} for _ in range(given.rounds)]
    return {
        name: {
            "rows_per_second": statistics.median(one[name] for one in rounds),
            "slant_is_times_as_fast": statistics.median(one["slant score"] / one[name] for one in rounds),
        }
        for name in ways
    }


def scored(source: Path) -> float:
    """Return the seconds that a whole run takes, its start included."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "slant", "score", str(source), "--out", out, "-t", TARGETS[0], "--quiet",
                   "--workers", str(CORES), "--piece", "128"]  # fmt: skip
        began = time.perf_counter()
        subprocess.run(command, check=True)
        return time.perf_counter() - began


def alone(way: str, source: Path, threads: int) -> float:
    """Return the rows a second of another way, in a process of its own."""
    return float(started(way, source, threads).communicate()[0])


def at_once(way: str, source: Path) -> float:
    """Return the rows a second of as many processes at once as there are cores, of one thread each."""
    processes = [started(way, source, 1) for _ in range(CORES)]
    return sum(float(process.communicate()[0]) for process in processes)


def started(way: str, source: Path, threads: int) -> subprocess.Popen[str]:
    """Start a process that does the rows in another way."""
    command = [sys.executable, str(HERE / "ways.py"), way, str(source), str(threads)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def memory(given: argparse.Namespace) -> dict[str, Any]:
    """Return the most memory that all processes of a run held together, for runs of two sizes, topics only."""
    found = dict[str, dict[str, float]]()
    for rows in (20_000, 200_000):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "in.jsonl")
            write(source, short_rows(rows))
            found[str(rows)] = watched(source, Path(folder, "out"))
    grown = {name: found["200000"][name] / found["20000"][name] - 1 for name in ("rss_mb", "pss_mb")}
    return found | {"grown": grown}


def watched(source: Path, out: Path) -> dict[str, float]:
    """Run, and return the peaks of the sums over its processes, and its pace."""
    command = [sys.executable, "-m", "slant", "score", str(source), "--out", str(out), "--quiet", "--workers", "2"]
    began, peaks = time.perf_counter(), {"rss_mb": 0.0, "pss_mb": 0.0}
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            for name, size in sizes(process.pid).items():
                peaks[name] = max(peaks[name], size)
            time.sleep(0.5)
    done = json.loads((out / "_run.json").read_text())["result"]["rows"]
    return peaks | {"rows_per_second": done / (time.perf_counter() - began)}


def sizes(pid: int) -> dict[str, float]:
    """Return the memory of a process and all its children now, in MB; pages they share count once for PSS."""
    found = {"rss_mb": 0.0, "pss_mb": 0.0}
    try:
        for one in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            about = one.memory_full_info()
            found["rss_mb"] += about.rss / 2**20
            found["pss_mb"] += about.pss / 2**20
    except psutil.NoSuchProcess:
        return {}
    return found


def scale(given: argparse.Namespace) -> dict[str, Any]:
    """Return, for clusters of one to eight workers whose work is a wait, rows a second and the driver's time a piece."""
    found = {}
    for workers in (1, 2, 4, 8):
        command = [sys.executable, str(HERE / "scaling.py"), str(workers)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[str(workers)] = json.loads(said.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
