"""What happens when things break: workers killed, bundles deleted, clients that stall, vanish or come in thousands."""

from __future__ import annotations

import concurrent.futures
import json
import signal
import socket
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx2
import psutil
import pytest

from serving import INSTALLED, Serving, serving, until

HEAD = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(workers=2, slow_client_s=0.5, timeout_s=20, max_connections=200) as found:
        yield found


def post(client: httpx2.Client, text: str, **more: object) -> httpx2.Response:
    return client.post("/v1/classify", json={"text": text, **more})


def hold(client: httpx2.Client, gate: Path) -> httpx2.Response:
    """Keep a worker until the gate is there, with an article so large that it goes alone."""
    return post(client, f"UNTIL {gate} {'x' * 20_000}")


def test_a_worker_killed_under_load_costs_no_answer_and_comes_back(service: Serving) -> None:
    with service.client() as client, concurrent.futures.ThreadPoolExecutor(8) as threads:
        before = service.workers()
        asked = {f"n{n}": threads.submit(post, client, "WORK 20", id=f"n{n}") for n in range(60)}
        until(lambda: asked["n5"].done())
        before[0].send_signal(signal.SIGKILL)
        answers = {name: one.result() for name, one in asked.items()}
        assert [a.json()["id"] for a in answers.values() if a.status_code == 200] == list(answers)
        until(lambda: len(service.workers()) == 2 and before[0].pid not in {w.pid for w in service.workers()})
        until(lambda: "slant_workers 2.0" in client.get("/metrics").text)


def test_an_idle_worker_killed_is_replaced_before_it_is_needed(service: Serving) -> None:
    with service.client() as client:
        for worker in service.workers():
            worker.send_signal(signal.SIGKILL)
        assert post(client, "a").status_code == 200


def test_an_article_that_kills_workers_is_given_up_and_its_neighbours_are_not(service: Serving) -> None:
    with service.client() as client:
        answers = client.post("/v1/classify/batch", json=[{"text": x} for x in ("a", "DIE", "b", "c")]).json()
    assert [answer.get("status", 200) for answer in answers] == [200, 500, 200, 200]


def tasks_of(client: httpx2.Client) -> float:
    return float(client.get("/metrics").text.split("\nslant_tasks ")[1].split()[0])


def test_a_failure_stays_with_its_article_and_out_of_the_log(service: Serving) -> None:
    with service.client() as client:
        answers = client.post("/v1/classify/batch", json=[{"text": x} for x in ("FAIL SECRET", "BLANK", "b")]).json()
    assert [answer.get("type") for answer in answers] == ["/problems/internal", "/problems/unreadable-article", None]
    assert "SECRET" not in json.dumps([answers, service.log])
    until(lambda: any("RuntimeError" in line["place"] for line in service.said("the model failed")))


def test_probes_do_not_wait_behind_work(service: Serving, tmp_path: Path) -> None:
    with service.client() as client, concurrent.futures.ThreadPoolExecutor(8) as threads:
        held = [threads.submit(hold, client, tmp_path / "go") for _ in range(6)]
        until(lambda: "slant_queue_articles 4.0" in client.get("/metrics").text)
        for path in ("/healthz", "/readyz", "/metrics"):
            assert client.get(path).status_code == 200
        assert not any(one.done() for one in held)
        (tmp_path / "go").touch()
        assert {one.result().status_code for one in held} == {200}


def test_a_client_that_goes_takes_its_work_out_of_the_queue(service: Serving, tmp_path: Path) -> None:
    with service.client() as client, concurrent.futures.ThreadPoolExecutor(8) as threads:
        held = [threads.submit(hold, client, tmp_path / "go") for _ in range(2)]
        until(lambda: "slant_workers_busy 2.0" in client.get("/metrics").text)
        gone = service.connect()
        body = json.dumps([{"text": "DIE"}] * 64).encode()
        gone.sendall(HEAD.replace(b"classify", b"classify/batch") + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        until(lambda: "slant_queue_articles 64.0" in client.get("/metrics").text)
        gone.close()
        until(lambda: "slant_queue_articles 0.0" in client.get("/metrics").text)
        (tmp_path / "go").touch()
        assert {one.result().status_code for one in held} == {200}


@pytest.mark.parametrize(
    "sent", [b"", b"POST /v1/cl", HEAD, HEAD + b"X-Slow: "], ids=["nothing", "path", "head", "name"]
)
def test_a_client_that_stalls_in_its_head_is_cut(service: Serving, sent: bytes) -> None:
    with service.connect() as slow:
        slow.sendall(sent)
        assert slow.recv(1_000) == b""


def test_a_client_that_stalls_in_its_body_is_told_and_cut(service: Serving) -> None:
    with service.connect() as slow:
        slow.sendall(HEAD + b'Content-Length: 100\r\n\r\n{"text"')
        assert slow.recv(1_000).startswith(b"HTTP/1.1 408 ")


def test_thousands_of_connections_opened_and_dropped_leave_nothing_behind(service: Serving) -> None:
    process = psutil.Process(service.process.pid)
    with service.client() as client:
        assert post(client, "a").status_code == 200
        before, tasks = process.num_fds(), tasks_of(client)
        for n in range(10_000):
            with socket.create_connection(("127.0.0.1", service.port)) as one:
                if n % 3:
                    one.sendall(HEAD[: n % len(HEAD)])
        until(lambda: process.num_fds() <= before + 1)
        until(lambda: tasks_of(client) <= tasks)
        assert post(client, "a").status_code == 200


def test_what_is_in_work_ends_well_and_what_comes_anew_is_refused(tmp_path: Path) -> None:
    with serving(drain_s=20) as service, service.client() as client, service.client() as late:
        assert late.get("/readyz").status_code == 200
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            held = threads.submit(post, client, f"UNTIL {tmp_path / 'go'}")
            until(lambda: "slant_batch_articles_count 1.0" in late.get("/metrics").text)
            service.process.send_signal(signal.SIGTERM)
            until(lambda: late.get("/readyz").status_code == 503)
            assert late.get("/healthz").status_code == 200
            assert post(late, "a").status_code == 503
            (tmp_path / "go").touch()
            assert held.result().status_code == 200
        assert service.process.wait(20) in (0, -signal.SIGTERM)


def test_work_that_does_not_end_is_given_up_when_the_time_to_drain_is(tmp_path: Path) -> None:
    threads = concurrent.futures.ThreadPoolExecutor(1)
    with serving(drain_s=0.3) as service, service.client() as client, threads:
        held = threads.submit(post, client, f"UNTIL {tmp_path / 'never'}")
        until(lambda: len(service.workers()) == 1 and "slant_batch_articles_count 1.0" in client.get("/metrics").text)
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(30)
        assert held.result().status_code == 503


def test_an_idle_stream_does_not_hold_up_the_end() -> None:
    """What was asked on it is answered."""
    with serving() as service, service.connect() as stream:
        stream.sendall(b"POST /v1/classify/stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        stream.sendall(b'e\r\n{"text": "a"}\n\r\n')
        with stream.makefile("rb") as answers:
            until(lambda: b'"label"' in answers.readline() or b'"language"' in answers.readline())
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(20) in (0, -signal.SIGTERM)


HOSTILE = ("multiprocessing", "pickle", "json", "numpy", "slant", "slant_service", "struct", "_posixsubprocess", "site")


def test_nothing_of_the_working_directory_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by the service nor by a process that it starts, also when a worker is replaced; nor does SIGHUP end it.

    Nor does it need a home.
    """
    monkeypatch.delenv("HOME", raising=False)
    for name in HOSTILE:
        (tmp_path / f"{name}.py").write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n")
    asking = threading.Thread(target=_hang_up, args=(str(tmp_path),))
    asking.start()
    with serving(INSTALLED, folder=tmp_path) as service, service.client() as client:
        asking.join()
        assert post(client, "a").status_code == 200
        for worker in service.workers():
            worker.send_signal(signal.SIGKILL)
        assert post(client, "a").status_code == 200
        programs = psutil.Process(service.process.pid).children(recursive=True)
        assert {one.environ().get("PYTHONSAFEPATH") for one in programs} == {"1"}
    assert not (tmp_path / "ran").exists()


def _hang_up(folder: str) -> None:
    """Send SIGHUP to the service of a folder, as soon as it has begun to start and again until it is up."""

    def begun() -> list[psutil.Process]:
        mine = psutil.Process().children()
        return [one for one in mine if one.cwd() == folder and one.children()]

    sent = count()

    def send() -> bool:
        for one in begun():
            one.send_signal(signal.SIGHUP)
            return next(sent) > 20
        return False

    until(send, 60)
