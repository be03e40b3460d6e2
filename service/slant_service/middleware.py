"""What stands before every route: the limit on bytes, the content type, the last net under errors."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slant_service.errors import log_failure, problem, respond
from slant_service.schemas import Problem


class Gate:
    """Reads a request's body up to a limit, counted on the bytes received, and hands it on in one piece.

    A ``Content-Length`` may lie and a chunked body has none: only counting is sure. Whatever fails
    behind it is answered as a problem, and logged without the caller's text.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await self._read(receive)
        refused = self._refusal(scope, body)
        if refused is not None:
            await respond(refused, {"Connection": "close"})(scope, receive, send)
            return
        await self._serve(scope, _replay(body or b"", receive), send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            log_failure(error)
            if not started:
                await respond(problem(500, "internal", "the service failed"))(scope, receive, send)

    async def _read(self, receive: Receive) -> bytes | None:
        """Return the body, or ``None`` once it is longer than the limit."""
        pieces, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            piece = message.get("body", b"")
            size += len(piece)
            if size > self.max_body_bytes:
                return None
            pieces.append(piece)
            more = message.get("more_body", False)
        return b"".join(pieces)

    def _refusal(self, scope: Scope, body: bytes | None) -> Problem | None:
        if body is None:
            limit = self.max_body_bytes
            return problem(413, "body-too-large", f"the body has more than {limit} bytes, which is the limit")
        if scope["method"] == "POST" and not _is_json(scope):
            return problem(415, "not-json", "wanted Content-Type: application/json")
        return None


def _is_json(scope: Scope) -> bool:
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    kind = kinds[0].split(b";")[0].strip().lower() if kinds else b""
    return kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that gives the whole body once, then whatever else comes."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
