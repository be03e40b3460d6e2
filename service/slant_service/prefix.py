"""A prefix under which a proxy shows the service, whether the proxy cuts it off or leaves it on."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class Prefixed:
    """Has paths begin with the prefix, as ASGI wants them to."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app, self.prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and self.prefix:
            path: str = scope["path"]
            scope["root_path"] = self.prefix
            scope["path"] = path if path.startswith(f"{self.prefix}/") else self.prefix + path
        await self.app(scope, receive, send)
