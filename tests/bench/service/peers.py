"""Slant's service and its peers, each a process on a port of its own, in an environment of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil
from traffic import Peer, plain

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ENVIRONMENTS = ROOT / "build" / "bench-service"
WANTED = {"litserve": ["litserve"], "bentoml": ["bentoml"], "mlserver": ["mlserver", "uvloop<0.22"]}
"""The latest of each; MLServer 1.7 does not start with a newer uvloop."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How many worker processes, of how many threads, with batches of what size."""

    workers: int
    threads: int
    batch: int = 1

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings for every service."""
        shared = {"BENCH_WORKERS": self.workers, "BENCH_THREADS": self.threads, "BENCH_BATCH": self.batch}
        own = {"SLANT_WORKERS": self.workers, "SLANT_THREADS": self.threads}
        return os.environ | {name: str(value) for name, value in (shared | own).items()}


@dataclass(frozen=True, slots=True)
class Running:
    """A service that answers: where, and how much memory it holds."""

    peer: Peer
    process: psutil.Process

    def memory_mb(self) -> float:
        """Return the memory of the process and of all its children, what they share counted once (PSS)."""
        return sum(one.memory_full_info().pss for one in self._family() if one.is_running()) / 2**20

    def state(self) -> dict[str, float]:
        """Return what must not grow: memory, descriptors, and tasks of Slant's service."""
        page = urllib.request.urlopen(self.peer.url.replace("/v1/classify", "/metrics"), timeout=30).read().decode()
        family = self._family()
        return {
            "mb": self.memory_mb(),
            "rss_mb": sum(one.memory_info().rss for one in family) / 2**20,
            "descriptors": sum(one.num_fds() for one in family),
            "tasks": float(page.split("\nslant_tasks ")[1].split()[0]),
        }

    @contextlib.contextmanager
    def turn(self) -> Iterator[Peer]:
        """Let it run for a while; otherwise it stands still, for some are busy even when nobody asks."""
        for one in self._family():
            one.resume()
        try:
            yield self.peer
        finally:
            self.halt()

    def halt(self) -> None:
        """Let it stand still until its next turn."""
        for one in self._family():
            one.suspend()

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@contextlib.contextmanager
def running(name: str, setup: Setup) -> Iterator[Running]:
    """Start a service, wait until it answers an article, and end it with all that it started."""
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        port = _free_port()
        command = _command(name, port, setup, Path(folder))
        process = subprocess.Popen(command, env=setup.environment, cwd=HERE / "peers", stdout=nowhere, stderr=nowhere)
        family = psutil.Process(process.pid)
        try:
            peer = _peer(name, port)
            _wait(peer, family)
            yield Running(peer, family)
        finally:
            _end(family)
            process.wait()


@lru_cache
def install(name: str) -> Path:
    """Return the interpreter of a peer's environment, with Slant as it is now."""
    python = ENVIRONMENTS / name / "bin" / "python"
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(python.parents[1])], check=True)
    wanted = ["--reinstall-package", "slant", *WANTED[name], str(ROOT)]
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *wanted], check=True)
    return python


def _command(name: str, port: int, setup: Setup, folder: Path) -> list[str]:
    if name == "slant":
        return [sys.executable, "-m", "slant", "serve", "--port", str(port)]
    python = install(name)
    if name == "litserve":
        return [str(python), "lit.py", str(port)]
    if name == "bentoml":
        return [str(python), "-m", "bentoml", "serve", "bento:Slant", "--port", str(port)]
    _write_mlserver(folder, port, setup)
    return [str(python.with_name("mlserver")), "start", str(folder)]


def _write_mlserver(folder: Path, port: int, setup: Setup) -> None:
    server = {"http_port": port, "grpc_port": _free_port(), "metrics_port": _free_port(), "host": "127.0.0.1"}
    (folder / "settings.json").write_text(json.dumps(server | {"parallel_workers": setup.workers, "debug": False}))
    batching = {"max_batch_size": setup.batch, "max_batch_time": 0.005} if setup.batch > 1 else {}
    (folder / "model-settings.json").write_text(json.dumps({"name": "slant", "implementation": "mls.Slant"} | batching))


def _peer(name: str, port: int) -> Peer:
    base = f"http://127.0.0.1:{port}"
    if name == "slant":
        return Peer(name, f"{base}/v1/classify", plain)
    if name == "litserve":
        return Peer(name, f"{base}/predict", plain)
    if name == "bentoml":
        return Peer(name, f"{base}/classify", lambda request: json.dumps({"requests": [request]}).encode())
    return Peer(name, f"{base}/v2/models/slant/infer", _tensor)


def _tensor(request: dict[str, object]) -> bytes:
    row = {"name": "request", "shape": [1, 1], "datatype": "BYTES", "data": [json.dumps(request)]}
    return json.dumps({"inputs": [row]}).encode()


def _wait(peer: Peer, process: psutil.Process) -> None:
    body = peer.written({"text": "The council voted to keep the toll.", "title": None, "targets": ["the toll"]})
    deadline = time.monotonic() + 120
    while not _answers(peer.url, body):
        if time.monotonic() > deadline or not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            raise RuntimeError(f"{peer.name} did not come up")
        time.sleep(0.2)


def _answers(url: str, body: bytes) -> bool:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: psutil.Process) -> None:
    family = [process, *process.children(recursive=True)]
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.terminate()
            one.resume()
    _, left = psutil.wait_procs(family, timeout=10)
    for one in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
