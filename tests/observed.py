"""Runs Slant as somebody with an empty home would, and keeps what it asks of the system: the net, and files to write."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

STRACE = shutil.which("strace")
if STRACE and subprocess.run([STRACE, "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
    STRACE = None  # installed, but not allowed to watch
NET = ("connect", "sendto", "sendmsg", "sendmmsg")
WRITING = ("open", "openat", "creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "symlink",
           "symlinkat", "mknod", "mknodat", "truncate")  # fmt: skip
GUARD = """
import os, sys

NET = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}
LOOPBACK = ("127.", "::1", "localhost")


def guard(event, args):
    if event not in NET:
        return
    place = args[0] if event.startswith("socket.get") else args[1]
    host = place[0] if isinstance(place, tuple) else place
    near = isinstance(host, (str, bytes)) and event == "socket.connect" and not isinstance(place, tuple)
    if not near and host is not None and not str(host).startswith(LOOPBACK):
        with open(os.environ["GUARD_LOG"], "a") as file:
            file.write(f"{event} {place!r}\\n")
        raise PermissionError(f"{event} {place!r}")


sys.addaudithook(guard)
"""
"""What every Python of a run does first: it lets nothing but loopback and local sockets through, and tells of the rest."""
TRAP = "import os\nopen(os.environ['TRAP_LOG'], 'a').write(__file__)\nraise SystemExit('a trap')\n"
TRAPS = ("pickle", "multiprocessing", "slant", "slant_service", "joblib", "numpy", "json", "runpy", "typer", "socket")
"""Modules of these names lie in the working directory, among the data."""


@dataclass
class Run:
    """One command, in a folder of its own: what came of it, and what it asked for."""

    folder: Path
    code: int
    out: str
    err: str
    trace: list[str]

    @property
    def home(self) -> list[str]:
        """Return what the home has in it afterwards."""
        return _content(self.folder / "home")

    @property
    def left(self) -> list[str]:
        """Return what lies in the folder for temporary files afterwards."""
        return _content(self.folder / "tmp")

    @property
    def trapped(self) -> bool:
        """Tell whether code of the working directory was run."""
        return (self.folder / "traps").exists()

    @property
    def refused(self) -> str:
        """Return what the guard let not through."""
        log = self.folder / "guard"
        return log.read_text() if log.exists() else ""

    def addresses(self) -> set[str]:
        """Return where the trace says that something was sent to: a host, or the path of a local socket."""
        net = [line for line in self.trace if re.match(rf"\d+ +({'|'.join(NET)})\(", line)]
        hosts = {found for line in net for found in re.findall(r'inet_(?:addr|pton)\([^"]*"([^"]+)"', line)}
        return hosts | {found for line in net for found in re.findall(r'sun_path=(@?"[^"]*")', line)}

    def written(self) -> set[Path]:
        """Return the paths that the trace says were made, or opened to be written to."""
        return {path for line in self.trace for path in _written(line, self.folder / "work")}


def _content(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def _written(line: str, working: Path) -> Iterator[Path]:
    call = re.match(r"\d+ +(\w+)\((.*)", line)
    if call is None or call[1] not in WRITING or re.search(r"\) += -1 ", line):
        return
    if call[1].startswith("open") and not re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", call[2]):
        return
    for place, name in re.findall(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"', call[2]):
        yield Path(os.path.normpath(Path(place or working) / name))


class Place:
    """A folder with an empty home, a folder for temporary files, and a working directory with data and traps."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.work = folder, folder / "work"
        for name in ("home", "tmp", "work", "guards"):
            (folder / name).mkdir()
        (folder / "guards" / "sitecustomize.py").write_text(GUARD)
        for name in TRAPS:
            (self.work / f"{name}.py").write_text(TRAP)

    def run(self, *command: str) -> Run:
        """Run a command of Slant's to its end."""
        with self._started(command) as process:
            out, err = process.communicate(timeout=300)
        return self._ended(process.returncode, out, err)

    def serve(self, use: Callable[[int], None]) -> Run:
        """Start the service, give ``use`` its port once it is ready, and end it."""
        lines = list[str]()
        with self._started(("serve", "--port", "0")) as process:
            assert process.stderr is not None
            for line in process.stderr:
                lines.append(line)
                if "Uvicorn running on" in line:
                    use(int(json.loads(line)["event"].split(":")[2].split()[0]))
                    self._main(process).send_signal(signal.SIGTERM)
            process.wait(60)
        return self._ended(process.returncode, "", "".join(lines))

    @contextmanager
    def _started(self, command: tuple[str, ...]) -> Iterator[subprocess.Popen[str]]:
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "SLANT_CACHE": str(self.work / "cache"),
            "PYTHONPATH": str(self.folder / "guards"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "GUARD_LOG": str(self.folder / "guard"),
            "TRAP_LOG": str(self.folder / "traps"),
        }
        slant = [str(Path(sys.executable).parent / "slant"), *command]
        process = subprocess.Popen(
            [*self._tracer(), *slant], cwd=self.work, env=environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                started = psutil.Process(process.pid)
                for one in [*started.children(recursive=True), started]:
                    one.kill()
            process.communicate()

    def _tracer(self) -> list[str]:
        if STRACE is None:
            return []
        calls = ",".join([*NET, *WRITING])
        log = str(self.folder / "trace")
        return [
            STRACE,
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-y",
            "-s",
            "300",
            "-e",
            f"trace={calls}",
            "-e",
            "signal=none",
            "-o",
            log,
        ]

    def _main(self, process: subprocess.Popen[str]) -> psutil.Process:
        """Return the process that was asked for, and not the one that watches it."""
        started = psutil.Process(process.pid)
        return started.children()[0] if STRACE else started

    def _ended(self, code: int, out: str, err: str) -> Run:
        log = self.folder / "trace"
        return Run(self.folder, code, out, err, log.read_text().splitlines() if log.exists() else [])
