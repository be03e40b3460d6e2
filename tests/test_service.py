"""The HTTP contract: answers, probes, limits, and every error in one shape."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from slant.article import AUTO, Article
from slant.errors import InputError, SelfTestFailed
from slant.inference.classifier import Classifier
from slant_service.app import create_app
from slant_service.settings import Settings
from stand_in import source_after, source_of_failure
from support import Sample, is_problem, ready

ARTICLE = {"text": "The council voted on Monday to keep the toll on the harbour bridge.", "targets": ["the toll"]}
LIMIT = 20_000


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(max_body_bytes=LIMIT))) as found:
        yield ready(found)


def test_an_article_is_classified(client: TestClient, samples: list[Sample]) -> None:
    sample = samples[4]
    request = {"id": "a1", "title": sample.article.title, "text": sample.text, "targets": [sample.targets[0]["target"]]}
    answer = client.post("/v1/classify", json=request).json()
    assert set(answer) == {"id", "language", "topics", "stances", "read", "warnings", "model", "text", "sources"}
    assert (answer["id"], answer["language"], answer["warnings"]) == ("a1", "en", [])
    assert set(answer["topics"][0]) == {"code", "name", "probability", "level", "broader", "given"}
    stance = answer["stances"][0]
    assert set(stance) == {"target", "label", "confidence", "probabilities", "evidence", "label_set", "sources"}
    assert isinstance(stance["confidence"], float)
    for piece in stance["evidence"]:
        assert sample.text[piece["start"] : piece["end"]] == piece["text"]


def test_the_service_says_what_python_says(client: TestClient, classifier: Classifier, samples: list[Sample]) -> None:
    for sample in samples[:3]:
        targets = [target["target"] for target in sample.targets]
        request = {"title": sample.article.title, "text": sample.text, "targets": targets, "id": sample.name}
        answer = client.post("/v1/classify", json=request).json()
        judgement = json.loads(json.dumps(classifier.classify(sample.article, targets).to_dict()))
        assert (answer["stances"], answer["topics"]) == (judgement["stances"], judgement["topics"])


def test_what_is_not_asked_for_is_not_given(client: TestClient) -> None:
    answer = client.post("/v1/classify", json=ARTICLE | {"topics": False, "evidence": False}).json()
    assert answer["topics"] == []
    assert answer["stances"][0]["evidence"] == []


def test_sources_are_told_to_who_asks(client: TestClient) -> None:
    body: dict[str, Any] = {
        "text": '"The toll is unfair," said Ana Ruiz, a docker.',
        "targets": ["the toll"],
        "sources": True,
    }
    answer = client.post("/v1/classify", json=body).json()
    (source,), (stance,) = answer["sources"], answer["stances"]
    assert (source["name"], source["role"]) == ("Ana Ruiz", "a docker")
    assert [body["text"][span["start"] : span["end"]] for span in source["spans"]] == [source["spans"][0]["text"]]
    assert set(stance["sources"][0]) == {"name", "role", "label", "confidence", "probabilities", "spans"}
    silent = client.post("/v1/classify", json=body | {"sources": False}).json()
    assert (silent["sources"], silent["stances"][0]["sources"], silent["warnings"]) == ([], [], [])


def test_a_batch_keeps_its_order_and_spares_the_neighbours(client: TestClient) -> None:
    bad = {"id": "bad", "text": "Leave a Reply"}
    answers = client.post("/v1/classify/batch", json=[ARTICLE | {"id": "1"}, bad, ARTICLE | {"id": "3"}]).json()
    assert [answer["id"] for answer in answers] == ["1", "bad", "3"]
    assert answers[1]["type"] == "/problems/unreadable-article"
    assert answers[0]["stances"] == answers[2]["stances"]


def test_topics_and_model(client: TestClient, classifier: Classifier) -> None:
    topics = client.get("/v1/topics").json()
    assert len(topics) == 17
    assert {"code": "medtop:15000000", "name": "sport"}.items() <= topics[14].items()
    model = client.get("/v1/model").json()
    assert model["sha256"] == classifier.bundle.manifest.sha256
    assert model["stances"] == ["favor", "against", "neutral", "unrelated"]
    assert model["training"]


def test_probes(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_targets_are_proposed_to_who_asks(client: TestClient, classifier: Classifier) -> None:
    body = ARTICLE | {"targets": "auto"}
    answer = client.post("/v1/classify", json=body).json()
    proposed = classifier.classify(Article(text=str(ARTICLE["text"])), AUTO)
    assert [one["target"] for one in answer["stances"]] == [one.target for one in proposed.stances] != []
    many = client.post("/v1/classify/batch", json=[body, ARTICLE]).json()
    assert [len(one["stances"]) for one in many] == [len(proposed.stances), 1]


def test_docs_need_no_other_host(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "https://" not in page.text.split("<body>")[0]


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({}, "body", "got neither"),
        ({"text": "a", "html": "b"}, "body", "got both"),
        ({"text": "a", "targets": ["x"] * 17}, "targets", "at most 16 items"),
        ({"text": "a", "targets": [" "]}, "targets.0", "at least 1 character that is no white space"),
        ({"text": "a", "targets": ["\x85"]}, "targets.0", "at least 1"),
        ({"text": "a", "targets": ["\x1c"]}, "targets.0", "at least 1"),
        ({"text": "a", "targets": ["\ufeff"]}, "targets.0", "at least 1"),
        ({"text": "a", "targets": ["x" * 301]}, "targets.0", "at most 300 characters, got 301"),
        (
            {"text": "a", "targets": "x"},
            "targets",
            'wanted a list of strings, as ["the toll"], or "auto", got a string',
        ),
        ({"text": "a", "targets": None}, "targets", "got null"),
        ({"text": "a", "targets": [None]}, "targets.0", "wanted a string, got null"),
        ({"text": 5}, "text", "wanted a string, got a number"),
        ({"text": {}}, "text", "got an object"),
        ({"text": True}, "text", "got true or false"),
        ({"text": "a", "id": 18}, "id", "wanted a string, got a number"),
        ({"text": "a", "topics": "yes"}, "topics", 'wanted true, false or "all", got a string'),
        ({"text": "a", "evidence": 1}, "evidence", "wanted true or false, got a number"),
        ({"text": "a", "min_confidence": 2}, "min_confidence", "of at most 1"),
        ({"text": "a", "colour": "red"}, "colour", "not permitted"),
        ({"text": "a", "target": ["x"]}, "target", "not permitted; did you mean targets?"),
        ([], "body", "wanted an object, got a list"),
    ],
)
def test_an_invalid_request_names_its_field(client: TestClient, body: Any, field: str, said: str) -> None:
    problem = is_problem(client.post("/v1/classify", json=body), 422, "invalid-request")
    assert problem["errors"][0]["field"] == field
    assert said in problem["errors"][0]["message"]


def test_what_is_not_json_is_no_field(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    for raw, said in ((b'{"text": "a",}', "not JSON: trailing comma"), (b"", "wanted JSON, got nothing")):
        problem = is_problem(client.post("/v1/classify", content=raw, headers=headers), 422, "invalid-request")
        assert problem["errors"][0]["field"] == "body"
        assert said in problem["errors"][0]["message"]


def test_the_schema_too_calls_no_white_space_a_target() -> None:
    """JSON Schema's white space is not Python's: it lacks these, as that of ASCII does."""
    targets = create_app(Settings()).openapi()["components"]["schemas"]["Request"]["properties"]["targets"]
    pattern = targets["oneOf"][0]["items"]["pattern"]
    assert re.search(pattern, "a", re.ASCII)
    assert not any(re.search(pattern, one, re.ASCII) for one in ("\x85", "\x1c", "\ufeff", " "))


def test_errors_on_every_route(client: TestClient) -> None:
    paths = ["/v1/classify", "/v1/classify/batch", "/v1/topics", "/v1/model", "/healthz", "/readyz"]
    for path in paths:
        is_problem(client.put(path, json={}), 405, "method-not-allowed")
        is_problem(client.get(f"{path}/nothing"), 404, "not-found")
    for path in paths[:2]:
        is_problem(
            client.post(path, content=b"{", headers={"content-type": "application/json"}), 422, "invalid-request"
        )
        is_problem(client.post(path, content=b"{}", headers={"content-type": "text/plain"}), 415, "not-json")
        is_problem(client.post(path, content=b"{}"), 415, "not-json")
        is_problem(client.post(path, json={"text": "x" * LIMIT}), 413, "body-too-large")
    is_problem(client.post(paths[0], json={"text": "Leave a Reply"}), 422, "unreadable-article")
    is_problem(client.post(paths[1], json=[ARTICLE] * 65), 422, "invalid-request")
    is_problem(client.post(paths[1], json=[]), 422, "invalid-request")


def test_a_chunked_body_is_counted_and_a_lying_length_is_not_believed(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1_000

    is_problem(
        client.post("/v1/classify", content=chunks(), headers={"content-type": "application/json"}),
        413,
        "body-too-large",
    )


def test_junk_bodies_are_answered(client: TestClient) -> None:
    for raw in (b"", b"\x00\xff", b"[" * 5_000, b'{"text": "\\ud800"}', b'"text"', b"null", b"1e999"):
        response = client.post("/v1/classify", content=raw, headers={"content-type": "application/json"})
        assert response.status_code in (200, 422)


def test_not_ready_while_loading_but_alive(tmp_path: Path) -> None:
    released = tmp_path / "released"
    with TestClient(create_app(Settings(), partial(source_after, released))) as client:
        assert client.get("/healthz").status_code == 200
        is_problem(client.get("/readyz"), 503, "not-ready")
        response = client.post("/v1/classify", json=ARTICLE)
        is_problem(response, 503, "not-ready")
        assert response.headers["retry-after"] == "1"
        released.touch()
        assert ready(client).get("/readyz").status_code == 200


@pytest.mark.parametrize("failure", [SelfTestFailed("got favor, wanted against"), MemoryError()])
def test_a_bundle_that_fails_is_never_ready(failure: Exception) -> None:
    with TestClient(create_app(Settings(), partial(source_of_failure, failure))) as client:
        is_problem(ready(client).get("/readyz"), 503, "not-ready")


def test_every_answer_has_an_id_and_tells_browsers_to_be_careful(client: TestClient) -> None:
    given = client.get("/healthz", headers={"X-Request-ID": "desk-7"})
    assert given.headers["x-request-id"] == "desk-7"
    assert given.headers["x-content-type-options"] == "nosniff"
    made = [client.get("/nowhere", headers={"X-Request-ID": "a b\tc"}).headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]


def test_a_gzip_body_is_read(client: TestClient) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    body = gzip.compress(json.dumps(ARTICLE).encode())
    assert client.post("/v1/classify", content=body, headers=headers).status_code == 200
    bomb = gzip.compress(b" " * 10_000_000)
    is_problem(client.post("/v1/classify", content=bomb, headers=headers), 413, "body-too-large")


def test_what_happened_is_counted(client: TestClient) -> None:
    before = counted(client)
    client.post("/v1/classify", json=ARTICLE | {"min_confidence": 1.0})
    client.post("/v1/classify", json={})
    after = counted(client)
    grown = {name for name, value in after.items() if value > before.get(name, 0)}
    assert {
        'slant_requests_total{route="/v1/classify",status="200"}',
        'slant_requests_total{route="/v1/classify",status="422"}',
        'slant_articles_total{language="en"}',
        "slant_abstentions_total",
        "slant_article_windows_count",
        "slant_queue_seconds_count",
    } <= grown
    assert after["slant_workers"] == 1


def counted(client: TestClient) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_the_schema_names_every_operation_and_error(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) == 10
    assert {"413", "415", "422", "500", "503"} <= set(schema["paths"]["/v1/classify"]["post"]["responses"])
    assert schema["components"]["schemas"]["Request"]["examples"]


@pytest.mark.parametrize(("name", "value"), [("SLANT_PORT", "99999"), ("SLANT_WORKERS", "none")])
def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    from slant_service.__main__ import run

    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=f"{name}.*{value}"):
        run()


def test_importing_the_app_starts_nothing() -> None:
    assert isinstance(create_app(Settings()), FastAPI)
