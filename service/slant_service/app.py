"""The application, put together: explicit arguments, nothing happens on import."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from slant import __version__
from slant.inference.classifier import Classifier
from slant_service.engine import Engine
from slant_service.errors import install
from slant_service.middleware import Gate
from slant_service.routes import probes, v1
from slant_service.settings import Settings

DESCRIPTION = """Slant reads a news article and says **what it is about** (IPTC Media Topics) and **where it stands**
(favor, against, neutral, unrelated) toward any target you name, with the sentences that show it."""


def create_app(settings: Settings, loader: Callable[[], Classifier] | None = None) -> FastAPI:
    """Return the service; ``loader`` gives another classifier than that of ``settings.bundle``.

    The bundle is loaded while the service already answers ``/healthz``; ``/readyz`` tells when it is.
    """
    engine = Engine(settings, loader)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(engine.start())
        yield
        loading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await loading

    app: FastAPI = FastAPIOffline(
        title="Slant", version=__version__, description=DESCRIPTION, lifespan=lifespan, redoc_url=None
    )
    app.state.engine = engine
    app.include_router(v1)
    app.include_router(probes)
    install(app)
    app.add_middleware(Gate, max_body_bytes=settings.max_body_bytes)
    return app
