"""Who may come in: a key with the scope that the path wants, and not more often than its rate allows."""

from __future__ import annotations

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slant_service.errors import problem, respond
from slant_service.keys import KeyRing
from slant_service.rates import Allowance, Rates
from slant_service.schemas import Problem

log = structlog.get_logger()
ANONYMOUS = "anonymous"


class Door:
    """Stands before the body is read: a stranger's bytes are not worth waiting for."""

    def __init__(self, app: ASGIApp, keys: KeyRing, rates: Rates) -> None:
        self.app, self.keys, self.rates = app, keys, rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        wanted = _scope_of(scope["path"]) if scope["type"] == "http" else None
        if wanted is None:
            await self.app(scope, receive, send)
            return
        found = self._enter(Headers(scope=scope), wanted)
        if isinstance(found, Problem):
            await respond(found, _challenge(found))(scope, receive, send)
            return
        scope.setdefault("state", {})["key"] = found
        allowance = await self.rates.take(found) if wanted == "classify" else None
        await self._counted(allowance, scope, receive, send)

    def _enter(self, headers: Headers, wanted: str) -> str | Problem:
        """Return the caller's name, or why it may not come in."""
        if not self.keys.closed:
            return ANONYMOUS if wanted != "admin" else problem(403, "forbidden", "without keys nobody is an admin")
        kind, _, secret = headers.get("authorization", "").partition(" ")
        key = self.keys.find(secret.strip()) if kind.lower() == "bearer" else None
        if key is None:
            return problem(401, "no-key", "wanted Authorization: Bearer and a key that is in force")
        if wanted != "any" and wanted not in key.scopes:
            return problem(403, "forbidden", f"this path wants a key with the scope {wanted}")
        return key.name

    async def _counted(self, allowance: Allowance | None, scope: Scope, receive: Receive, send: Send) -> None:
        if allowance is None:
            await self.app(scope, receive, send)
            return
        if not allowance.granted:
            found = problem(429, "too-many-requests", f"this key may call {allowance.limit} times in its window")
            await respond(found, allowance.headers)(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(allowance.headers)
            await send(message)

        await self.app(scope, receive, told)


def _scope_of(path: str) -> str | None:
    """Return the scope that a path wants: any key will do for metrics, and none is wanted for probes and pages."""
    if path.startswith("/v1/admin"):
        return "admin"
    if path.startswith("/v1/"):
        return "classify"
    return "any" if path == "/metrics" else None


def _challenge(found: Problem) -> dict[str, str]:
    return {"WWW-Authenticate": "Bearer"} if found.status == 401 else {}
