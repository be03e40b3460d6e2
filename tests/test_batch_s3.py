"""Batch scoring from and to an object store: a real S3 server on loopback, which at times fails, or is slow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import fsspec
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from slant.batch.locks import lease
from slant.errors import Changed, DataError, Incomplete, Locked
from test_batch import ROWS, cut, jsonl, parquet, run

pytestmark = pytest.mark.usefixtures("kept_judge")
App = Callable[[dict[str, Any], Any], Iterable[bytes]]
NO_PATH = "\0"
"""Is in no path."""
LEASE = 0.4
"""Seconds: short, so that tests end."""


@dataclass
class Moody:
    """An S3 server that answers 500 to every so many-th request whose path holds a word, and takes its time."""

    app: App
    word: str = NO_PATH
    every: int = 1
    slow: float = 0.0
    asked: int = 0
    failed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environment: dict[str, Any], respond: Any) -> Iterable[bytes]:
        threading.Event().wait(self.slow)
        with self.lock:
            mine = self.word in environment["PATH_INFO"]
            self.asked += mine
            fails = mine and self.asked % self.every == 0
            self.failed += fails
        if not fails:
            return self.app(environment, respond)
        environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
        respond("500 Internal Server Error", [("Content-Type", "application/xml")])
        return [b"<Error><Code>InternalError</Code></Error>"]

    def behave(self) -> None:
        self.word, self.slow, self.every, self.asked, self.failed = NO_PATH, 0.0, 1, 0, 0


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Moody, int]]:
    moody = Moody(DomainDispatcherApplication(create_backend_app))
    serving = make_server("127.0.0.1", 0, moody, threaded=True)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield moody, serving.server_port
    serving.shutdown()
    thread.join()
    serving.server_close()


@pytest.fixture
def moody(server: tuple[Moody, int], monkeypatch: pytest.MonkeyPatch) -> Moody:
    found, port = server
    found.behave()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "2",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def bucket(moody: Moody, request: pytest.FixtureRequest) -> str:
    """Return a bucket of the test's own, with input in it."""
    name = "".join(letter for letter in request.node.name if letter.isalnum()).lower()[:60]
    fs = fsspec.filesystem("s3")
    fs.mkdir(name)
    fs.pipe_file(f"{name}/in/a.jsonl", jsonl(ROWS[:20]))
    fs.pipe_file(f"{name}/in/b.parquet", parquet(ROWS[20:]))
    return f"s3://{name}"


def parts(out: str) -> dict[str, bytes]:
    fs = fsspec.filesystem("s3")
    fs.invalidate_cache()
    root = out.removeprefix("s3://")
    return {path.removeprefix(root): fs.cat_file(path) for path in fs.find(root) if "part-" in path}


@pytest.mark.parametrize("workers", [1, 2])
def test_input_and_output_in_a_store(workers: int, bucket: str) -> None:
    found = run(f"{bucket}/in", f"{bucket}/out", workers=workers)
    assert (found.tally.rows, found.pieces) == (40, len(parts(f"{bucket}/out")))
    assert run([f"{bucket}/in/*"], f"{bucket}/out").before == found.pieces


def test_a_store_that_fails_now_and_then_and_is_slow(bucket: str, moody: Moody) -> None:
    run(f"{bucket}/in", f"{bucket}/whole")
    moody.word, moody.every, moody.slow = "/out/", 5, 0.005
    run(f"{bucket}/in", f"{bucket}/out")
    assert moody.failed > 2  # of two tries at the same, never both
    assert parts(f"{bucket}/out") == parts(f"{bucket}/whole")


def test_a_store_that_fails_for_good_ends_the_run_which_goes_on_later(bucket: str, moody: Moody) -> None:
    run(f"{bucket}/in", f"{bucket}/whole")
    moody.word = "out/part-000002"
    with pytest.raises(Incomplete, match=r"1 pieces are not done: .*InternalError"):
        run(f"{bucket}/in", f"{bucket}/out")
    moody.behave()
    assert run(f"{bucket}/in", f"{bucket}/out").before == len(parts(f"{bucket}/whole")) - 1
    assert parts(f"{bucket}/out") == parts(f"{bucket}/whole")


def test_input_that_is_put_anew_is_another(bucket: str) -> None:
    cut(f"{bucket}/in", f"{bucket}/out")
    fsspec.filesystem("s3").pipe_file(f"{bucket}/in/a.jsonl", jsonl(ROWS[:19]))
    with pytest.raises(Changed, match=r"input files changed: .*/in/a\.jsonl"):
        run(f"{bucket}/in", f"{bucket}/out")


def test_a_store_without_such_input(bucket: str) -> None:
    with pytest.raises(DataError, match=r"nothing\.jsonl: no such file"):
        run(f"{bucket}/nothing.jsonl", f"{bucket}/out")


def test_a_lock_is_held_by_the_living_and_not_by_the_dead(bucket: str) -> None:
    fs, path = fsspec.filesystem("s3"), f"{bucket}/out/_lock"
    with lease(fs, path, LEASE), pytest.raises(Locked, match="another run is at work there"), lease(fs, path, LEASE):
        raise AssertionError
    assert not fs.exists(path)
    fs.pipe_file(path, b"someone who is dead")
    with lease(fs, path, LEASE):
        assert fs.exists(path)
    assert not fs.exists(path)
