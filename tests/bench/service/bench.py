"""The service under load, beside the bare classifier and beside its peers, in one run on one machine.

Run: make bench-service. Writes reports/latest.json and reports/latest.svg. All that are compared stand ready
together and take short turns, for a shared machine is fast one minute and slow the next: ratios within a round
are what is read.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import cpu_count
from mixed import mixed
from peers import ROOT, Running, Setup, running
from plots import plot
from traffic import Peer, Shot, at_rate, requests, saturate, summary

REPORTS = Path(__file__).with_name("reports")
PEERS = ("litserve", "bentoml", "mlserver")
BATCHES = (1, 4, 8)
CLIENTS = 16
"""Requests under way where throughput is measured."""
LOADS = (0.5, 0.7, 0.9)
"""Parts of Slant's throughput at which latencies are compared."""
CORES = cpu_count()
WARM = 4
"""Minutes after which a service has grown as far as it must."""


@dataclass(frozen=True, slots=True)
class Turns:
    """How long a turn is, in seconds, and how many rounds of turns there are."""

    seconds: float
    rounds: int

    def throughputs(self, services: dict[str, Running]) -> Iterator[dict[str, float]]:
        """Yield the answers a second of each service, round by round."""
        for service in services.values():
            self._turn(service, 2.0)
        for _ in range(self.rounds):
            yield {name: self._turn(one, self.seconds) for name, one in services.items()}

    def tails(self, services: dict[str, Running], rate: float) -> dict[str, dict[str, float]]:
        """Return the latencies of each service at a rate: medians over the rounds, for some fall into a bad moment."""
        found: dict[str, list[dict[str, float]]] = {name: [] for name in services}
        for seed in range(self.rounds):
            for name, one in services.items():
                with one.turn() as peer:
                    shots = asyncio.run(at_rate(peer, requests(seed), rate, self.seconds, seed))
                found[name].append(summary(shots, self.seconds))
        return {
            name: {"rate": rate, **{key: statistics.median(one[key] for one in rounds) for key in rounds[0]}}
            for name, rounds in found.items()
        }

    def _turn(self, service: Running, seconds: float) -> float:
        with service.turn() as peer:
            return _saturated(peer, seconds)


def main() -> None:
    """Run what the command line names, all but the soak by default, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["lone", "scale", "peers", "overload"])
    parser.add_argument("--seconds", type=float, default=6.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    steps = {"lone": lone, "scale": scale, "peers": peers, "overload": overload, "soak": soak}
    report = _report() | {"machine": platform.machine(), "cores": CORES}
    for part in given.parts:
        report[part] = steps[part](Turns(given.seconds, given.rounds))
        print(part, json.dumps(report[part], indent=1), flush=True)
        _write(report)


def lone(turns: Turns) -> dict[str, float]:
    """Compare one request at a time with calls of the classifier in a process of its own."""
    setup, pairs = Setup(1, CORES), list[tuple[float, float]]()
    with running("slant", setup) as service:
        for _ in range(turns.rounds):
            shots = asyncio.run(saturate(service.peer, requests(), 1, turns.seconds))
            pairs.append((summary(shots, turns.seconds)["p50_ms"], alone(setup, turns.seconds)["p50_ms"]))
    within = statistics.median(1.15 * bare + 3 - ours for ours, bare in pairs)
    return {
        "service_ms": statistics.median(ours for ours, _ in pairs),
        "classifier_ms": statistics.median(bare for _, bare in pairs),
        "ratio": statistics.median(ours / bare for ours, bare in pairs),
        "below_the_bar_ms": within,
    }


def scale(turns: Turns) -> dict[str, Any]:
    """Compare throughput by number of workers with the bare classifier's on the same cores; and memory."""
    setups = {f"{n} workers": Setup(n, max(1, CORES // n)) for n in sorted({1, 2, CORES, 2 * CORES})}
    with _together({name: ("slant", setup) for name, setup in setups.items()}) as services:
        bare = Setup(1, CORES)
        pairs = [(one, alone(bare, turns.seconds)["answers_per_second"]) for one in turns.throughputs(services)]
        memory = {name: one.memory_mb() for name, one in services.items()}
    return {
        name: {
            "answers_per_second": statistics.median(one[name] for one, _ in pairs),
            "of_the_classifier": statistics.median(one[name] / bare for one, bare in pairs),
            "mb": memory[name],
        }
        for name in setups
    }


def peers(turns: Turns) -> dict[str, Any]:
    """Compare throughput, tails and memory with the peers', each with the batches that suit it best."""
    best = _tuned(turns)
    with _together(best) as services:
        rounds = list(turns.throughputs(services))
        peak = statistics.median(one["slant"] for one in rounds)
        tails = {load: turns.tails(services, load * peak) for load in LOADS}
        memory = {name: one.memory_mb() for name, one in services.items()}
    bound = max(found["slant"]["p99_ms"] for found in tails.values())
    return {
        name: {
            "batch": setup.batch,
            "answers_per_second": statistics.median(one[name] for one in rounds),
            "slant_is_times_as_fast": statistics.median(one["slant"] / one[name] for one in rounds),
            "at": {str(load): found[name] for load, found in tails.items()},
            "rate_at_slants_p99": rate_within([found[name] for found in tails.values()], bound),
            "mb": memory[name],
        }
        for name, (_, setup) in best.items()
    }


def overload(turns: Turns) -> dict[str, Any]:
    """Offer four times what can be done for a minute, ask for the probe meanwhile, and see how it is afterwards."""
    with running("slant", Setup(CORES, 1)) as service:
        peak = statistics.median(_saturated(service.peer, turns.seconds) for _ in range(turns.rounds))
        before = summary(asyncio.run(at_rate(service.peer, requests(), 0.3 * peak, 20)), 20)
        memory, probe = service.memory_mb(), _probing(service.peer, 60)
        storm = summary(asyncio.run(at_rate(service.peer, requests(), 4 * peak, 60)), 60)
        slowest, grown = float(probe.communicate()[0]), service.memory_mb() - memory
        time.sleep(2)
        after = summary(asyncio.run(at_rate(service.peer, requests(), 0.3 * peak, 20)), 20)
        peak_after = statistics.median(_saturated(service.peer, turns.seconds) for _ in range(turns.rounds))
    goodput = storm["answers_per_second"] / statistics.mean([peak, peak_after])
    return {"peak": peak, "peak_after": peak_after, "goodput": goodput, "storm": storm, "probe_worst_ms": slowest,
            "memory_grown_mb": grown, "before": before, "after": after}  # fmt: skip


def soak(turns: Turns, minutes: int = 30) -> dict[str, Any]:
    """Send mixed traffic for half an hour, and look at memory, descriptors, tasks and errors after each minute."""
    with running("slant", Setup(CORES, 1)) as service:
        rate = 0.5 * _saturated(service.peer, turns.seconds)
        states, shots = list[dict[str, float]](), list[Shot]()
        for minute in range(minutes):
            shots += asyncio.run(mixed(service.peer, requests(minute), rate, 60, minute))
            time.sleep(2)  # connections are seen to be closed
            states.append(service.state())
    grown = {name: states[-1][name] / states[WARM][name] - 1 for name in ("mb", "rss_mb")}
    return {"grown": grown, "calls_per_second": rate, **summary(shots, 60 * minutes), "minutes": states}


def rate_within(tails: list[dict[str, float]], p99_ms: float) -> float:
    """Return the rate up to which a service's p99 stays within a bound.

    It lies between the rates where it was measured: a service that is above the bound even at the lowest gets that.
    """
    worst = np.maximum.accumulate([tail["p99_ms"] for tail in tails])
    return float(np.interp(p99_ms, worst, [tail["rate"] for tail in tails]))


def alone(setup: Setup, seconds: float) -> dict[str, float]:
    """Return what the classifier does with nothing around it."""
    command = [sys.executable, str(Path(__file__).with_name("alone.py")), str(seconds)]
    said = subprocess.run(command, env=setup.environment, check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, float] = json.loads(said.stdout)
    return found


def _probing(peer: Peer, seconds: float) -> subprocess.Popen[str]:
    url = peer.url.replace("/v1/classify", "/healthz")
    command = [sys.executable, str(Path(__file__).with_name("probe.py")), url, str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@contextlib.contextmanager
def _together(wanted: dict[str, tuple[str, Setup]]) -> Iterator[dict[str, Running]]:
    with contextlib.ExitStack() as stack:
        found = {name: stack.enter_context(running(*one)) for name, one in wanted.items()}
        for service in found.values():
            service.halt()
        yield found


def _tuned(turns: Turns) -> dict[str, tuple[str, Setup]]:
    """Return each peer with the batch size that gives it the most throughput, and Slant as it comes."""
    found = {"slant": ("slant", Setup(CORES, 1))}
    for peer in PEERS:
        tried = {str(batch): (peer, Setup(CORES, 1, batch)) for batch in BATCHES}
        with _together(tried) as services:
            rounds = list(Turns(turns.seconds, 3).throughputs(services))
        found[peer] = tried[max(tried, key=lambda name: statistics.median(one[name] for one in rounds))]
    return found


def _saturated(peer: Peer, seconds: float) -> float:
    """Return the answers a second under ``CLIENTS`` requests at a time."""
    shots = asyncio.run(saturate(peer, requests(), CLIENTS, seconds))
    return summary(shots, max(shot.due + shot.seconds for shot in shots))["answers_per_second"]


def _report() -> dict[str, Any]:
    """Return the last report: parts that are not run again stay."""
    path = REPORTS / "latest.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def _write(report: dict[str, Any]) -> None:
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "latest.json").write_text(json.dumps(report, indent=1) + "\n")
    plot(report, REPORTS / "latest.svg")


if __name__ == "__main__":
    main()
