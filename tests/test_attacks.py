"""The service under attack: probes are answered, callers with a good key are served, memory stays and comes back.

Eight of them, a second each, in every run; ATTACK_SECONDS=60 for a minute of all, with figures (-s shows them).
"""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from attacker import ATTACKS
from serving import Serving, serving, until
from slant_service.keys import new_key

MEASURED = "ATTACK_SECONDS" in os.environ
SECONDS = float(os.environ.get("ATTACK_SECONDS", "1"))
CHOSEN = ("half_open", "long_fields", "trailers", "bodies", "nested", "streams", "long_work", "unread")
PROMPT = 0.1
"""Seconds within which a probe is answered on a machine that has nothing else to do; as often as it has more, longer."""
DEADLINE = 30.0
"""Seconds within which a caller is served, which is what the service allows an article to wait."""
MEMORY = 150_000_000
GOOD, GOOD_KEY = new_key("desk", ["classify"])
BAD, BAD_KEY = new_key("attacker", ["classify"])


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    keys = f"{GOOD_KEY.line()}\n{BAD_KEY.line()}"
    with serving(keys=keys, slow_client_s=2, article_s=2) as found:
        yield found


class Watch:
    """Asks the service for its health and for an answer, again and again, and looks at its memory."""

    def __init__(self, service: Serving) -> None:
        self.service, self.process = service, psutil.Process(service.process.pid)
        self.probes, self.answers, self.failures = list[float](), list[float](), list[str]()
        self.before = self.peak = self.process.memory_info().rss
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._probe), threading.Thread(target=self._call)]

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def figures(self) -> str:
        """Return what was measured, in a line."""
        slow, now = sorted(self.probes)[-max(1, len(self.probes) // 20)], self.process.memory_info().rss
        return (
            f"{len(self.probes)} probes in {statistics.median(self.probes) * 1e3:.0f} ms (95% in {slow * 1e3:.0f},"
            f" all in {max(self.probes) * 1e3:.0f}), {len(self.answers)} answers, all in {max(self.answers) * 1e3:.0f};"
            f" memory {self.before / 1e6:.0f} MB, +{(self.peak - self.before) / 1e6:.0f}, +{(now - self.before) / 1e6:.0f}"
        )

    def _probe(self) -> None:
        paths = ("/healthz", "/readyz")
        while not self._stop.wait(0.05):
            self._timed(self.probes, "GET", paths[len(self.probes) % 2])
            self.peak = max(self.peak, self.process.memory_info().rss)

    def _call(self) -> None:
        headers = {"Authorization": f"Bearer {GOOD}", "Content-Type": "application/json"}
        while not self._stop.wait(0.1):
            self._timed(self.answers, "POST", "/v1/classify", '{"text": "a"}', headers)

    def _timed(self, times: list[float], *request: Any) -> None:
        """Ask on a connection of its own, as a probe does."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=60)
        try:
            connection.request(*request)
            found = connection.getresponse()
            if found.status != 200:
                self.failures.append(f"{request[1]}: {found.status} {found.read()!r}")
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(f"{request[1]}: {error!r} after {time.monotonic() - began:.2f} s")
        finally:
            connection.close()
        times.append(time.monotonic() - began)


@pytest.mark.parametrize("name", ATTACKS if MEASURED else CHOSEN)
def test_an_attack_harms_nobody_else(service: Serving, name: str) -> None:
    program = [sys.executable, str(Path(__file__).parent / "attacker.py"), name]
    with Watch(service) as watch:
        attacker = subprocess.Popen([*program, str(service.port), str(SECONDS), BAD])
        try:
            assert attacker.wait(SECONDS + 120) == 0
        finally:
            attacker.kill()
            attacker.wait()
    ended = time.monotonic()
    until(lambda: watch.process.memory_info().rss < watch.before + MEMORY, 10)
    crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    print(f"\n{name}: {watch.figures()}, {time.monotonic() - ended:.1f} s after; load {crowd:.1f} times the cores")
    assert not watch.failures
    assert max(watch.probes) < DEADLINE
    if MEASURED:  # on a machine with other work a second says little
        assert statistics.median(watch.probes) < PROMPT * crowd
        assert max(watch.probes) < 20 * PROMPT * crowd
    assert max(watch.answers) < DEADLINE
    assert watch.peak < watch.before + MEMORY
