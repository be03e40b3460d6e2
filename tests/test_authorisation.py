"""Closed by default: every route says what it needs or is on the list of open ones, however its path is spelled."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.testclient import TestClient
from pydantic import SecretStr
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, Router
from starlette.types import ASGIApp, Message
from starlette.websockets import WebSocketDisconnect

from slant_service.app import create_app
from slant_service.auth import PUBLIC, scopes_of
from slant_service.keys import new_key
from slant_service.routes import admin, probes, v1
from slant_service.settings import Settings
from stand_in import source
from support import is_problem

KEYS = {name: new_key(name, scopes) for name, scopes in [("desk", ["classify"]), ("chief", ["admin"])]}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
NEEDED = {"/metrics": set[str](), "/v1/admin/bundle": {"admin"}, "/v1/admin/bundle/rollback": {"admin"}}
"""What routes need that are not for classifying."""


def closed_app() -> FastAPI:
    return create_app(Settings(keys=SecretStr("\n".join(key.line() for _, key in KEYS.values()))), source)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(closed_app(), follow_redirects=False) as found:
        yield found


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


PATHS = [getattr(route, "path", "") for route in closed_app().routes]


def test_every_route_says_what_it_needs_or_is_on_the_list() -> None:
    routes = closed_app().routes
    for route in routes:
        path = getattr(route, "path", None)
        declared = scopes_of(route)
        assert (path in PUBLIC) == (declared is None), path
        if declared is not None:
            assert declared == NEEDED.get(str(path), {"classify"}), path
    assert {getattr(route, "path", None) for route in routes} >= PUBLIC
    assert {id(route) for router in (v1, admin, probes) for route in router.routes} <= {id(route) for route in routes}


@pytest.mark.parametrize("path", [path for path in PATHS if path not in PUBLIC])
@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_is_told_nothing_of_a_closed_path(client: TestClient, path: str, method: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    for wrong in wrong_keys():
        assert client.request(method, path, **wrong).status_code == 401, wrong


def wrong_keys() -> list[dict[str, Any]]:
    secret, key = KEYS["desk"]
    spelled = [
        secret, f"Basic {secret}", f"Bearer{secret}", f"Bearer  {secret[:-1]}", f"Bearer {secret}x", "Bearer", "Bearer ",
        f"Bearer {secret.upper()}", f"Bearer {secret.lower()}", f"Bearer {key.digest.hex()}", f"Bearer {key.line()}",
        f"Bearer {secret}, Bearer {secret}", f"Bearer slant_{'x' * 50_000}", "Bearer \xff\xfe", f"Bearer {key.name}",
    ]  # fmt: skip
    return [
        *({"headers": {"Authorization": one.encode("latin-1")}} for one in spelled),
        {"headers": [("Authorization", "Bearer x"), ("Authorization", f"Bearer {secret}")]},
        {"headers": {"X-Authorization": f"Bearer {secret}", "X-API-Key": secret, "Cookie": f"key={secret}"}},
        {"params": {"key": secret, "access_token": secret, "authorization": f"Bearer {secret}"}},
    ]


def spellings(path: str) -> set[str]:
    """Return ways to write a path that some servers take for it."""
    first = path.lstrip("/")
    parts = path.split("/")
    return {
        f"//{first}", f"/./{first}", f"/x/../{first}", f"/%2e/{first}", f"/%2f{first}", f"/{first}/", f"/{first}//",
        f"/{first}%00", f"/{first}%20", f"/{first};x", f"/{first}.json", f"/{first}%2f", f"/{first}/.", f"/{first}/..",
        f"/{first.upper()}", f"/{first.title()}", path.replace("/", "\\"), path.replace("a", "%61", 1), f"/{first}?",
        f"/{first}%3f", f"/{first}%23", "/".join(parts[:-1]) + "//" + parts[-1], f"/healthz/../{first}", f"/{first}%0a",
        f"/static-offline-docs/../{first}", f"/static-offline-docs/%2e%2e/{first}", f"/docs/../{first}",
        path.replace("/", "%2f"), path.replace("v1", "v%31"), f"http://x/{first}", f"/{first}\u00e9", f"/%c0%af{first}",
    }  # fmt: skip


@pytest.mark.parametrize("path", [path for path in PATHS if path not in PUBLIC])
def test_no_spelling_of_a_path_leads_round_the_key(client: TestClient, path: str) -> None:
    """Neither for a stranger nor, where a path needs a scope, for one with another key."""
    wrong = {"/metrics": ""}.get(path, "desk" if "admin" in path else "chief")
    assert client.portal is not None
    for spelled, method, name in itertools.product([path, *spellings(path)], ("GET", "POST"), {"", wrong}):
        status = client.portal.call(asked, client.app, method, spelled, KEYS[name][0] if name else "")
        assert status in (401, 403, 404, 405), (method, spelled, name)


async def asked(app: ASGIApp, method: str, spelled: str, secret: str) -> int:
    """Return the status of an answer to a path that is passed on as a server would, without putting it right."""
    path, _, query = spelled.partition("?")
    fields = {b"host": b"x", b"content-type": b"application/json", b"authorization": f"Bearer {secret}".encode()}
    scope: dict[str, Any] = {
        "type": "http", "http_version": "1.1", "method": method, "path": unquote(path), "raw_path": path.encode(),
        "query_string": query.encode(), "root_path": "", "scheme": "http", "headers": list(fields.items()), "state": {},
        "client": None, "server": None,
    }  # fmt: skip
    found = list[int]()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        found.extend([message["status"]] if "status" in message else [])

    await app(scope, receive, send)
    return found[0]


def test_a_key_opens_what_it_is_for_and_no_more(client: TestClient) -> None:
    """For each route and each key: through, or told that the scope is another."""
    for route in closed_app().routes:
        scopes = scopes_of(route)
        if scopes is None:
            continue
        (method,) = getattr(route, "methods", set())
        for secret, key in KEYS.values():
            answer = client.request(method, getattr(route, "path", ""), headers=bearer(secret))
            assert (answer.status_code == 403) == (not scopes <= key.scopes), (route, key.name)


@pytest.mark.parametrize("name", ["plain", "router", "starlette", "mount"])
def test_a_route_that_declares_nothing_is_closed(name: str) -> None:
    """Whoever adds one and forgets to say what it needs has closed it, to every key."""
    app = closed_app()
    if name == "plain":
        app.add_api_route("/v2/new", lambda: "open")
    elif name == "router":
        router = APIRouter(prefix="/v2")
        router.add_api_route("/new", lambda: "open")
        app.include_router(router)
    elif name == "starlette":
        app.router.routes.append(Route("/v2/new", lambda request: PlainTextResponse("open")))
    else:
        inner = Router([Route("/new", lambda request: PlainTextResponse("open"))])
        app.router.routes.append(Mount("/v2", inner))
    with TestClient(app) as client:
        is_problem(client.get("/v2/new"), 401, "no-key")
        for secret, _ in KEYS.values():
            is_problem(client.get("/v2/new", headers=bearer(secret)), 403, "forbidden")
    without = create_app(Settings(), source)
    without.add_api_route("/v2/new", lambda: "open")
    with TestClient(without) as client:
        is_problem(client.get("/v2/new"), 403, "forbidden")


def test_a_socket_is_closed(client: TestClient) -> None:
    app = closed_app()

    async def talk(socket: WebSocket) -> None:
        await socket.accept()

    app.add_api_websocket_route("/v2/talk", talk)
    with TestClient(app) as found, pytest.raises(WebSocketDisconnect), found.websocket_connect("/v2/talk"):
        raise AssertionError


def test_the_description_shows_one_scheme_and_where_it_is_needed(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert {name: one["scheme"] for name, one in schema["components"]["securitySchemes"].items()} == {"key": "bearer"}
    needing = {path for path, item in schema["paths"].items() if any("security" in one for one in item.values())}
    assert needing == set(schema["paths"]) - PUBLIC
