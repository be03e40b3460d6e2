"""What is let in at a time, and how an answer is handed on: in shares, and no faster than it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.types import Message

from slant_service.admission import MOST_PAGES, SENT_AT_ONCE, _paced
from slant_service.app import create_app
from slant_service.auth import needs
from slant_service.http_protocol import CONNECTION
from slant_service.keys import new_key
from slant_service.request_body import ClientGone
from slant_service.settings import Settings
from slant_service.shares import Shares, Spent, most_of_one
from stand_in import source
from support import is_problem

KEYS = {name: new_key(name, ["classify"]) for name in ("many", "few")}


def headers(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {KEYS[name][0]}"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Return a service with places for twelve requests, and a path that is answered while others are asked for."""
    settings = Settings(keys=SecretStr("\n".join(key.line() for _, key in KEYS.values())), max_connections=16)
    app = create_app(settings, source)

    async def nested(request: Request, left: int, name: str) -> list[int]:
        if not left:
            return []
        inside = TestClient(app)
        answer = await asyncio.to_thread(inside.get, f"/nested?left={left - 1}&name={name}", headers=headers(name))
        return [answer.status_code, *(answer.json() if answer.status_code == 200 else [])]

    app.add_api_route("/nested", nested, dependencies=[needs("classify")])
    return TestClient(app)  # type: ignore[return-value]


def test_a_caller_has_a_share_of_the_places(client: TestClient) -> None:
    """Twelve places are three quarters of the connections; of these one key may have nine, and another what is left."""
    found = client.get("/nested?left=20&name=many", headers=headers("many")).json()
    assert found == [200] * 8 + [503]
    other = client.get("/nested?left=8&name=few", headers=headers("few"))
    assert other.json() == [200] * 8
    is_problem(refused_after(client, 9), 503, "busy")


def refused_after(client: TestClient, places: int) -> Any:
    """Return the answer to a call of a key that has all its places in use."""
    admission = _admission(client)
    for _ in range(places):
        admission.places.take("many")
    try:
        return client.get("/v1/topics", headers=headers("many"))
    finally:
        admission.places.give("many", places)


def test_open_pages_take_no_places_from_callers(client: TestClient) -> None:
    admission = _admission(client)
    admission.pages.take("", MOST_PAGES)
    answer = client.get("/docs")
    is_problem(answer, 503, "busy")
    assert answer.headers["retry-after"] == "1"
    assert client.get("/healthz").status_code == 200
    assert client.get("/nested?left=1&name=few", headers=headers("few")).json() == [200]


def test_probes_take_no_places(client: TestClient) -> None:
    admission = _admission(client)
    admission.places.add("few", admission.places.limit)
    is_problem(client.get("/v1/topics", headers=headers("many")), 503, "busy")
    assert client.get("/healthz").status_code == 200
    assert client.get("/metrics", headers=headers("many")).status_code in (200, 503)


def _admission(client: TestClient) -> Any:
    client.get("/healthz")
    found: Any = client.app
    found = found.middleware_stack
    while not hasattr(found, "places"):
        found = found.app
    return found


def test_a_long_answer_is_handed_on_bit_by_bit() -> None:
    sent = list[Message]()

    async def send(message: Message) -> None:
        sent.append(message)

    async def test() -> None:
        paced = _paced({"state": {}}, send, 5)
        await paced({"type": "http.response.start", "status": 200, "headers": []})
        await paced({"type": "http.response.body", "body": b"x" * (2 * SENT_AT_ONCE + 1)})
        await paced({"type": "http.response.body"})

    asyncio.run(test())
    assert [len(one.get("body", b"")) for one in sent] == [0, SENT_AT_ONCE, SENT_AT_ONCE, 1, 0]
    assert [one.get("more_body", False) for one in sent] == [False, True, True, False, False]


def test_a_client_that_takes_no_answer_is_given_up() -> None:
    class Connection:
        def __init__(self) -> None:
            self.transport, self.gone = self, asyncio.Event()

        def abort(self) -> None:
            self.gone.set()

    async def send(message: Message) -> None:
        await asyncio.Event().wait()

    async def test() -> None:
        connection = Connection()
        with pytest.raises(ClientGone):
            await _paced({"state": {CONNECTION: connection}}, send, 0.01)({"type": "http.response.body", "body": b"x"})
        assert connection.gone.is_set()

    asyncio.run(test())


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 6))))
def test_shares_never_exceed_what_there_is(steps: list[tuple[str, int]]) -> None:
    shares, held = Shares(10, most_of_one(10)), list[tuple[str, int]]()
    for who, n in steps:
        if n == 0 and held:
            shares.give(*held.pop())
            continue
        try:
            shares.take(who, n)
        except Spent:
            mine = sum(m for name, m in held if name == who)
            assert mine + n > 7 or sum(m for _, m in held) + n > 10
        else:
            held.append((who, n))
        assert shares.held == sum(m for _, m in held) <= 10
    for one in held:
        shares.give(*one)
    assert (shares.held, shares.left("a")) == (0, 7)
