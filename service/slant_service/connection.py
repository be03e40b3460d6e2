"""uvicorn's connections, with patience that ends, and an eye on clients that vanish."""

from __future__ import annotations

import asyncio
import select
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

GONE = "gone"
"""Under this name a request's state holds an event that is set once its client is gone."""
LOOK = 0.5
"""Seconds between two looks at a client that is read no further."""


def impatient(patience: float) -> type[HttpToolsProtocol]:
    """Return a protocol that closes a connection whose request's head is not whole in ``patience`` seconds."""

    class Impatient(HttpToolsProtocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._gone = asyncio.Event()
            self._looking = self.loop.call_later(LOOK, self._look)
            self._waiting = self.loop.call_later(patience, transport.close)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self.scope["state"][GONE] = self._gone
            self._waiting.cancel()
            self._waiting = self.loop.call_later(patience, self.transport.close)

        def on_headers_complete(self) -> None:
            self._waiting.cancel()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._gone.set()
            self._waiting.cancel()
            self._looking.cancel()
            super().connection_lost(exc)

        def _look(self) -> None:
            """Notice a client that went while it was read no further: the loop does not listen to it then."""
            if self.flow.read_paused and _hung_up(self.transport.get_extra_info("socket")):
                self.transport.abort()
            self._looking = self.loop.call_later(LOOK, self._look)

    return Impatient


def _hung_up(client: socket.socket) -> bool:
    look = select.poll()
    look.register(client.fileno(), select.POLLRDHUP)
    return bool(look.poll(0))
