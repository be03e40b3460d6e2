"""The client for programs that do something else meanwhile (asyncio)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, Self

import httpx2

from slant_service.client.calls import (
    NOTHING,
    Batch,
    Found,
    Given,
    Patience,
    batches,
    lines,
    problems_of,
    read_many,
    read_model,
    read_one,
    requests_of,
    settings_of,
    unreachable,
    written,
)
from slant_service.schemas import Answer, Model, Problem


class AsyncClient:
    """Calls one service. Close it, or use it in an ``async with``."""

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        timeout: float = 60.0,
        patience: Patience | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        try:
            self._http = httpx2.AsyncClient(transport=transport, **settings_of(base_url, key, timeout))
        except (httpx2.InvalidURL, ValueError, TypeError) as error:
            raise unreachable(base_url, error) from error
        self._patience = patience or Patience()

    async def classify(self, **request: Any) -> Answer:
        """Classify one article; arguments and errors as ``Client.classify``."""
        return read_one(await self._post("/v1/classify", written(request)))

    async def classify_many(self, requests: Iterable[Given | Problem], *, ahead: int = 2) -> AsyncIterator[Found]:
        """Yield for each article its answer or problem, in order; arguments and errors as ``Client.classify_many``."""
        under_way = deque[asyncio.Task[list[Found]]]()
        try:
            for batch in batches(requests):
                under_way.append(asyncio.create_task(self._ask(batch)))
                if len(under_way) >= ahead:
                    for found in await under_way.popleft():
                        yield found
            while under_way:
                for found in await under_way.popleft():
                    yield found
        finally:
            for call in under_way:
                call.cancel()

    def classify_file(self, file: str | Path, *, ahead: int = 2) -> AsyncIterator[Found]:
        """Yield for each line of a JSON Lines file its answer or problem; as ``Client.classify_file``."""
        return self.classify_many(lines(Path(file)), ahead=ahead)

    async def model(self) -> Model:
        """Return what the service says of its bundle; errors as ``Client.classify``."""
        answer, failure = await self._try("GET", "/v1/model")
        if answer is None:
            raise unreachable(self._http.base_url, failure) from failure
        return read_model(answer)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(self, batch: Batch) -> list[Found]:
        wanted = requests_of(batch)
        return read_many(await self._post("/v1/classify/batch", wanted), batch) if wanted else problems_of(batch)

    async def _post(self, path: str, content: Any) -> httpx2.Response:
        for attempt in self._patience.attempts:
            answer, failure = await self._try("POST", path, content)
            wait = self._patience.wait(attempt, answer, failure)
            if answer is not None and (answer.is_success or wait is None):
                return answer
            if answer is None and wait is None:
                raise unreachable(self._http.base_url, failure) from failure
            await asyncio.sleep(wait or 0.0)
        raise AssertionError  # the last attempt waits for nothing

    async def _try(self, method: str, path: str, content: Any = None) -> tuple[httpx2.Response | None, Exception]:
        """Return the answer, or ``None`` and why there is none."""
        try:
            return await self._http.request(method, path, json=content), NOTHING
        except (httpx2.HTTPError, httpx2.InvalidURL, RuntimeError) as error:  # the last where it is closed
            return None, error
