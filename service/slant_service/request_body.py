"""Request bodies: read up to a limit that is counted on the bytes received, inflated if they are gzip."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable

from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from slant_service.apart import apart

Hold = Callable[[int], None]
PIECE = 65_536
"""Bytes that are inflated at a time."""
MOST_INFLATED = 100
"""Times its size that gzip may inflate to, beyond ``PIECE``; text inflates to three to ten times."""


class BodyRefused(Exception):
    """A body is not read: ``status`` and ``kind`` are those of the problem."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail

    def __reduce__(self) -> tuple[type[BodyRefused], tuple[int, str, str]]:
        return type(self), (self.status, self.kind, self.detail)


class ClientGone(Exception):
    """The client went before its request was whole."""


async def pieces(
    scope: Scope, receive: Receive, patience: float, most: int | None = None, hold: Hold = lambda n: None
) -> AsyncIterator[bytes]:
    """Yield a body's bytes as they come, inflated; other requests have their turn between them.

    Parameters
    ----------
    patience
        Seconds that the client may take between two pieces.
    most
        Bytes that may come, before they are inflated; any number of them if not given.
    hold
        Is told of bytes that come before they are looked at, and of fewer than none when they have been.

    Raises
    ------
    BodyRefused
        The client is too slow, too much comes, or the body is encoded otherwise than said, or than known.
    ClientGone
        The client went.
    """
    inflate = _Inflater(Headers(scope=scope).get("content-encoding", "identity").strip().lower())
    more = True
    while more:
        try:
            async with asyncio.timeout(patience):
                message = await receive()
        except TimeoutError:
            raise BodyRefused(408, "too-slow", f"no more of the body came for {patience:g} seconds") from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        more, body = message.get("more_body", False), message.get("body", b"")
        hold(len(body))
        async for piece in inflate.pieces(body):
            yield piece
            await asyncio.sleep(0)
        hold(-len(body))
        if most is not None and inflate.received > most:
            raise _too_large(most)
    if not inflate.whole:
        raise BodyRefused(400, "not-gzip", "the body ends before its gzip does")


async def whole(
    scope: Scope,
    receive: Receive,
    limit: int,
    patience: float,
    seconds: float = 60.0,
    hold: Hold = lambda n: None,
) -> bytes:
    """Return a whole body.

    Parameters
    ----------
    limit
        Bytes that it may have, before and after it is inflated.
    patience
        Seconds that the client may take between two pieces.
    seconds
        Seconds that it may take for all of it.
    hold
        Is told of bytes before they are kept, also as in ``pieces``; what it raises is passed on.

    Raises
    ------
    BodyRefused
        As ``pieces``; or the body has more than ``limit`` bytes.
    ClientGone
        The client went.
    """
    read = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in pieces(scope, receive, patience, limit, hold):
                if len(read) + len(piece) > limit:
                    raise _too_large(limit)
                hold(len(piece))
                read += piece
    except TimeoutError:
        raise BodyRefused(408, "too-slow", f"the body was not whole within {seconds:g} seconds") from None
    return bytes(read)


def _too_large(limit: int) -> BodyRefused:
    return BodyRefused(413, "body-too-large", f"the body has more than {limit} bytes, which is the limit")


class _Inflater:
    """Inflates gzip as it comes, member after member, in pieces of bounded size: a small body may hold a large one."""

    def __init__(self, encoding: str) -> None:
        if encoding not in ("identity", "gzip"):
            raise BodyRefused(415, "unknown-encoding", "wanted Content-Encoding: gzip, or none")
        self._plain = encoding == "identity"
        self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self.received, self._inflated = 0, 0

    @property
    def whole(self) -> bool:
        """Tell whether what was begun has ended."""
        return self._plain or self._member.eof

    async def pieces(self, piece: bytes) -> AsyncIterator[bytes]:
        """Yield what a piece holds."""
        self.received += len(piece)
        while piece and self._plain:
            yield piece[:PIECE]
            piece = piece[PIECE:]
        while piece:
            inflated, piece = await apart(self._inflate, piece)
            if inflated:
                yield inflated

    def _inflate(self, piece: bytes) -> tuple[bytes, bytes]:
        """Return some of what a piece holds, and what is left of the piece."""
        if self._member.eof:
            self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            inflated = self._member.decompress(piece, PIECE)
        except zlib.error as error:
            raise BodyRefused(400, "not-gzip", "the body is not the gzip that it says it is") from error
        self._inflated += len(inflated)
        if self._inflated > MOST_INFLATED * self.received + PIECE:
            raise BodyRefused(413, "body-too-large", f"the body inflates to more than {MOST_INFLATED} times its size")
        return inflated, self._member.unused_data if self._member.eof else self._member.unconsumed_tail
