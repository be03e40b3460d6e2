"""Stands before the routes: reads a request's body within its limits, and gives work up when the client goes.

A ``Content-Length`` may lie and a chunked body has none: only counting is sure. Streams are let through as
they come; they count their lines themselves.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slant.errors import SlantError
from slant_service.body import BodyRefused, ClientGone, whole
from slant_service.engine import Engine
from slant_service.errors import of_slant, problem, respond, retry_header
from slant_service.settings import Settings

STREAM = "/v1/classify/stream"


class Gate:
    """Serves one request at a time behind its whole body."""

    def __init__(self, app: ASGIApp, engine: Engine, settings: Settings) -> None:
        self.app, self.engine, self.settings = app, engine, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"] == STREAM:
            await self.app(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
            self._admit(scope)
        except ClientGone:
            return
        except BodyRefused as error:
            found = problem(error.status, error.kind, error.detail)
            await respond(found, {"Connection": "close"})(scope, receive, send)
        except SlantError as error:
            await respond(of_slant(error), retry_header(error))(scope, receive, send)
        else:
            await self._while_wanted(scope, body, receive, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        body = await whole(scope, receive, self.settings.max_body_bytes, self.settings.slow_client_s)
        if body and not _is_json(scope):
            raise BodyRefused(415, "not-json", "wanted Content-Type: application/json")
        return body

    def _admit(self, scope: Scope) -> None:
        """Turn an article away before its JSON is read, where none can wait: refusing must cost little."""
        if scope["method"] == "POST" and scope["path"].startswith("/v1/classify") and self.engine.queue.full:
            raise self.engine.busy(1)

    async def _while_wanted(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Serve until the answer is given, or nobody waits for it any more."""
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
