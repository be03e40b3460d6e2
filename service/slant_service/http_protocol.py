"""uvicorn's connections, each bounded in bytes, number and time: what is unread, unasked or idle costs next to nothing.

A caller without a key meets nothing but this, so all of it holds before memory is spent.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from slant_service.errors import problem

CONNECTION = "connection"
"""Under this name a request's state holds its connection."""
MOST_FIELDS = 100
"""Header fields that a request may have."""
LONGEST_HEAD = 65_536
"""Bytes that may come in a row without ending a head or adding to a body: trailers, blank lines, chunk extensions."""
MOST_PIPELINED = 4
"""Requests that may wait behind one that is in work on the same connection."""
LARGE_READ = 65_536
"""Bytes read at once after which other connections have their turn first."""
HUNG_UP = getattr(select, "POLLRDHUP", select.POLLHUP)  # macOS has the second only
TOO_LARGE = (431, "head-too-large", f"a request's head has at most {LONGEST_HEAD} bytes and {MOST_FIELDS} fields")
STRANGE = (400, "bad-request", "the request is not HTTP/1.1 as RFC 9112 describes it")


class _Refused(Exception):
    """A head is not accepted. The parser passes it on as an error of its own."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. ``since`` is when it was opened, or last answered; ``begun`` when more came after that."""

    patience: float
    """Seconds that a request's head may take, the first one of a connection from its opening on."""
    keep_alive: float
    """Seconds that a connection may rest after an answer."""
    most: int
    """Connections above which the one that has been idle for longest gives way."""

    def connection_made(self, transport: Any) -> None:
        """Take the connection in, in the place of an idle one if there are too many."""
        super().connection_made(transport)
        self.gone = asyncio.Event()
        self.since = self.loop.time()
        self.begun: float | None = self.since
        self._in_head, self._deaf, self._head_size, self._unproductive, self._answer = False, False, 0, 0, STRANGE
        if len(self.connections) > self.most:
            idle = (one for one in self.connections if isinstance(one, BoundedProtocol) and not one.in_work)
            min(idle, key=lambda one: one.since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever works for this connection that nobody waits for it."""
        self.gone.set()
        super().connection_lost(exc)

    @property
    def in_work(self) -> bool:
        """Tell whether a request has come in full head and is not yet answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def sweep(self, now: float) -> None:
        """Close the connection if it has been idle for too long, or if its client is gone."""
        if self.in_work and not self.transport.is_closing():
            if self.flow.read_paused and _hung_up(self.transport):  # the loop does not listen to it then
                self.transport.abort()
        elif now > (self.since + self.keep_alive if self.begun is None else self.begun + self.patience):
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read what has come, and no more in a row than other connections can wait for."""
        if self._deaf:
            return
        self._unproductive += len(data)
        if self.begun is None and not self.in_work:
            self.begun = self.loop.time()
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unproductive > LONGEST_HEAD:
            self._answer = TOO_LARGE
            self.send_400_response("")
        elif len(data) >= LARGE_READ and not self.flow.read_paused:
            self.flow.pause_reading()
            self.loop.call_soon(self._read_on)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head, self._head_size = True, 0
        if len(self.pipeline) >= MOST_PIPELINED:
            self._refuse(*STRANGE)
        super().on_message_begin()
        self.scope["state"][CONNECTION] = self

    def on_url(self, url: bytes) -> None:
        """Take some of the path."""
        self._head_size += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head; one of a trailer counts for nothing."""
        if not self._in_head:
            return
        self._head_size += len(name) + len(value)
        if len(self.headers) >= MOST_FIELDS or self._head_size > LONGEST_HEAD:
            self._refuse(*TOO_LARGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to work on the request, if its head leaves no doubt about where it ends and whom it is for."""
        hosts = _values(self.headers, b"host")
        if len(hosts) != 1 and not (not hosts and self.parser.get_http_version() == "1.0"):
            self._refuse(400, "bad-request", f"wanted one Host field, got {len(hosts)}")
        if _values(self.headers, b"transfer-encoding") not in ([], [b"chunked"]):
            self._refuse(400, "bad-request", "wanted Transfer-Encoding: chunked, or none")
        super().on_headers_complete()
        self._in_head, self._unproductive = False, 0
        self.flow.pause_reading()  # until the application wants the body, or has answered

    def on_body(self, body: bytes) -> None:
        """Take some of a body."""
        self._unproductive = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of this one's body, which is not kept."""
        self.since, self._unproductive = self.loop.time(), 0
        self.begun = self.since if self._in_head else None
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read; a request that came before it is answered first, and is then the last."""
        in_head, in_work = self._in_head, self.in_work
        if in_head and in_work:
            self.cycle.keep_alive = False
        elif in_head or (in_work and not self.pipeline and not self.cycle.response_started):
            self._say(*self._answer)
        else:
            self.transport.abort()

    def _say(self, status: int, kind: str, detail: str) -> None:
        body = problem(status, kind, detail).model_dump_json().encode()
        fields = b"content-type: application/problem+json\r\nconnection: close\r\n"
        self.transport.write(STATUS_LINE[status] + fields + b"content-length: %d\r\n\r\n" % len(body) + body)
        if self.in_work:
            self.transport.close()
        else:  # a client that still sends would lose the answer if its bytes found a closed socket
            self.transport.write_eof()
            self._deaf, self.since = True, self.loop.time()
            self.begun = self.since

    def _refuse(self, status: int, kind: str, detail: str) -> None:
        self._answer = (status, kind, detail)
        raise _Refused

    def _read_on(self) -> None:
        if not self.transport.is_closing():
            self.flow.resume_reading()


def bounded_protocol(patience: float, keep_alive: float, most: int) -> type[BoundedProtocol]:
    """Return the protocol of ``most`` connections.

    Parameters
    ----------
    patience
        Seconds that a request's head may take.
    keep_alive
        Seconds that a connection may rest after an answer.
    most
        How many there may be; above that, the one that has been idle for longest gives way.
    """
    limits = {"patience": patience, "keep_alive": keep_alive, "most": most}
    return type("BoundedProtocol", (BoundedProtocol,), limits)


def sweep(connections: Iterable[Any], now: float) -> None:
    """Close connections that are idle for too long, or whose clients are gone."""
    for connection in list(connections):
        connection.sweep(now)


def _values(fields: Iterable[tuple[bytes, bytes]], wanted: bytes) -> list[bytes]:
    return [value.strip().lower() for name, value in fields if name == wanted]


def _hung_up(transport: Any) -> bool:
    look = select.poll()
    look.register(transport.get_extra_info("socket").fileno(), HUNG_UP)
    return bool(look.poll(0))
