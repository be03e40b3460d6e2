"""Who may come in: keys and their scopes, rates, rotation without a restart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from slant.errors import InputError
from slant_service.app import create_app
from slant_service.keys import Key, KeyRing, find_key, new_key, parse_keys
from slant_service.rates import Rates
from slant_service.settings import Settings
from stand_in import source
from support import is_problem, ready

ARTICLE = {"text": "a", "targets": ["b"]}


@pytest.fixture(scope="module")
def made() -> dict[str, tuple[str, Key]]:
    return {
        "desk": new_key("desk", ["classify"]),
        "chief": new_key("chief", ["admin"]),
        "old": new_key("old", ["classify"]),
    }


@pytest.fixture(scope="module")
def client(made: dict[str, tuple[str, Key]]) -> Iterator[TestClient]:
    kept = "\n".join(key.line() for name, (_, key) in made.items() if name != "old")
    settings = Settings(keys=SecretStr(kept), rate_limit="5/hour", host="0.0.0.0")
    with TestClient(create_app(settings, source)) as found:
        yield ready(found)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_key_is_read_as_it_was_kept_and_its_secret_is_not_in_it() -> None:
    secret, key = new_key("news-room", ["classify", "admin"])
    (read,) = parse_keys(f"# a comment\n\n{key.line()}\n", "keys")
    assert read == key
    assert read.fits(secret)
    assert secret not in key.line()
    assert new_key("news-room", ["classify"])[0] != secret


@given(st.text())
def test_no_other_secret_opens(secret: str) -> None:
    keys = [new_key(name, ["classify"])[1] for name in ("a", "b")]
    assert find_key(keys, secret) is None


@pytest.mark.parametrize("line", ["a classify 00", "a b c d e", "a fly 00 00", "a classify xx 00", "a! classify 00 00"])
def test_a_line_that_is_no_key_is_named(line: str) -> None:
    with pytest.raises(InputError, match="keys, line 2"):
        parse_keys(f"\n{line}", "keys")


def test_strangers_stay_out(client: TestClient, made: dict[str, tuple[str, Key]]) -> None:
    for headers in ({}, bearer("slant_guess"), bearer(made["old"][0]), {"Authorization": made["desk"][0]}):
        for path in ("/v1/topics", "/v1/classify", "/v1/classify/stream", "/metrics", "/v1/admin/bundle"):
            answer = client.get(path, headers=headers)
            is_problem(answer, 401, "no-key")
            assert answer.headers["www-authenticate"] == "Bearer"
    for path in ("/healthz", "/readyz", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 200


def test_a_key_opens_what_its_scope_says(client: TestClient, made: dict[str, tuple[str, Key]]) -> None:
    desk, chief = bearer(made["desk"][0]), bearer(made["chief"][0])
    assert client.get("/metrics", headers=desk).status_code == 200
    is_problem(client.post("/v1/admin/bundle/rollback", headers=desk), 403, "forbidden")
    is_problem(client.post("/v1/classify", json=ARTICLE, headers=chief), 403, "forbidden")
    is_problem(client.post("/v1/admin/bundle/rollback", headers=chief), 409, "unusable-bundle")


def test_a_key_that_calls_too_often_is_told_when_it_may_again(
    client: TestClient, made: dict[str, tuple[str, Key]]
) -> None:
    desk = bearer(made["desk"][0])
    left = []
    while (answer := client.post("/v1/classify", json=ARTICLE, headers=desk)).status_code == 200:
        left.append(int(answer.headers["ratelimit-remaining"]))
        assert answer.headers["ratelimit-limit"] == "5"
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    is_problem(answer, 429, "too-many-requests")
    assert 0 < int(answer.headers["retry-after"]) <= 3_600
    assert client.get("/metrics", headers=desk).status_code == 200


def test_keys_of_a_file_come_and_go_without_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    (first, one), (second, two) = new_key("one", ["classify"]), new_key("two", ["classify"])
    file.write_text(one.line())
    ring = KeyRing(None, str(file))
    assert ring.find(first) == one
    file.write_text(two.line() + "\n")
    ring.refresh()
    assert (ring.find(first), ring.find(second)) == (None, two)
    file.write_text("nonsense\n")
    with pytest.raises(InputError, match="line 1"):
        ring.refresh()
    assert ring.find(second) == two
    file.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        ring.refresh()
    assert ring.closed


def test_other_machines_are_served_with_keys_or_on_purpose() -> None:
    with pytest.raises(ValidationError, match="allow_anonymous"):
        Settings(host="0.0.0.0")
    assert Settings(host="0.0.0.0", allow_anonymous=True).host == "0.0.0.0"
    assert Settings(host="::1").host == "::1"


def test_a_rate_that_is_none_is_named() -> None:
    with pytest.raises(InputError, match=r"600/minute.*'often'"):
        create_app(Settings(rate_limit="often"))


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0], ids=["back", "ahead"])
def test_a_clock_that_jumps_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    async def take(rates: Rates, n: int) -> list[bool]:
        return [found.granted for _ in range(n) if (found := await rates.take("desk"))]

    async def test() -> None:
        rates, wall = Rates("2/minute"), time.time
        assert await take(rates, 3) == [True, True, False]
        monkeypatch.setattr(time, "time", lambda: wall() + jump)
        assert await take(rates, 3) == [True, True, False]

    asyncio.run(test())


def test_pages_of_other_origins_are_let_in_only_if_named() -> None:
    asks = {"Origin": "https://desk.example", "Access-Control-Request-Method": "POST"}
    with TestClient(create_app(Settings(), source)) as client:
        assert "access-control-allow-origin" not in client.get("/healthz", headers=asks).headers
    with TestClient(create_app(Settings(cors_origins=["https://desk.example"]), source)) as client:
        answer = client.options("/v1/classify", headers=asks)
        assert answer.headers["access-control-allow-origin"] == "https://desk.example"
        assert (
            client.get("/healthz", headers=asks | {"Origin": "https://x.example"}).headers.get(
                "access-control-allow-origin"
            )
            is None
        )
