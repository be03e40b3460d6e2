"""uvicorn, with patience that ends, a shutdown that first finishes what is in work, and a signal to load anew."""

from __future__ import annotations

import asyncio
import gc
import signal
from types import FrameType
from typing import Any

import structlog
import uvicorn

from slant.errors import SlantError
from slant_service.app import create_app
from slant_service.connection import impatient
from slant_service.engine import Engine, Source, read_source
from slant_service.keys import KeyRing
from slant_service.settings import Settings

log = structlog.get_logger()


class Server(uvicorn.Server):
    """Told to end, it refuses what comes anew with 503 until what is in work is done; told twice, it ends at once."""

    def __init__(self, settings: Settings, source: Source = read_source) -> None:
        self.app = create_app(settings, source)
        self.settings = settings
        self._ending: asyncio.Task[None] | None = None
        super().__init__(
            uvicorn.Config(
                self.app,
                host=settings.host,
                port=settings.port,
                http=impatient(settings.slow_client_s),
                access_log=False,
                log_config=None,
                server_header=False,
                limit_concurrency=settings.max_connections,
                timeout_graceful_shutdown=5,
            )
        )

    @property
    def engine(self) -> Engine:
        """Return the application's engine."""
        engine: Engine = self.app.state.engine
        return engine

    async def startup(self, sockets: Any = None) -> None:
        """Listen, and take SIGHUP for the wish to load the bundle and the keys again."""
        await super().startup(sockets)
        _shorten_pauses()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Finish first; at the second signal, or where nothing runs yet, end."""
        if self._ending is not None or not self.started:
            super().handle_exit(sig, frame)
            return
        loop = self.servers[0].get_loop()
        self._ending = loop.create_task(self._finish(sig, frame))
        loop.call_soon_threadsafe(lambda: None)  # a signal alone does not wake the loop

    async def _finish(self, sig: int, frame: FrameType | None) -> None:
        log.info("ending", drain_s=self.settings.drain_s)
        await self.engine.drain()
        super().handle_exit(sig, frame)

    def _reload(self) -> None:
        self._reloading = asyncio.create_task(self._load_again())

    async def _load_again(self) -> None:
        keys: KeyRing = self.app.state.keys
        try:
            keys.refresh()
            about = await self.engine.swap(self.settings.bundle)
            log.info("loaded again", bundle=about.model.name, sha256=about.model.sha256)
        except SlantError as error:
            log.error("nothing has changed", reason=str(error))


def _shorten_pauses() -> None:
    """Keep the collection of garbage from holding up answers.

    What was imported is looked through no more; what is young, in smaller lots; everything, a tenth as often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 5, 200)
