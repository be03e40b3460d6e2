"""Nothing leaves the machine, nothing is written but what was asked for, and no code comes out of a folder of data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from observed import STRACE, Place, Run
from serving import until
from support import SAMPLES, read_samples

TARGET = "the referee"
LISTENER = re.compile(r'@?"(.*/tmp/pymp-\w+/)?listener-')
"""The local socket between Slant's own processes, abstract or in a folder for temporary files."""
DEVICES = tuple(Path("/dev") / name for name in ("null", "shm", "tty"))


def classify(place: Place) -> Run:
    return place.run("classify", str(SAMPLES / "08_football.txt"), "--target", TARGET, "--sources", "--json")


def score(place: Place) -> Run:
    rows = ({"id": sample.name, "text": sample.text} for sample in read_samples()[:3])
    (place.work / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place.run("score", "rows.jsonl", "--out", "asked", "--target", TARGET, "--workers", "2", "--quiet")


def train(place: Place) -> Run:
    texts = {"sport": "The striker scored in minute {n}.", "sailing": "The yacht crossed the bay in {n} hours."}
    rows = [{"text": text.format(n=n), "label": label} for n in range(30) for label, text in texts.items()]
    (place.work / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place.run("train", "topic", "rows.jsonl", "--out", "asked", "--name", "own")


def serve(place: Place) -> Run:
    def use(port: int) -> None:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            until(lambda: client.get("/readyz").status_code == 200, 120)
            answer = client.post(
                "/v1/classify", json={"text": read_samples()[7].text, "targets": [TARGET], "sources": True}
            )
            assert answer.status_code == 200

    return place.serve(use)


@pytest.fixture(scope="module", params=[classify, score, train, serve], ids=lambda run: run.__name__)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return what came of a command."""
    start: Callable[[Place], Run] = request.param
    return start(Place(tmp_path_factory.mktemp("place")))


def test_it_does_what_was_asked(run: Run) -> None:
    assert run.code == 0, run.err[-2000:]


def test_nothing_is_left_at_home_or_among_temporary_files(run: Run) -> None:
    assert run.home == []
    assert run.left == []


def test_no_code_of_the_working_directory_is_run(run: Run) -> None:
    assert not run.trapped


def test_python_connects_to_nobody(run: Run) -> None:
    assert run.refused == ""


@pytest.mark.skipif(STRACE is None, reason="strace cannot be used: what libraries do is not seen")
def test_no_library_connects_to_anybody(run: Run) -> None:
    assert run.trace
    strange = {place for place in run.addresses() if not place.startswith(("127.", "::1"))}
    assert not {place for place in strange if not LISTENER.match(place)}


@pytest.mark.skipif(STRACE is None, reason="strace cannot be used: what libraries do is not seen")
def test_nothing_else_is_written(run: Run) -> None:
    asked = (run.folder / "work", run.folder / "tmp", *DEVICES)
    strange = {path for path in run.written() if not any(path.is_relative_to(place) for place in asked)}
    assert not strange
