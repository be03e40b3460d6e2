"""What stands between a known caller and a route: its share of places and bytes, its body, and who still waits.

A ``Content-Length`` may lie and a chunked body has none: only counting is sure. A body is read only where the route
takes one. Streams are let through as they come; they count their lines themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slant.errors import SlantError
from slant_service.auth import CALLER, PUBLIC, Caller, route_of
from slant_service.engine import Engine
from slant_service.errors import Busy, of_slant, problem, respond, retry_header
from slant_service.http_protocol import CONNECTION
from slant_service.request_body import BodyRefused, ClientGone, whole
from slant_service.settings import Settings
from slant_service.shares import Shares, Spent, most_of_one

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
STREAM = "/v1/classify/stream"
MOST_PAGES = 32
"""Requests for open pages, such as those of the description, that are served at a time."""
SENT_AT_ONCE = 65_536
"""Bytes of an answer that are handed on before the client has taken those before them."""


class Admission:
    """Serves a request behind its whole body, for as long as somebody waits for the answer."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute], engine: Engine, settings: Settings) -> None:
        self.app, self.routes, self.engine, self.settings = app, routes, engine, settings
        places = max(1, settings.max_connections * 3 // 4)
        self.places = Shares(places, most_of_one(places) if settings.has_keys else None)
        self.pages = Shares(MOST_PAGES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        route, takes_method = route_of(self.routes, scope)
        path = getattr(route, "path", None)
        if path in PROBES:
            await self.app(scope, receive, send)
            return
        public = route is None or path in PUBLIC
        caller = "" if public else scope["state"][CALLER].name
        try:
            with (self.pages if public else self.places).taken(caller):
                await self._serve(route if takes_method else None, scope, receive, send)
        except Spent:
            self.engine.metrics.shed.labels("too-many-requests").inc()
            await _respond(Busy("too many requests are in hand"), scope, receive, send)
        except ClientGone:
            return

    async def _serve(self, route: BaseRoute | None, scope: Scope, receive: Receive, send: Send) -> None:
        if getattr(route, "path", None) == STREAM:
            await self.app(scope, receive, send)
            return
        paced = _paced(scope, send, self.settings.slow_client_s)
        if getattr(route, "body_field", None) is None:
            await self.app(scope, receive, paced)
        else:
            await self._with_body(getattr(route, "path", ""), scope, receive, paced)

    async def _with_body(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        caller: Caller = scope["state"][CALLER]
        held = 0

        def hold(n: int) -> None:
            nonlocal held
            self.engine.hold(caller.name, n)
            held += n

        try:
            self._refuse_early(path, scope)
            settings = self.settings
            body = await whole(scope, receive, settings.max_body_bytes, settings.slow_client_s, settings.body_s, hold)
            await self._while_wanted(scope, body, receive, send)
        except BodyRefused as error:
            await respond(problem(error.status, error.kind, error.detail))(scope, receive, send)
        except SlantError as error:
            await _respond(error, scope, receive, send)
        finally:
            self.engine.pending.give(caller.name, held)

    def _refuse_early(self, path: str, scope: Scope) -> None:
        """Turn a request away before its body is read, where it would be for nothing: refusing must cost little."""
        if not _is_json(scope):
            raise BodyRefused(415, "not-json", "wanted Content-Type: application/json")
        if path.startswith("/v1/classify") and self.engine.queue.full:
            raise self.engine.busy(1)

    async def _while_wanted(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Serve until the answer is taken, or nobody waits for it any more."""
        answering = asyncio.ensure_future(self.app(scope, _replay(body), send))
        watching = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({answering, watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watching.cancel()
            if not answering.done():
                answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering


def _paced(scope: Scope, send: Send, patience: float) -> Send:
    """Return a ``send`` that hands on a long answer bit by bit, and gives a client up that does not take it."""

    async def paced(message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        while len(body) > SENT_AT_ONCE:
            await once({**message, "body": body[:SENT_AT_ONCE], "more_body": True})
            body = body[SENT_AT_ONCE:]
        await once({**message, "body": body, "more_body": more} if body else message)

    async def once(message: Message) -> None:
        try:
            async with asyncio.timeout(patience):
                await send(message)
        except TimeoutError:
            if (connection := scope.get("state", {}).get(CONNECTION)) is not None:
                connection.transport.abort()
                await connection.gone.wait()
            raise ClientGone from None

    return paced


async def _respond(error: SlantError, scope: Scope, receive: Receive, send: Send) -> None:
    await respond(of_slant(error), retry_header(error))(scope, receive, send)


def _is_json(scope: Scope) -> bool:
    kind = Headers(scope=scope).get("content-type", "").split(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _replay(body: bytes) -> Receive:
    """Return a ``receive`` that gives the whole body once, then waits: who goes is watched elsewhere."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            await asyncio.Event().wait()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
