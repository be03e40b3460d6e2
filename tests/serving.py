"""The service as a process of its own on a free port, with stand-ins for its workers' classifier."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil

from support import ROOT


@dataclass
class Serving:
    """A running service: its process, its port, the lines of its log so far."""

    process: subprocess.Popen[str]
    port: int
    log: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **options: Any) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=30, **options)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def ask(self, *said: bytes, seconds: float = 30.0) -> bytes:
        """Return all that is answered, until the service closes the connection, to what is said on it."""
        with self.connect() as one:
            one.settimeout(seconds)
            answer = b""
            with contextlib.suppress(ConnectionError):
                for part in said:
                    one.sendall(part)
            with contextlib.suppress(ConnectionError):
                while piece := one.recv(65_536):
                    answer += piece
            return answer

    def workers(self) -> list[psutil.Process]:
        """Return the worker processes: what the fork server has started."""
        return [child for middle in psutil.Process(self.process.pid).children() for child in middle.children()]

    def said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in list(self.log) if line.get("event") == event]


START = 120.0
"""Seconds in which a service is ready, on a machine that has much else to do."""
STAND_IN = (str(ROOT / "tests" / "stand_in.py"),)
REAL = ("-m", "slant", "serve", "--port", "0")
INSTALLED = (str(Path(sys.executable).parent / "slant"), "serve", "--port", "0")


@contextlib.contextmanager
def serving(program: Sequence[str] = STAND_IN, folder: Path | None = None, **settings: object) -> Iterator[Serving]:
    """Start the service, in a folder if one is given, wait until it is ready, and end it."""
    environment = os.environ | {f"SLANT_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, *program]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, cwd=folder)
    assert process.stderr is not None
    found = Serving(process, 0)
    ready = threading.Event()
    reader = threading.Thread(target=_read, args=(process.stderr, found, ready))
    reader.start()
    try:
        assert ready.wait(START), found.log
        with found.client() as client:
            until(lambda: client.get("/readyz").status_code == 200, START)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        process.stderr.close()


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is so; fail if it is not in time."""
    pause, waited = threading.Event(), 0.0
    while not condition():
        assert waited < seconds, "it did not come about"
        pause.wait(0.02)
        waited += 0.02


def _read(stderr: Any, found: Serving, ready: threading.Event) -> None:
    for line in stderr:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = {"event": line, "not json": True}
        found.log.append(entry)
        if entry["event"].startswith("Uvicorn running on"):
            found.port = int(entry["event"].split(":")[2].split()[0])
            ready.set()
