"""The application, put together: explicit arguments, nothing happens on import."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

from slant import __version__
from slant_service.admission import Admission
from slant_service.auth import Authorization
from slant_service.engine import Engine, Source, read_source
from slant_service.errors import KINDS, install
from slant_service.head import HeadAsGet
from slant_service.keys import KeyRing
from slant_service.pages import pages
from slant_service.prefix import Prefixed
from slant_service.rates import Rates
from slant_service.routes import admin, probes, v1
from slant_service.settings import Settings
from slant_service.telemetry import ID, Telemetry

DESCRIPTION = """Slant reads a news article and says **what it is about** (IPTC Media Topics) and **where it stands**
(favor, against, neutral, unrelated) toward any target you name, with the sentences that show it.

## Problems

Every error is `application/problem+json` (RFC 9457). Its `type` is one of these, behind `/problems/`:

| type | meaning |
| --- | --- |
""" + "\n".join(f"| `{kind}` | {meaning} |" for kind, meaning in KINDS.items())


def create_app(settings: Settings, source: Source = read_source) -> FastAPI:
    """Return the service; ``source`` is where its workers have their bundles from.

    The bundle is loaded while the service already answers ``/healthz``; ``/readyz`` tells when it is.

    Raises:
        InputError: the keys or the rate limit are not what they must be.
    """
    engine, keys = Engine(settings, source), KeyRing.of(settings)
    engine.metrics.watch(engine, keys)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        background = [asyncio.create_task(engine.start()), asyncio.create_task(keys.keep_fresh())]
        yield
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await engine.stop()

    app: FastAPI = FastAPIOffline(
        title="Slant",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # it is among the pages, with links that hold behind a prefix too
        redoc_url=None,
        redirect_slashes=False,
        routes=[
            *v1.routes,
            *admin.routes,
            *probes.routes,
            *pages.routes,
        ],  # as they are: what each of them declares is looked at
    )
    app.state.engine, app.state.settings, app.state.keys = engine, settings, keys
    install(app)
    routes = app.router.routes
    app.add_middleware(Admission, routes=routes, engine=engine, settings=settings)
    app.add_middleware(Authorization, routes=routes, keys=keys, rates=Rates(settings.rate_limit))
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", ID],
            expose_headers=[ID, "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"],
        )
    app.add_middleware(HeadAsGet)
    app.add_middleware(Telemetry, metrics=engine.metrics)
    app.add_middleware(Prefixed, prefix=settings.root_path)
    return app
