"""The typed client against the real service: answers, problems, patience, lists of any length."""

from __future__ import annotations

import asyncio
import gzip
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from serving import Serving, serving
from slant.errors import SlantError
from slant_service.client import (
    AnswerUnknown,
    AsyncClient,
    Client,
    ClientError,
    FileUnreadable,
    Patience,
    RequestInvalid,
    ServiceProblem,
    Unreachable,
)
from slant_service.schemas import Answer, Problem, Request


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving() as found:
        yield found


@pytest.fixture
def client(service: Serving) -> Iterator[Client]:
    with Client(service.url) as found:
        yield found


def articles(n: int) -> Iterator[dict[str, Any]]:
    return ({"id": str(one), "text": "BLANK" if one % 50 == 7 else "a", "targets": ["b"]} for one in range(n))


def test_an_article_is_classified(client: Client) -> None:
    answer = client.classify(text="a", targets=["the toll"], id="1")
    assert (answer.id, answer.stances[0].label) == ("1", "neutral")
    assert client.model().stances == ["favor", "against", "neutral", "unrelated"]


def test_a_problem_is_raised_with_all_it_says(client: Client) -> None:
    with pytest.raises(ServiceProblem, match="422 Unreadable article") as caught:
        client.classify(text="BLANK")
    assert caught.value.problem.type == "/problems/unreadable-article"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"text": "a", "colour": "red"}, "colour: .*not permitted"),
        ({"text": "a", "target": ["b"]}, "target: .*did you mean targets?"),
        ({"text": None}, "request: wanted either text or html, got neither"),
        ({"text": "a", "targets": "the toll"}, "targets: wanted a list of strings"),
        ({"text": "\ud800"}, "text: wanted a string of whole characters"),
        ({"text": 5}, "text: wanted a string, got a number"),
    ],
)
def test_a_request_that_is_none_is_named(client: Client, request_: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestInvalid, match=said) as caught:
        client.classify(**request_)
    assert caught.value.field == said.split(":")[0]
    with pytest.raises(RequestInvalid, match=said):
        list(client.classify_many([request_]))


def test_what_is_no_mapping_is_no_request(client: Client) -> None:
    with pytest.raises(RequestInvalid, match="wanted a mapping with a text or html, got str"):
        list(client.classify_many(["a"]))  # type: ignore[list-item]


def test_a_file_that_cannot_be_read_is_named(client: Client, tmp_path: Path) -> None:
    (tmp_path / "no.jsonl.gz").write_bytes(b"{}")
    whole = gzip.compress(b'{"text": "a"}\n' * 99)
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[:-9])
    (tmp_path / "marked.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "a"}')
    for name, said in (
        ("none.jsonl", "No such file"),
        (".", "Is a directory"),
        ("no.jsonl.gz", "gzip"),
        ("cut.jsonl.gz", ""),
    ):
        with pytest.raises(FileUnreadable, match=f"{tmp_path / name}: .*{said}"):
            list(client.classify_file(tmp_path / name))
    assert [type(one) for one in client.classify_file(tmp_path / "marked.jsonl")] == [Answer]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "127.0.0.1:9", "nothing", "ftp://127.0.0.1", "http://[", ""])
def test_a_service_that_is_not_there_is_unreachable(address: str) -> None:
    def call(address: str) -> None:
        with Client(address, patience=Patience(tries=1)) as client:
            client.classify(text="a")

    async def wait(address: str) -> None:
        async with AsyncClient(address, patience=Patience(tries=0)) as client:
            await client.model()

    for one in (call, lambda address: asyncio.run(wait(address))):
        with pytest.raises(Unreachable):
            one(address)


def test_a_client_that_is_closed_reaches_nothing(service: Serving) -> None:
    with Client(service.url) as client:
        pass
    with pytest.raises(Unreachable, match="closed"):
        client.classify(text="a")


@pytest.mark.parametrize("content", [b"<html>", b"{}", b"[]", b"null", b"\xff"])
def test_what_slant_would_not_answer_is_told_from_what_it_would(content: bytes) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=content)

    with Client("http://x", transport=httpx2.MockTransport(answer)) as client:
        for call in (
            client.model,
            lambda: client.classify(text="a"),
            lambda: list(client.classify_many([{"text": "a"}])),
        ):
            with pytest.raises(AnswerUnknown):
                call()


def test_one_class_is_all_a_caller_must_catch() -> None:
    kinds = (RequestInvalid, FileUnreadable, Unreachable, ServiceProblem, AnswerUnknown)
    assert all(issubclass(kind, ClientError) for kind in kinds)
    assert issubclass(ClientError, SlantError)
    for one in (RequestInvalid("text", "wanted"), ServiceProblem(problem())):
        assert str(pickle.loads(pickle.dumps(one))) == str(one)


def test_an_address_that_is_none_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreachable):
        waited(monkeypatch, *[httpx2.UnsupportedProtocol("no")] * 9)


def test_a_long_list_is_split_and_stays_in_order(client: Client) -> None:
    found = list(client.classify_many(articles(150)))
    assert [one.id for one in found] == [str(n) for n in range(150)]
    assert [n for n, one in enumerate(found) if isinstance(one, Problem)] == [7, 57, 107]


def test_a_list_without_end_is_read_no_further_than_needed(client: Client) -> None:
    read = []

    def endless() -> Iterator[Request]:
        while True:
            read.append(1)
            yield Request(text="a")

    found = client.classify_many(endless())
    assert isinstance(next(found), Answer)
    assert len(read) <= 64 * 3
    found.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_file_is_read_line_by_line_and_a_bad_line_has_a_problem_in_its_place(
    client: Client, tmp_path: Path, packed: bool
) -> None:
    lines = [json.dumps(one) for one in articles(70)]
    lines[3:3] = ["{", '{"text": 3}', ""]
    content = "\n".join(lines).encode()
    file = tmp_path / ("articles.jsonl.gz" if packed else "articles.jsonl")
    file.write_bytes(gzip.compress(content) if packed else content)
    found = list(client.classify_file(file))
    assert [one.id for one in found] == ["0", "1", "2", None, None, *(str(n) for n in range(3, 70))]
    assert [one.detail[:7] for one in found if isinstance(one, Problem)][:2] == ["line 4:", "line 5:"]
    file.write_bytes(gzip.compress(b"{") if packed else b"{")
    assert len(list(client.classify_file(file))) == 1


def test_the_same_without_waiting(service: Serving) -> None:
    async def test() -> None:
        async with AsyncClient(service.url) as client:
            assert (await client.classify(text="a", id="1")).id == "1"
            assert [one.id async for one in client.classify_many(articles(70))] == [str(n) for n in range(70)]
            assert (await client.model()).name == "default"
            with pytest.raises(ServiceProblem):
                await client.classify(text="BLANK")

    asyncio.run(test())


class Refusing:
    """A service that refuses some times before it gives way to another transport."""

    def __init__(self, *refusals: httpx2.Response | httpx2.TransportError) -> None:
        self.left = list(refusals)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if not self.left:
            return httpx2.Response(200, json=[problem().model_dump()])
        refusal = self.left.pop(0)
        if isinstance(refusal, httpx2.TransportError):
            raise refusal
        return refusal


def problem() -> Problem:
    return Problem(type="/problems/busy", title="Busy", status=503, detail="256 articles wait")


def busy(after: str | None = "3") -> httpx2.Response:
    headers = {"content-type": "application/problem+json"} | ({"retry-after": after} if after else {})
    return httpx2.Response(503, text=problem().model_dump_json(), headers=headers)


def waited(monkeypatch: pytest.MonkeyPatch, *refusals: Any, tries: int = 5) -> list[float]:
    """Return how long the client waits between its tries."""
    waits: list[float] = []
    monkeypatch.setattr("slant_service.client.blocking.time.sleep", waits.append)
    with Client(
        "http://x", transport=httpx2.MockTransport(Refusing(*refusals)), patience=Patience(tries=tries)
    ) as client:
        list(client.classify_many([{"text": "a"}]))
    return waits


def test_a_refusal_is_waited_out_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waited(monkeypatch, busy("3"), busy("500"), busy("1")) == [3.0, 60.0, 1.0]


def test_without_a_word_waits_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = waited(monkeypatch, httpx2.ConnectError("no"), busy(None), busy("soon"))
    assert [0.5 * 2**n * 0.5 <= wait <= 0.5 * 2**n for n, wait in enumerate(waits)] == [True] * 3


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceProblem, match="256 articles wait"):
        waited(monkeypatch, *[busy() for _ in range(3)], tries=3)
    with pytest.raises(Unreachable):
        waited(monkeypatch, *[httpx2.ConnectError("no")] * 2, tries=2)


def test_what_will_not_change_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceProblem, match="502"):
        waited(monkeypatch, httpx2.Response(502, text="<html>"))
