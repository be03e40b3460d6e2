"""Who may come in: keys and their scopes, rates, rotation without a restart."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from serving import until
from slant.errors import InputError
from slant_service.app import create_app
from slant_service.keys import Key, KeyRing, find_key, new_key, parse_keys
from slant_service.rates import Rates
from slant_service.settings import Settings
from stand_in import source
from support import is_problem, ready

ARTICLE = {"text": "a", "targets": ["b"]}
SALT, HASH = "00" * 16, "00" * 64


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


@pytest.mark.parametrize(
    "line",
    [
        "a classify 00",
        "a b c d e",
        f"a fly {SALT} {HASH}",
        f"a classify xx {HASH}",
        f"a! classify {SALT} {HASH}",
        f"a classify {SALT}00000000 {HASH}",
        f"a classify 00 {HASH}",
        f"a classify {SALT} 00",
    ],
)
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


def test_a_key_is_withdrawn_though_another_line_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    (first, one), (second, two) = new_key("one", ["classify"]), new_key("two", ["classify"])
    file.write_text(f"{one.line()}\n{two.line()}\n")
    ring = KeyRing(None, str(file))
    assert ring.faults == 0
    file.write_text(f"nonsense\n{two.line()}\n")
    with pytest.raises(InputError, match="line 1"):
        ring.refresh()
    assert (ring.find(first), ring.find(second), ring.faults) == (None, two, 1)
    file.write_text(one.line())
    ring.refresh()
    assert (ring.find(first), ring.find(second), ring.faults) == (one, None, 0)


@pytest.mark.parametrize("kind", ["gone", "fifo", "folder", "latin-1", "large"])
def test_keys_that_cannot_be_read_are_soon_not_in_force(tmp_path: Path, kind: str) -> None:
    """Not at once: a file that is being replaced is not there for a moment."""
    file = tmp_path / "keys"
    secret, key = new_key("one", ["classify"])
    file.write_text(key.line())
    ring = KeyRing(None, str(file))
    file.unlink()
    if kind == "fifo":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind != "gone":
        file.write_bytes(b"\xe4" if kind == "latin-1" else b"#" * 2_000_000)
    for found in (key, None, None):
        with pytest.raises(InputError, match="cannot be read"):
            ring.refresh()
        assert (ring.find(secret), ring.faults, ring.closed) == (found, 1, True)
    file.rmdir() if kind == "folder" else file.unlink(missing_ok=True)
    file.write_text(key.line())
    ring.refresh()
    assert (ring.find(secret), ring.faults) == (key, 0)


def test_keys_whose_file_does_not_answer_are_not_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And when it answers again they are; it is looked at by one thread at a time."""
    file, answers = tmp_path / "keys", threading.Event()
    secret, key = new_key("one", ["classify"])
    file.write_text(key.line())
    ring, looks = KeyRing(None, str(file)), list[int]()
    refresh = ring.refresh

    def slow() -> None:
        looks.append(1)
        answers.wait(30)
        refresh()

    async def test() -> None:
        keeping = asyncio.create_task(ring.keep_fresh())
        try:
            while ring.find(secret) is not None:
                await asyncio.sleep(0.01)
            assert (len(looks), ring.faults) == (1, 1)
            answers.set()
            while ring.find(secret) is None:
                await asyncio.sleep(0.01)
        finally:
            answers.set()
            keeping.cancel()

    monkeypatch.setattr(ring, "refresh", slow)
    monkeypatch.setattr("slant_service.keys.LONGEST_LOOK", 0.05)
    asyncio.run(asyncio.wait_for(test(), 20))
    assert ring.faults == 0


@pytest.mark.parametrize("given", ["# nothing but this\n", "\n"], ids=["comment", "blank"])
def test_a_variable_without_a_key_lets_nobody_in(given: str) -> None:
    settings = Settings(keys=SecretStr(given), host="0.0.0.0")
    with TestClient(create_app(settings, source)) as client:
        is_problem(client.post("/v1/classify", json=ARTICLE), 401, "no-key")


def test_a_fault_of_the_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    secret, key = new_key("one", ["classify"])
    file.write_text(key.line())
    with TestClient(create_app(Settings(keys_file=str(file)), source)) as client:
        assert "slant_keys_faults 0.0" in client.get("/metrics", headers=bearer(secret)).text
        file.write_text(f"{key.line()}\nnonsense\n")
        until(lambda: "slant_keys_faults 1.0" in client.get("/metrics", headers=bearer(secret)).text)


def test_other_machines_are_served_with_keys_or_on_purpose() -> None:
    with pytest.raises(ValidationError, match="allow_anonymous"):
        Settings(host="0.0.0.0")
    assert Settings(host="0.0.0.0", allow_anonymous=True).host == "0.0.0.0"
    assert Settings(host="::1").host == "::1"


def test_a_rate_that_is_none_is_named() -> None:
    with pytest.raises(InputError, match=r"600/minute.*'often'"):
        create_app(Settings(rate_limit="often"))


def test_a_rate_counts_articles(made: dict[str, tuple[str, Key]]) -> None:
    """However they come: a batch, a stream and a call without an article."""
    secret, key = made["desk"]
    settings = Settings(keys=SecretStr(key.line()), rate_limit="10/hour", timeout_s=0.3)
    with TestClient(create_app(settings, source), headers=bearer(secret)) as client:
        ready(client)
        assert client.post("/v1/classify/batch", json=[ARTICLE] * 4).headers["ratelimit-remaining"] == "6"
        refused = client.post("/v1/classify/batch", json=[ARTICLE] * 7)
        is_problem(refused, 429, "too-many-requests")
        assert int(refused.headers["retry-after"]) > 0
        assert client.get("/v1/topics").headers["ratelimit-remaining"] == "4"
        lines = "\n".join(['{"text": "a"}'] * 5)
        found = client.post("/v1/classify/stream", content=lines).text.splitlines()
        assert [json.loads(line).get("status") for line in found] == [None] * 4 + [429]
        is_problem(client.post("/v1/classify", json=ARTICLE), 429, "too-many-requests")


def test_more_articles_than_a_window_has_are_never_granted() -> None:
    async def test() -> None:
        rates = Rates("2/minute")
        assert [found.granted for n in (3, 2, 1) if (found := await rates.take("desk", n))] == [False, True, False]

    asyncio.run(test())


def test_a_stream_is_slowed_to_its_rate(made: dict[str, tuple[str, Key]]) -> None:
    secret, key = made["desk"]
    settings = Settings(keys=SecretStr(key.line()), rate_limit="2/second")
    with TestClient(create_app(settings, source), headers=bearer(secret)) as client:
        ready(client)
        began = time.monotonic()
        answer = client.post("/v1/classify/stream", content="\n".join(['{"text": "a"}'] * 5))
        assert [json.loads(line).get("status") for line in answer.text.splitlines()] == [None] * 5
        assert time.monotonic() - began > 1


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
        for other in ("https://x.example", "null", "https://desk.example.evil", "https://evil-desk.example",
                      "http://desk.example", "https://desk.example:8443", "https://desk.example/", ""):  # fmt: skip
            for found in (client.get("/healthz", headers=asks | {"Origin": other}),
                          client.options("/v1/classify", headers=asks | {"Origin": other})):  # fmt: skip
                assert found.headers.get("access-control-allow-origin") is None, other
