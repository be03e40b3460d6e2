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
from slant_service.auth import Caller
from slant_service.engine import Engine
from slant_service.errors import Busy, TooMany, of_slant, problem, respond, retry_header
from slant_service.fair_queue import Line
from slant_service.http_protocol import CONNECTION
from slant_service.items import problem_of
from slant_service.jobs import Answered
from slant_service.lines import Lines, NumberedLine
from slant_service.request_body import BodyRefused, ClientGone, pieces
from slant_service.settings import Settings
from slant_service.shares import Spent
from slant_service.strict_json import parse_apart

MEDIA_TYPE = "application/x-ndjson"
PLAIN_BYTES = "application/octet-stream"
"""The same lines, for clients that know no other kind of stream, as those that are generated."""
RATE_LOOK = 0.2
"""Seconds between two looks at whether the caller's rate allows the next line."""
Answer = asyncio.Task[bytes]


class Stream(Response):
    """Reads lines from the request while it writes answers to those before them.

    Between the two is a short line of answers in the making: a client that sends too fast is read no further,
    one that reads too slowly holds up its own lines alone, and one that goes takes all its work with it.
    """

    media_type: str

    def __init__(self, engine: Engine, settings: Settings, caller: Caller, media_type: str = MEDIA_TYPE) -> None:
        super().__init__(media_type=media_type)
        self.engine, self.settings, self.caller = engine, settings, caller
        self.ahead = 2 * settings.workers + settings.max_batch_size
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one stream, if one more may be open."""
        try:
            with self.engine.streams.taken(self.caller.name):
                await self._serve(scope, receive, send)
        except Spent:
            self.engine.metrics.shed.labels("too-many-streams").inc()
            error = Busy("too many streams are open", self.engine.queue.seconds_to_empty())
            await respond(of_slant(error), retry_header(error))(scope, receive, send)
        finally:
            self._hold(-self._held)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        made = asyncio.Queue[Answer | None](self.ahead)
        try:
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(_watch(scope))
                body = pieces(scope, receive, self.settings.idle_stream_s, hold=self._force)
                lines = Lines(self.settings.max_line_bytes, self.settings.body_s, self._hold)
                group.create_task(self._read(lines.of(body), group, made))
                await asyncio.sleep(0)  # the reader first: a client may wait for the word to continue
                await self._write(made, send)
                watching.cancel()
        except* (ClientGone, TimeoutError):
            pass

    async def _read(
        self, lines: AsyncIterator[NumberedLine], group: asyncio.TaskGroup, made: asyncio.Queue[Answer | None]
    ) -> None:
        counted = 1  # with the call
        try:
            async for line in lines:
                refused = line.problem if counted else await self._allowed()
                counted = 0
                await made.put(group.create_task(self._answer(line, refused)))
        except BodyRefused as error:
            found = problem(error.status, error.kind, error.detail)
            await made.put(group.create_task(_written(found)))
        await made.put(None)

    async def _allowed(self) -> schemas.Problem | None:
        """Wait until the caller's rate allows one more line; return the problem if that is not soon."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.settings.timeout_s
        while True:
            try:
                await self.caller.spend(1)
                return None
            except TooMany as error:
                if loop.time() > deadline:
                    return of_slant(error)
                await asyncio.sleep(RATE_LOOK)

    async def _write(self, made: asyncio.Queue[Answer | None], send: Send) -> None:
        headers = [(b"content-type", self.media_type.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while (answer := await made.get()) is not None:
            body = await answer + b"\n"
            async with asyncio.timeout(self.settings.idle_stream_s):
                await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _answer(self, line: NumberedLine, refused: schemas.Problem | None) -> bytes:
        try:
            if refused := line.problem or refused:
                return await _written(refused)
            request = await _request(line)
            where = Line(self, self.caller.name, bulk=True)
            await self.engine.queue.room(where)  # and nothing else happens between this and taking it
            found = (await self.engine.judge([request], self.caller.name, self))[0]
            return found.body if isinstance(found, Answered) else await _written(found.problem)
        except LineRefused as error:
            return await _written(error.problem)
        except SlantError as error:
            return await _written(of_slant(error))
        finally:
            self._hold(-len(line.content))

    def _force(self, n: int) -> None:
        """Count bytes that have come, whether or not there is room: no more come before they are looked at."""
        self.engine.pending.add(self.caller.name, n)
        self._held += n

    def _hold(self, n: int) -> None:
        """Count bytes that are held of this stream, or no longer; raises as ``Engine.hold``."""
        self.engine.hold(self.caller.name, n)
        self._held += n


class LineRefused(Exception):
    """A line is not a request; ``problem`` is what is answered in its place."""

    def __init__(self, problem: schemas.Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


async def _request(line: NumberedLine) -> schemas.Request:
    try:
        found = await parse_apart(line.content)
        return schemas.Request.model_validate(found)
    except json.JSONDecodeError as error:
        said = f"line {line.number} is not JSON: {error.msg}"
        raise LineRefused(problem(422, "invalid-request", said)) from error
    except ValidationError as error:
        raise LineRefused(problem_of(error, found, f"line {line.number}: ")) from error


async def _watch(scope: Scope) -> None:
    """Raise ``ClientGone`` once it is so, where the server tells: a client that is read no further says nothing."""
    connection = scope.get("state", {}).get(CONNECTION)
    if connection is not None:
        await connection.gone.wait()
        raise ClientGone


async def _written(found: schemas.Problem) -> bytes:
    return found.model_dump_json().encode()
