"""Who may call what: every route says which scope it needs, and what says nothing is closed.

``Authorization`` looks at the key before anything of the request's body is read; ``api_key`` is how a route declares
what it needs, how the description shows it, and how a route learns who calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Security, params
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.security.base import SecurityBase
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slant_service.errors import TooMany, of_slant, problem, respond, retry_header
from slant_service.keys import KeyRing
from slant_service.rates import Allowance, Rates
from slant_service.schemas import Problem

PUBLIC = frozenset({"/", "/healthz", "/readyz", "/docs", "/openapi.json", "/static-offline-docs"})
"""Paths that are open to everybody; every other one needs a key, once there are keys."""
ANONYMOUS = "anonymous"
CALLER = "caller"
"""Under this name a request's state holds its caller."""


@dataclass(slots=True)
class Caller:
    """Who calls, by the name of the key, and what the rate of that key leaves."""

    name: str
    rates: Rates
    allowance: Allowance | None = None

    async def spend(self, articles: int) -> None:
        """Count articles.

        Raises
        ------
        TooMany
            The rate does not allow so many now.
        """
        self.allowance = await self.rates.take(self.name, articles)
        if self.allowance is not None and not self.allowance.granted:
            said = f"this key may have {self.allowance.limit} articles in its window"
            raise TooMany(said, self.allowance.headers)


class ApiKey(SecurityBase):
    """A bearer key, as FastAPI declares, describes and injects it."""

    def __init__(self) -> None:
        self.model = BearerModel(description="A key, where the service has keys.")
        self.scheme_name = "key"

    async def __call__(self, request: Request) -> Caller:
        """Return the caller that ``Authorization`` has let in; without one the route stays closed."""
        found: Caller = request.scope["state"][CALLER]
        return found


api_key = ApiKey()
Calling = Annotated[Caller, Depends(api_key)]


def needs(*scopes: str) -> Any:
    """Return the dependency of routes that need a key with these scopes; with none of them, any key will do."""
    return Security(api_key, scopes=scopes)


def scopes_of(route: BaseRoute) -> frozenset[str] | None:
    """Return the scopes that a route declares, ``None`` if it declares nothing."""
    declared = [
        one
        for one in getattr(route, "dependencies", ())
        if isinstance(one, params.Security) and one.dependency is api_key
    ]
    return frozenset(scope for one in declared for scope in one.scopes or ()) if declared else None


def route_of(routes: Sequence[BaseRoute], scope: Scope) -> tuple[BaseRoute | None, bool]:
    """Return the route that answers a request, and whether it takes the request's method."""
    found = None
    for route in routes:
        match, _ = route.matches(scope)
        if match is Match.FULL:
            return route, True
        if match is Match.PARTIAL and found is None:
            found = route
    return found, False


class Authorization:
    """Lets a request through that its route is open to. ``routes`` are the application's own."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute], keys: KeyRing, rates: Rates) -> None:
        self.app, self.routes, self.keys, self.rates = app, routes, keys, rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        route, _ = route_of(self.routes, scope)
        if route is None or getattr(route, "path", None) in PUBLIC:  # where there is no route there is nothing to guard
            await self.app(scope, receive, send)
            return
        found = self._enter(Headers(scope=scope), scopes_of(route))
        if isinstance(found, Problem):
            await respond(found, {"WWW-Authenticate": "Bearer"} if found.status == 401 else None)(scope, receive, send)
            return
        scope.setdefault("state", {})[CALLER] = found
        try:
            if "classify" in (scopes_of(route) or ()):
                await found.spend(1)
        except TooMany as error:
            await respond(of_slant(error), retry_header(error))(scope, receive, send)
        else:
            await self.app(scope, receive, _telling(found, send))

    def _enter(self, headers: Headers, wanted: frozenset[str] | None) -> Caller | Problem:
        """Return who calls, or why they may not come in; ``wanted`` is what the route declares."""
        if not self.keys.closed:
            if wanted is None or "admin" in wanted:
                return problem(403, "forbidden", "without keys nobody is an admin")
            return Caller(ANONYMOUS, self.rates)
        kind, _, secret = headers.get("authorization", "").partition(" ")
        key = self.keys.find(secret.strip()) if kind.lower() == "bearer" else None
        if key is None:
            return problem(401, "no-key", "wanted Authorization: Bearer and a key that is in force")
        if wanted is None or not wanted <= key.scopes:
            return problem(403, "forbidden", f"this path needs a key with the scope {', '.join(wanted or ['(none)'])}")
        return Caller(key.name, self.rates)


def _telling(caller: Caller, send: Send) -> Send:
    """Return a ``send`` that adds to the answer what the caller's rate leaves."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start" and caller.allowance is not None:
            MutableHeaders(scope=message).update(caller.allowance.headers)
        await send(message)

    return telling
