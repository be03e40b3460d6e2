"""Request bodies: read up to a limit that is counted on the bytes received, inflated if they are gzip, then parsed."""

from __future__ import annotations

import asyncio
import json
import math
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

from starlette.datastructures import Headers
from starlette.types import Receive, Scope

PIECE = 65_536
"""Bytes that are inflated at a time."""
_HALF = re.compile(rb"\\u[dD]")
"""Where a body may hold a lone surrogate: it cannot stand in UTF-8, but be written as an escape."""
DEEPEST = 16
"""Levels of nesting that JSON may have; a request has three."""


class BodyRefused(Exception):
    """A body is not read: ``status`` and ``kind`` are those of the problem."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail


class ClientGone(Exception):
    """The client went before its request was whole."""


async def pieces(scope: Scope, receive: Receive, patience: float) -> AsyncIterator[bytes]:
    """Yield a body's bytes as they come, inflated; none may keep the service waiting for longer than ``patience``.

    Raises:
        BodyRefused: the client is too slow, or the body is encoded otherwise than said, or than known.
        ClientGone: the client went.
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
        more = message.get("more_body", False)
        for piece in inflate(message.get("body", b"")):
            yield piece
    if not inflate.whole:
        raise BodyRefused(400, "not-gzip", "the body ends before its gzip does")


async def whole(scope: Scope, receive: Receive, limit: int, patience: float) -> bytes:
    """Return a whole body of at most ``limit`` bytes; errors as ``pieces``, and one for a longer body."""
    read, size = [], 0
    async for piece in pieces(scope, receive, patience):
        size += len(piece)
        if size > limit:
            raise BodyRefused(413, "body-too-large", f"the body has more than {limit} bytes, which is the limit")
        read.append(piece)
    return b"".join(read)


def parse(body: bytes) -> Any:
    """Return what JSON says, as strictly as a contract needs it. No error quotes the body.

    Raises:
        JSONDecodeError: it is not JSON, has a name twice, a number that is none, half a character or too many levels.
    """
    try:
        found = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite)
        if _HALF.search(body):  # looking again at every character is for those that need it
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise _bad("it is not UTF-8") from error
    except UnicodeEncodeError as error:
        raise _bad("a lone surrogate is half a character") from error
    except RecursionError as error:
        raise _bad(f"it has more than {DEEPEST} levels") from error
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        raise _bad("a number has too many digits") from error
    if _depth(found) > DEEPEST:
        raise _bad(f"it has more than {DEEPEST} levels")
    return found


def _bad(said: str) -> json.JSONDecodeError:
    return json.JSONDecodeError(said, "", 0)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _bad("a name stands twice in one object")
    return found


def _no_number(said: str) -> NoReturn:
    raise _bad(f"{said} is no number in JSON")


def _finite(digits: str) -> float:
    found = float(digits)
    if math.isinf(found):
        raise _bad("a number is too large")
    return found


def _depth(value: Any) -> int:
    """Return how many levels of objects and lists there are."""
    level, depth = [value], 0
    while level:
        inner = [one for one in level if isinstance(one, dict | list)]
        level = [x for one in inner for x in (one.values() if isinstance(one, dict) else one)]
        depth += bool(inner)
    return depth


class _Inflater:
    """Inflates gzip as it comes, in pieces of bounded size: a small body may hold a large one."""

    def __init__(self, encoding: str) -> None:
        if encoding not in ("identity", "gzip"):
            raise BodyRefused(415, "unknown-encoding", "wanted Content-Encoding: gzip, or none")
        self._plain = encoding == "identity"
        self._stream = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def whole(self) -> bool:
        """Tell whether what was begun has ended."""
        return self._plain or self._stream.eof

    def __call__(self, piece: bytes) -> Iterator[bytes]:
        """Yield what a piece holds."""
        if self._plain:
            yield piece
            return
        while piece and not self._stream.eof:
            try:
                yield self._stream.decompress(piece, PIECE)
            except zlib.error as error:
                raise BodyRefused(400, "not-gzip", "the body is not the gzip that it says it is") from error
            piece = self._stream.unconsumed_tail
