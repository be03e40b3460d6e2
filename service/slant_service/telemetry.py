"""The outermost layer: every request gets an id, a line in the log, its place in the metrics, headers on its answer."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slant_service.errors import log_failure, problem, respond
from slant_service.metrics import Metrics

log = structlog.get_logger()
ID = "X-Request-ID"
_FITTING = re.compile(r"[\w.:-]{1,128}", re.ASCII)
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths that are asked for every few seconds, and not worth a line each."""
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
}


class Telemetry:
    """Whatever fails behind it is answered as a problem, and logged without the caller's text."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, name = time.monotonic(), _request_id(scope)
        status = 499  # nobody was there any more to be answered

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update({ID: name, **SECURITY})
            await send(message)

        with structlog.contextvars.bound_contextvars(request=name):
            try:
                await self._answered(scope, receive, watched)
            finally:
                self._note(scope, status, time.monotonic() - began)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            log_failure(error)
            if not started:
                await respond(problem(500, "internal", "the service failed"))(scope, receive, send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        self.metrics.requests.labels(route, str(status)).inc()
        self.metrics.latency.labels(route).observe(seconds)
        if route not in QUIET:
            key = scope.get("state", {}).get("key")
            log.info(
                "answered", method=scope["method"], route=route, status=status, ms=round(seconds * 1e3, 1), key=key
            )


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get(ID, "")
    return given if _FITTING.fullmatch(given) else uuid.uuid4().hex
