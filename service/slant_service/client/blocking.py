"""The client for programs that wait for their answers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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


class Client:
    """Calls one service. Safe to share between threads; close it, or use it in a ``with``."""

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        timeout: float = 60.0,
        patience: Patience | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        try:
            self._http = httpx2.Client(transport=transport, **settings_of(base_url, key, timeout))
        except (httpx2.InvalidURL, ValueError, TypeError) as error:
            raise unreachable(base_url, error) from error
        self._patience = patience or Patience()

    def classify(self, **request: Any) -> Answer:
        """Classify one article; arguments are the fields of a request: ``text``, ``title``, ``targets``, ...

        Raises
        ------
        RequestInvalid
            An argument is not what a request holds.
        Unreachable
            The service cannot be reached, or not in time.
        ServiceProblem
            The service answered with a problem.
        AnswerUnknown
            It answered with something else.
        """
        return read_one(self._post("/v1/classify", written(request)))

    def classify_many(self, requests: Iterable[Given | Problem], *, ahead: int = 2) -> Iterator[Found]:
        """Yield for each article its answer, or its problem, in order; any number of them, lazily.

        ``ahead`` calls are under way at a time, so that the service is never idle. Errors as ``classify``.
        """
        with ThreadPoolExecutor(ahead) as threads:
            under_way = deque[Future[list[Found]]]()
            try:
                for batch in batches(requests):
                    under_way.append(threads.submit(self._ask, batch))
                    if len(under_way) >= ahead:
                        yield from under_way.popleft().result()
                while under_way:
                    yield from under_way.popleft().result()
            finally:
                for call in under_way:
                    call.cancel()

    def classify_file(self, file: str | Path, *, ahead: int = 2) -> Iterator[Found]:
        """Yield for each line of a JSON Lines file (.gz or not) its answer, or its problem, in order and lazily.

        Errors as ``classify``; ``FileUnreadable`` if the file cannot be read.
        """
        return self.classify_many(lines(Path(file)), ahead=ahead)

    def model(self) -> Model:
        """Return what the service says of its bundle; errors as ``classify``."""
        answer, failure = self._try("GET", "/v1/model")
        if answer is None:
            raise unreachable(self._http.base_url, failure) from failure
        return read_model(answer)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, batch: Batch) -> list[Found]:
        wanted = requests_of(batch)
        return read_many(self._post("/v1/classify/batch", wanted), batch) if wanted else problems_of(batch)

    def _post(self, path: str, content: Any) -> httpx2.Response:
        for attempt in self._patience.attempts:
            answer, failure = self._try("POST", path, content)
            wait = self._patience.wait(attempt, answer, failure)
            if answer is not None and (answer.is_success or wait is None):
                return answer
            if answer is None and wait is None:
                raise unreachable(self._http.base_url, failure) from failure
            time.sleep(wait or 0.0)
        raise AssertionError  # the last attempt waits for nothing

    def _try(self, method: str, path: str, content: Any = None) -> tuple[httpx2.Response | None, Exception]:
        """Return the answer, or ``None`` and why there is none."""
        try:
            return self._http.request(method, path, json=content), NOTHING
        except (httpx2.HTTPError, httpx2.InvalidURL, RuntimeError) as error:  # the last where it is closed
            return None, error
