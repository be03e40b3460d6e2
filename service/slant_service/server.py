"""uvicorn, with bounded connections, a shutdown that first finishes what is in work, and a signal to load anew."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import math
import resource
import signal
from types import FrameType
from typing import Any

import structlog
import uvicorn

from slant.errors import SlantError
from slant_service.app import create_app
from slant_service.engine import Engine, Source, read_source
from slant_service.errors import ChangeUnderWay
from slant_service.http_protocol import bounded_protocol, sweep
from slant_service.settings import Settings

log = structlog.get_logger()
LOOK = 0.5
"""Seconds between two looks at all connections."""
LARGE = 8_000_000
"""Bytes of bodies in hand after which, once they are gone, their memory is given back to the system."""
OWN_FILES = 128
"""Descriptors that are kept for what is no connection: workers, listening, the loop."""


class Server(uvicorn.Server):
    """Told to end, it refuses what comes anew with 503 until what is in work is done; told twice, it ends at once."""

    def __init__(self, settings: Settings, source: Source = read_source) -> None:
        self.app = create_app(settings, source)
        self.settings = settings
        self._ending: asyncio.Task[None] | None = None
        self._reloading: asyncio.Task[None] | None = None
        self._again = False
        super().__init__(
            uvicorn.Config(
                self.app,
                host=settings.host,
                port=settings.port,
                http=bounded_protocol(
                    settings.slow_client_s, settings.keep_alive_s, _connections(settings.max_connections)
                ),
                timeout_keep_alive=math.ceil(settings.keep_alive_s),
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=5,
            )
        )

    @property
    def engine(self) -> Engine:
        """Return the application's engine."""
        engine: Engine = self.app.state.engine
        return engine

    async def startup(self, sockets: Any = None) -> None:
        """Listen, and take SIGHUP for the wish to load the bundle again."""
        await super().startup(sockets)
        _shorten_pauses()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
        self._sweeping = asyncio.create_task(self._sweep())

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

    async def _sweep(self) -> None:
        most = 0
        while True:
            await asyncio.sleep(LOOK)
            sweep(self.server_state.connections, asyncio.get_running_loop().time())
            most = max(most, self.engine.pending.held)
            if most > LARGE and self.engine.pending.held < most // 8:
                most = 0
                _give_memory_back()

    def _reload(self) -> None:
        self._again = True
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._load_again())

    async def _load_again(self) -> None:
        """Load what stands there now, as often as that may have changed since it was last read."""
        while self._again:
            await self.engine.settled()
            self._again = False
            try:
                about = await self.engine.swap(self.settings.bundle)
                log.info("loaded again", bundle=about.model.name, sha256=about.model.sha256)
            except ChangeUnderWay:
                self._again = True
            except SlantError as error:
                log.error("nothing has changed", reason=str(error))


def _connections(wanted: int) -> int:
    """Return how many connections there may be: those wanted, if the system lets the process open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OWN_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft < needed:
            most = max(8, soft - OWN_FILES, soft // 2)
            log.warning("fewer connections than wanted, for want of descriptors", wanted=wanted, connections=most)
            return most
    return wanted


def _give_memory_back() -> None:
    """Have the C library return what it keeps for later, where it is one that can (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _shorten_pauses() -> None:
    """Keep the collection of garbage from holding up answers.

    What was imported is looked through no more; what is young, in smaller lots; everything, a tenth as often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 5, 200)
