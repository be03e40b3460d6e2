"""The endless way: a line of JSON in, a line of JSON out, in order, never more in hand than the workers need."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from pydantic import ValidationError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from slant.errors import SlantError
from slant_service import schemas
from slant_service.body import BodyRefused, ClientGone, parse, pieces
from slant_service.connection import GONE
from slant_service.engine import Engine
from slant_service.errors import invalid, of_slant, problem
from slant_service.jobs import Answered
from slant_service.settings import Settings

MEDIA_TYPE = "application/x-ndjson"
Answer = asyncio.Task[bytes]


class Stream(Response):
    """Reads lines from the request while it writes answers to those before them.

    Between the two is a short line of answers in the making: a client that sends too fast is read no further,
    one that reads too slowly holds up its own lines alone, and one that goes takes all its work with it.
    """

    def __init__(self, engine: Engine, settings: Settings) -> None:
        super().__init__(media_type=MEDIA_TYPE)
        self.engine, self.settings = engine, settings
        self.ahead = 2 * settings.workers + settings.max_batch_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one stream."""
        made = asyncio.Queue[Answer | None](self.ahead)
        try:
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(_watch(scope))
                group.create_task(self._read(pieces(scope, receive, self.settings.idle_stream_s), group, made))
                await asyncio.sleep(0)  # the reader first: a client may wait for the word to continue
                await self._write(made, send)
                watching.cancel()
        except* (ClientGone, TimeoutError):
            pass

    async def _read(
        self, body: AsyncIterator[bytes], group: asyncio.TaskGroup, made: asyncio.Queue[Answer | None]
    ) -> None:
        number = 0
        try:
            async for line in lines(body, self.settings.max_line_bytes):
                number += 1
                if line is None or line.strip():
                    await self.engine.queue.room()
                    await made.put(group.create_task(self._answer(number, line)))
        except BodyRefused as error:
            found = problem(error.status, error.kind, error.detail)
            await made.put(group.create_task(_written(found)))
        await made.put(None)

    async def _write(self, made: asyncio.Queue[Answer | None], send: Send) -> None:
        headers = [(b"content-type", MEDIA_TYPE.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while (answer := await made.get()) is not None:
            body = await answer + b"\n"
            async with asyncio.timeout(self.settings.idle_stream_s):
                await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _answer(self, number: int, line: bytes | None) -> bytes:
        try:
            found = (await self.engine.judge([_request(number, line, self.settings)], line=self))[0]
            return found.body if isinstance(found, Answered) else await _written(found.problem)
        except LineRefused as error:
            return await _written(error.problem)
        except SlantError as error:
            return await _written(of_slant(error))


class LineRefused(Exception):
    """A line is not a request; ``problem`` is what is answered in its place."""

    def __init__(self, problem: schemas.Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


async def lines(body: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes | None]:
    """Yield a body's lines as soon as each is whole; ``None`` in the place of one with more bytes than ``limit``."""
    begun, skipping = b"", False
    async for piece in body:
        *whole, begun = (begun + piece).split(b"\n")
        for line in whole:
            yield None if skipping or len(line) > limit else line
            skipping = False
        if len(begun) > limit:
            begun, skipping = b"", True
    if begun or skipping:
        yield None if skipping else begun


def _request(number: int, line: bytes | None, settings: Settings) -> schemas.Request:
    if line is None:
        said = f"line {number} has more than {settings.max_line_bytes} bytes, which is the limit"
        raise LineRefused(problem(413, "line-too-long", said))
    try:
        return schemas.Request.model_validate(parse(line))
    except json.JSONDecodeError as error:
        raise LineRefused(problem(422, "invalid-request", f"line {number} is not JSON: {error.msg}")) from error
    except ValidationError as error:
        raise LineRefused(invalid(error.errors(), where=f"line {number}: ")) from error


async def _watch(scope: Scope) -> None:
    """Raise ``ClientGone`` once it is so, where the server tells: a client that is read no further says nothing."""
    gone = scope.get("state", {}).get(GONE)
    if gone is not None:
        await gone.wait()
        raise ClientGone


async def _written(found: schemas.Problem) -> bytes:
    return found.model_dump_json().encode()
