"""What a stranger can do with bytes alone: heads, trailers, bodies, pipelines and connections have bounds."""

from __future__ import annotations

import re
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from serving import Serving, serving, until
from slant_service.http_protocol import LONGEST_HEAD, MOST_FIELDS
from slant_service.keys import new_key
from slant_service.server import OWN_FILES, _connections

SECRET, KEY = new_key("desk", ["classify"])
HOST = b"Host: x\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST
LAST = b"Connection: close\r\n"
POST = b"POST /v1/classify HTTP/1.1\r\n" + HOST
KNOWN = b"Authorization: Bearer %s\r\nContent-Type: application/json\r\n" % SECRET.encode()
CHUNKED = b"Transfer-Encoding: chunked\r\n"
BODY = b'{"text": "a"}'
PATIENCE = 2.0
MOST = 60


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(
        keys=KEY.line(), slow_client_s=PATIENCE, keep_alive_s=PATIENCE, body_s=1.5, max_connections=MOST
    ) as found:
        yield found


def statuses(answer: bytes) -> list[int]:
    """Return the status of each answer that was given on a connection."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", answer)]


def is_healthy(service: Serving) -> bool:
    return statuses(service.ask(GET + LAST + b"\r\n")) == [200]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (GET + b"a: b\r\n" * MOST_FIELDS, 431),
        (GET + b"a: b\r\n" * (MOST_FIELDS - 2) + LAST, 200),
        (GET + b"a: " + b"x" * LONGEST_HEAD + b"\r\n", 431),
        (GET + b"x" * LONGEST_HEAD + b": a\r\n", 431),
        (b"GET /" + b"x" * 2 * LONGEST_HEAD + b" HTTP/1.1\r\n" + HOST, 431),
        (GET + b"a:b\r\n" * 60_000, 431),
        (b"GET /healthz HTTP/1.1\r\n", 400),
        (GET + HOST, 400),
        (b"GET /healthz HTTP/1.0\r\n", 200),
        (GET + b"Host : x\r\n", 400),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n", 400),
        (POST + b"Transfer-Encoding: chunked, chunked\r\n", 400),
        (POST + CHUNKED + CHUNKED, 400),
        (POST + b"Transfer-Encoding: identity\r\n", 400),
        (POST + b"Transfer-Encoding: \tchunked\x0b\r\n", 400),
        (POST + CHUNKED + b"Content-Length: 3\r\n", 400),
        (POST + b"Content-Length: 3\r\n" + CHUNKED, 400),
        (POST + b"Content-Length: 3\r\nContent-Length: 3\r\n", 400),
        (POST + b"Content-Length: 3, 3\r\n", 400),
        (POST + b"Content-Length: +3\r\n", 400),
        (POST + b"Content-Length: 0x3\r\n", 400),
        (POST + b"Content-Length: -3\r\n", 400),
        (POST + b"Content-Length: 99999999999999999999\r\n", 400),
        (POST + b"X: a\r\n b\r\n", 400),
        (POST + b"X: a\rb\r\n", 400),
        (b"GET /healthz HTTP/1.1\n" + HOST, 400),
        (b"PRI * HTTP/2.0\r\n", 400),
        (b"GET /healthz HTTP/3.7\r\n" + HOST, 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    ],
    ids=lambda found: found[-50:] if isinstance(found, bytes) else None,
)  # fmt: skip
def test_a_head_is_short_and_leaves_no_doubt(service: Serving, head: bytes, status: int) -> None:
    """One answer, and what comes behind it is not looked at."""
    answer = service.ask(head + b"\r\n", b"abc" + GET + LAST + b"\r\n" if status == 400 else b"")
    assert statuses(answer) == [status]
    if status >= 400:
        assert b"content-type: application/problem+json" in answer
    assert is_healthy(service)


@pytest.mark.parametrize("size", [b"-1", b"0x3", b"g", b"10000000000000000", b"3 ", b"+3", b""])
def test_the_size_of_a_chunk_is_a_number(service: Serving, size: bytes) -> None:
    answer = service.ask(POST + KNOWN + CHUNKED + b"\r\n" + size + b"\r\nabc\r\n0\r\n\r\n" + GET + LAST + b"\r\n")
    assert statuses(answer) == [400]


def test_a_trailer_counts_for_nothing(service: Serving) -> None:
    trailer = b"Authorization: Bearer %s\r\n" % SECRET.encode()
    body = b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(BODY), BODY, trailer)
    head = b"Content-Type: application/json\r\n" + CHUNKED
    assert statuses(service.ask(POST + head + LAST + b"\r\n" + body)) == [401]
    assert statuses(service.ask(POST + KNOWN + CHUNKED + LAST + b"\r\n" + body)) == [200]


@pytest.mark.parametrize(
    "more",
    [b"ab: cd\r\n", b"x", b"\r\n"],
    ids=["trailers", "extension", "blank"],
)
def test_what_has_no_end_is_cut(service: Serving, more: bytes) -> None:
    """Trailers of an answered request, an extension of a chunk, blank lines between requests."""
    process = psutil.Process(service.process.pid)
    before = process.memory_info().rss
    start = {
        b"ab: cd\r\n": POST + CHUNKED + b"\r\n0\r\n",
        b"x": POST + CHUNKED + b"\r\n1;",
        b"\r\n": GET + b"\r\n",
    }[more]
    with service.connect() as one:
        one.sendall(start)
        assert one.recv(1_000)
        assert any(_fails(one, more * 20_000) for _ in range(2_000))
    assert process.memory_info().rss < before + 20_000_000


def test_a_body_that_is_not_wanted_is_not_kept(service: Serving) -> None:
    """It is answered without it, and for a moment the connection waits for its end."""
    held = list[socket.socket]()
    try:
        for head in (b"POST /healthz", b"GET /healthz", b"POST /nowhere", b"PUT /v1/classify", b"POST /v1/classify"):
            held.append(service.connect())
            held[-1].sendall(head + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 10000000000\r\n\r\n{")
            assert statuses(held[-1].recv(4_096))[0] in (200, 401, 404, 405)
        until(lambda: sum(_closed(one) for one in held) == len(held), PATIENCE + 10)
    finally:
        for one in held:
            one.close()


def _fails(one: socket.socket, said: bytes) -> bool:
    try:
        one.sendall(said)
    except OSError:
        return True
    return False


def _closed(one: socket.socket) -> bool:
    """Tell whether the other end has closed, after sending a little more."""
    one.settimeout(0.02)
    try:
        one.sendall(b"{")
        return one.recv(1_000) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_an_answer_is_got_though_the_body_was_not_wanted(service: Serving) -> None:
    """A client that first sends all and then reads must not find a closed connection."""
    body = b"x" * 300_000
    for head in (POST, POST + KNOWN.replace(b"application/json", b"text/plain")):
        said = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        answer = service.ask(said, GET + LAST + b"\r\n")
        assert statuses(answer) in ([401, 200], [415, 200])


def test_what_is_half_open_is_closed(service: Serving) -> None:
    """A byte or two after an answer keep a connection no longer than no byte at all would."""
    held = list[socket.socket]()
    try:
        for sent, more in (
            (GET + b"\r\n", b"\r\n"),
            (GET + b"\r\n", b"G"),
            (POST + b"Content-Length: 9\r\n\r\n", b"{"),
        ):
            held.append(service.connect())
            held[-1].sendall(sent)
            assert statuses(held[-1].recv(4_096))
            held[-1].sendall(more)
        began = time.monotonic()
        for one in held:
            while one.recv(4_096):
                pass
        assert time.monotonic() - began < PATIENCE + 10
    finally:
        for one in held:
            one.close()


def test_a_connection_that_has_rested_long_enough_is_closed(service: Serving) -> None:
    with service.connect() as one:
        one.sendall(GET + b"\r\n")
        answer = b""
        while not answer.endswith(b"}"):
            answer += one.recv(4_096)
        assert statuses(answer) == [200]
        began = time.monotonic()
        assert one.recv(1) == b""
        assert PATIENCE - 0.5 < time.monotonic() - began < PATIENCE + 10


def test_a_refusal_is_got_though_the_client_goes_on_sending(service: Serving) -> None:
    with service.connect() as one:
        one.sendall(GET + b"a: " + b"x" * 2 * LONGEST_HEAD)
        assert one.recv(1, socket.MSG_PEEK) == b"H"
        for _ in range(5):
            assert not _fails(one, b"x" * 20_000)
        assert statuses(one.recv(4_096)) == [431]


def test_a_body_has_so_long_in_all(service: Serving) -> None:
    with service.connect() as one:
        one.sendall(POST + KNOWN + b"Content-Length: 1000\r\n\r\n")
        found = list[bytes]()

        def answered() -> bool:
            one.settimeout(0.02)
            try:
                one.sendall(b"{")
                found.append(one.recv(4_096))
            except TimeoutError:
                return False
            return True

        until(answered, 10)
        assert statuses(found[0]) == [408]


def test_requests_of_one_connection_are_answered_in_order(service: Serving) -> None:
    four = b"".join(b"GET /v1/nothing/%d HTTP/1.1\r\n" % n + HOST + b"X-Request-ID: n%d\r\n\r\n" % n for n in range(4))
    answer = service.ask(four, GET + LAST + b"\r\n")
    assert statuses(answer) == [404, 404, 404, 404, 200]
    assert re.findall(rb"x-request-id: (n\d)", answer) == [b"n0", b"n1", b"n2", b"n3"]


def test_one_connection_may_not_send_ahead_without_end(service: Serving) -> None:
    found = statuses(service.ask((GET + b"\r\n") * 500))
    assert 1 <= len(found) < 50
    assert set(found) == {200}


def test_what_cannot_be_read_does_not_spoil_the_answer_before_it(service: Serving) -> None:
    call = POST + KNOWN + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    assert statuses(service.ask(call + b"\x00nonsense\r\n\r\n")) == [200]


def test_nothing_in_a_body_that_was_not_wanted_is_run(service: Serving) -> None:
    inner = GET + LAST + b"\r\n"
    assert statuses(service.ask(POST + b"Content-Length: 1000\r\n\r\n" + inner)) == [401]
    outer = POST + CHUNKED + b"\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner)
    assert statuses(service.ask(outer + inner)) == [401, 200]


@pytest.mark.parametrize(
    "body",
    [
        b"9" * 3_900_000,
        b'{"text": "a", "targets": [' + b",".join([b'"b"'] * 900_000) + b"]}",
        b"[" + b",".join([b'{"text":"a"}'] * 300_000) + b"]",
        b'{"text": "a", "id": "' + b"x" * 3_900_000 + b'"}',
        b'{"text": "a", "' + b"x" * 3_900_000 + b'": 1}',
        b'{"text": "a", "coverage": 1e400}',
        b"[" * 3_900_000,
        b"[" + b"[]," * 1_300_000 + b"[]]",
        b'"' + b"\\n" * 1_900_000 + b'"',
        b'"' + b"\\" * 3_900_001,
        b" " * 3_900_000,
    ],
    ids=[
        "digits",
        "targets",
        "articles",
        "id",
        "field",
        "infinite",
        "open",
        "lists",
        "escapes",
        "backslashes",
        "blank",
    ],
)
def test_a_large_body_that_is_wrong_is_refused_at_once(service: Serving, body: bytes) -> None:
    began = time.monotonic()
    for path in (b"/v1/classify", b"/v1/classify/batch"):
        head = POST.replace(b"/v1/classify", path) + KNOWN + LAST + b"Content-Length: %d\r\n\r\n" % len(body)
        answer = service.ask(head + body)
        assert statuses(answer) == [422]
        assert len(answer) < 10_000
    assert time.monotonic() - began < 30


def test_no_line_of_the_log_is_torn_and_none_holds_what_the_caller_wrote(service: Serving) -> None:
    before = len(service.log)
    for name in (b"SECRET", b"a\tSECRET", b"\xff\xfeSECRET", b'","level":"SECRET"', b"x" * 129, b"{SECRET}", b""):
        for said in (
            b"GET /SECRET?SECRET HTTP/1.1\r\n" + HOST,
            b"GET /%0aSECRET%0d%1b[2J HTTP/1.1\r\n" + HOST,
            POST + KNOWN + b"Content-Length: 15\r\n",
            POST + b"Authorization: Bearer SECRET\r\n",
        ):
            found = service.ask(said + b"X-Request-ID: " + name + b"\r\n" + LAST + b"\r\n" + b'{"SECRET": {{}}}')
            assert statuses(found)
    until(lambda: len(service.log) >= before + 28)
    assert not [line for line in service.log if "not json" in line]
    assert [line for line in service.log[before:] if "SECRET" in str(line) and line.get("request") != "SECRET"] == []


def test_redirects_lead_nowhere(service: Serving) -> None:
    for path in (b"/healthz/", b"/metrics/", b"/docs/", b"/v1/topics/", b"//healthz", b"/static-offline-docs"):
        answer = service.ask(b"GET " + path + b" HTTP/1.1\r\nHost: evil.example\r\n" + KNOWN + LAST + b"\r\n")
        assert statuses(answer)[0] in (404, 405)
        assert b"evil.example" not in answer


def test_static_files_are_those_of_the_page(service: Serving) -> None:
    for way in (
        b"../core.py",
        b"%2e%2e/core.py",
        b"..%2fcore.py",
        b"../../../../../../etc/passwd",
        b"//etc/passwd",
        b"%00",
    ):
        answer = service.ask(b"GET /static-offline-docs/" + way + b" HTTP/1.1\r\n" + HOST + LAST + b"\r\n")
        assert statuses(answer)[0] in (400, 404, 405)


def test_an_upgrade_is_not_made(service: Serving) -> None:
    for protocol in (b"websocket", b"h2c"):
        upgrade = b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\nSec-WebSocket-Key: aaaa\r\n"
        assert statuses(service.ask(GET + upgrade + b"Sec-WebSocket-Version: 13\r\n\r\n")) == [200]


def test_the_oldest_idle_connection_gives_way(service: Serving) -> None:
    held = list[socket.socket]()
    try:
        for _ in range(3 * MOST):
            held.append(service.connect())
            held[-1].sendall(b"GET /healthz HTTP/1.1\r\nHo")
        assert is_healthy(service)
        main = psutil.Process(service.process.pid)
        assert sum(one.status == "ESTABLISHED" for one in main.net_connections()) <= MOST + 1
    finally:
        for one in held:
            one.close()


def test_a_large_page_that_is_never_read_is_not_kept(service: Serving) -> None:
    main = psutil.Process(service.process.pid)
    until(lambda: len(main.net_connections()) < 5)
    held = list[socket.socket]()
    try:
        for _ in range(20):
            held.append(socket.socket())
            held[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            held[-1].connect(("127.0.0.1", service.port))
            held[-1].sendall(b"GET /static-offline-docs/swagger-ui-bundle.js HTTP/1.1\r\n" + HOST + b"\r\n")
        until(lambda: len(main.net_connections()) < 5, PATIENCE * 10)
        assert is_healthy(service)
    finally:
        for one in held:
            one.close()


def test_a_system_without_the_mark_of_a_half_closed_socket_has_another() -> None:
    """macOS has no POLLRDHUP."""
    code = "import select; vars(select).pop('POLLRDHUP', 0); from slant_service import http_protocol as p; print(p.HUNG_UP)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(found.stdout) == select.POLLHUP


@pytest.mark.skipif(not hasattr(select, "POLLRDHUP"), reason="the system tells it otherwise")
def test_a_client_that_goes_while_it_is_read_no_further_is_noticed(service: Serving) -> None:
    """Though nothing is written to it, at which it would be noticed too."""
    with service.client(headers={"Authorization": f"Bearer {SECRET}"}) as client:
        until(lambda: "slant_streams 0.0" in client.get("/metrics").text)
        with service.connect() as one:
            one.sendall(POST.replace(b"classify", b"classify/stream") + KNOWN + CHUNKED + b"\r\n")
            lines = b'{"text": "UNTIL /nowhere/at/all"}\n' * 5_000
            one.sendall(b"%x\r\n%s\r\n" % (len(lines), lines))
            assert one.recv(4_096).startswith(b"HTTP/1.1 200 ")
        until(lambda: "slant_streams 0.0" in client.get("/metrics").text)


@pytest.mark.parametrize(("soft", "hard", "wanted", "most"), [(64, 64, 1_000, 32), (1_024, 1_024, 1_000, 896),
                                                             (1_024, 4_096, 1_000, 1_000), (4_096, 4_096, 10, 10)])  # fmt: skip
def test_there_are_no_more_connections_than_descriptors(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, wanted: int, most: int
) -> None:
    found = [soft]
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: found.append(limits[0]))
    assert _connections(wanted) == most
    assert most + OWN_FILES <= found[-1] or most <= found[-1] // 2 or most < OWN_FILES
