"""HEAD is answered as GET is, without the body: load balancers and monitors ask so whether a service is well."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Lets what is behind it see GET only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def bare(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        scope.setdefault("state", {})  # shared with the copy
        asked = {**scope, "method": "GET"}
        try:
            await self.app(asked, receive, bare)
        finally:
            if "route" in asked:
                scope["route"] = asked["route"]
