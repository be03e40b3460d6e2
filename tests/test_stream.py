"""The stream: line by line, in order, as they are ready, in constant memory, and gone when the client goes."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from serving import Serving, serving, until

START = b"POST /v1/classify/stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(max_line_bytes=2_000, max_pending_bytes=1_000_000, max_body_bytes=1_000_000, max_streams=4) as found:
        yield found


class Lines:
    """A client that writes and reads lines of one stream as it pleases."""

    def __init__(self, service: Serving) -> None:
        self.socket = service.connect()
        self.socket.sendall(START)
        self._file = self.socket.makefile("rb")
        self._read = self._answers()

    def send(self, *lines: object) -> None:
        for line in lines:
            body = (line if isinstance(line, str) else json.dumps(line)).encode() + b"\n"
            self.socket.sendall(b"%x\r\n%s\r\n" % (len(body), body))

    def end(self) -> None:
        self.socket.sendall(END)

    def next(self) -> Any:
        return next(self._read)

    def rest(self) -> list[Any]:
        return list(self._read)

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def _answers(self) -> Iterator[Any]:
        file = self._file
        assert file.readline() == b"HTTP/1.1 200 OK\r\n"
        while file.readline().strip():
            pass
        while size := int(file.readline(), 16):
            yield json.loads(file.read(size))
            file.readline()


@pytest.fixture
def lines(service: Serving) -> Iterator[Lines]:
    found = Lines(service)
    yield found
    found.close()


def test_answers_come_in_order_and_a_bad_line_has_a_problem_in_its_place(lines: Lines) -> None:
    lines.send({"id": "1", "text": "WORK 50"}, {"id": "2", "text": "a"}, "{", "", {"text": 3}, "x" * 3_000)
    lines.send({"id": "7", "text": "FAIL"}, {"id": "8", "text": "a", "targets": ["b"]})
    lines.end()
    found = lines.rest()
    assert [one.get("id") for one in found] == ["1", "2", None, None, None, "7", "8"]
    assert [one.get("status") for one in found] == [None, None, 422, 422, 413, 500, None]
    assert "line 3 is not JSON" in found[2]["detail"]
    assert found[3]["errors"][0]["field"] == "text"
    assert found[6]["stances"][0]["label"] == "neutral"


def test_each_line_is_answered_before_the_next_is_sent(lines: Lines) -> None:
    for n in range(5):
        lines.send({"id": str(n), "text": "a"})
        assert lines.next()["id"] == str(n)
    lines.end()
    assert lines.rest() == []


def test_a_client_that_does_not_read_is_read_no_further(service: Serving, lines: Lines) -> None:
    """What it may send ahead is what fits into buffers, however much it sends; memory stays where it was."""
    process = psutil.Process(service.process.pid)
    lines.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    lines.socket.settimeout(2)
    before = process.memory_info().rss
    sent = sent_ahead(lines, 200_000)
    assert 10 < sent < 200_000
    assert process.memory_info().rss < before + 30_000_000


def sent_ahead(lines: Lines, most: int) -> int:
    """Return how many lines can be sent while none is read."""
    for sent in range(most):
        try:
            lines.send({"id": "x" * 190, "text": "a"})
        except TimeoutError:
            return sent
    return most


def test_a_long_stream_takes_constant_memory(service: Serving, lines: Lines) -> None:
    process = psutil.Process(service.process.pid)
    sizes = []
    for n in range(3_000):
        lines.send({"id": str(n), "text": "a" * 500})
        assert lines.next()["id"] == str(n)
        if n % 1_000 == 999:
            sizes.append(process.memory_info().rss)
    lines.end()
    assert sizes[-1] <= sizes[0] * 1.02


def test_a_client_that_goes_frees_everything_at_once(service: Serving, tmp_path: Path) -> None:
    process = psutil.Process(service.process.pid)
    with service.client() as client:
        assert client.get("/healthz").status_code == 200
        before = process.num_fds()
        gone = Lines(service)
        gone.send(*[{"text": f"UNTIL {tmp_path / 'go'}"}] * 30)
        until(lambda: "slant_queue_articles 0.0" not in client.get("/metrics").text)
        gone.close()
        until(lambda: "slant_queue_articles 0.0" in client.get("/metrics").text)
        (tmp_path / "go").touch()
        until(lambda: process.num_fds() <= before)
        assert client.post("/v1/classify", json={"text": "a"}).status_code == 200


def test_only_so_many_streams_are_open(service: Serving) -> None:
    with service.client() as client:
        until(lambda: "slant_streams 0.0" in client.get("/metrics").text)
        held = [Lines(service) for _ in range(4)]
        for one in held:
            one.send({"text": "a"})
            assert one.next()["language"] == "en"
        refused = client.post("/v1/classify/stream", content=b'{"text": "a"}\n')
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/busy")
        assert int(refused.headers["retry-after"]) > 0
        assert client.post("/v1/classify", json={"text": "a"}).status_code == 200
        for one in held:
            one.close()
        until(lambda: "slant_streams 0.0" in client.get("/metrics").text)
        assert client.post("/v1/classify/stream", content=b'{"text": "a"}\n').status_code == 200


def test_what_a_stream_holds_is_counted_and_given_back(service: Serving, tmp_path: Path) -> None:
    with service.client() as client:
        stream = Lines(service)
        text = f"UNTIL {tmp_path / 'go'} " + "x" * 900
        stream.send(*[{"text": text}] * 5)

        def held() -> float:
            return float(client.get("/metrics").text.split("\nslant_pending_bytes ")[1].split()[0])

        until(lambda: held() > 4_500)
        (tmp_path / "go").touch()
        stream.end()
        assert len(stream.rest()) == 5
        until(lambda: held() == 0)
        stream.close()


def test_a_line_with_more_than_it_seems_is_refused_in_its_place(lines: Lines) -> None:
    """Lists upon lists, as many as fit into a line, cost no more than any other line that is wrong."""
    lines.send({"id": "1", "text": "a"}, "[" + ",".join(["[[]]"] * 300) + "]", "[" * 1_900, {"id": "4", "text": "a"})
    lines.end()
    assert [one.get("status", one.get("id")) for one in lines.rest()] == ["1", 422, 422, "4"]
