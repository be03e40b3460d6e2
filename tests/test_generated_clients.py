"""Clients that others generate from the description can do all that the service can."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import pytest

from serving import Serving, serving
from slant_service.app import create_app
from slant_service.settings import Settings

REQUESTS: list[dict[str, Any]] = [
    {"text": "a", "targets": ["the toll", "the bridge"], "id": "1", "sources": True, "min_confidence": 0.9},
    {"html": "<p>a</p>", "targets": "auto", "title": "b", "topics": "all", "evidence": False, "coverage": 0.9},
]


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("description") / "openapi.json"
    path.write_text(json.dumps(create_app(Settings()).openapi()), encoding="utf-8")
    return path


def generated(module: str, *arguments: str) -> None:
    """Run a generator; skip where it is not installed."""
    if find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


PROGRAM = """
import io, json, sys
from slant_generated import AuthenticatedClient
from slant_generated.api.v1 import classify, classify_batch, classify_stream, list_topics
from slant_generated.models import Answer, Problem, Request
from slant_generated.types import File

url, wanted = sys.argv[1], json.loads(sys.argv[2])
client = AuthenticatedClient(url, token="none", raise_on_unexpected_status=True)
requests = [Request(**one) for one in wanted]
assert [one.to_dict() for one in requests] == [{"topics": True, "evidence": True, "sources": False} | one for one in wanted]
answers = [classify.sync(client=client, body=one) for one in requests]
batch = classify_batch.sync(client=client, body=[*requests, Request()])
lines = b"".join(json.dumps(one.to_dict()).encode() + b"\\n" for one in requests)
stream = classify_stream.sync(client=client, body=File(io.BytesIO(lines)))
assert isinstance(list_topics.sync(client=client), list)
wrong = classify.sync(client=client, body=Request(text="BLANK"))
assert all(isinstance(one, Answer) for one in [*answers, *batch[:2]])
assert isinstance(batch[2], Problem) and isinstance(wrong, Problem)
print(json.dumps({
    "alone": [one.to_dict() for one in answers],
    "batch": [one.to_dict() for one in batch[:2]],
    "stream": [json.loads(line) for line in stream.payload.read().splitlines()],
}))
"""


def test_a_client_of_openapi_python_client_can_do_everything(
    service: Serving, description: Path, tmp_path: Path
) -> None:
    package = tmp_path / "slant_generated"
    generated(
        "openapi_python_client", "generate", "--path", str(description), "--meta", "none", "--output-path", str(package)
    )
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, service.url, json.dumps(REQUESTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for answers in found.values():
        assert [one["id"] for one in answers] == ["1", None]
        assert [stance["target"] for stance in answers[0]["stances"]] == ["the toll", "the bridge"]


MODELS = """
import json, sys
from models import Answer, Problem, Request

answers, wanted = json.loads(sys.stdin.read()), json.loads(sys.argv[1])
if not answers:
    print(json.dumps([Request(**one).model_dump(mode="json") for one in wanted]))
else:
    print(json.dumps([type(one).__name__ for one in [Answer(**answers[0]), Answer(**answers[1]), Problem(**answers[2])]]))
"""


def test_models_of_datamodel_code_generator_hold_every_field(
    service: Serving, description: Path, tmp_path: Path
) -> None:
    """With all that they leave unset written as null or as its default, as who generates them does first."""
    generated(
        "datamodel_code_generator", "--input", str(description), "--input-file-type", "openapi",
        "--output", str(tmp_path / "models.py"), "--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin",
    )  # fmt: skip

    def run(answers: list[Any]) -> list[Any]:
        command = [sys.executable, "-c", MODELS, json.dumps(REQUESTS)]
        done = subprocess.run(
            command, input=json.dumps(answers), capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        found: list[Any] = json.loads(done.stdout)
        return found

    bodies = run([])
    assert all(one.items() <= body.items() for one, body in zip(REQUESTS, bodies, strict=True))
    with service.client() as client:
        alone = [client.post("/v1/classify", json=body) for body in bodies]
        assert [one.status_code for one in alone] == [200, 200]
        batch = client.post("/v1/classify/batch", json=[*bodies, {"text": "BLANK"}]).json()
        kind = {"content-type": "application/x-ndjson"}
        stream = client.post(
            "/v1/classify/stream", content="\n".join(map(json.dumps, [*bodies, {}])).encode(), headers=kind
        )
        assert run(batch) == ["Answer", "Answer", "Problem"]
        assert run([json.loads(line) for line in stream.text.splitlines()]) == ["Answer", "Answer", "Problem"]


def test_a_stream_is_answered_as_the_kind_of_bytes_that_is_asked_for(service: Serving) -> None:
    with service.client() as client:
        for accepted, kind in (
            ("*/*", "application/x-ndjson"),
            ("application/octet-stream", "application/octet-stream"),
            ("application/x-ndjson, */*", "application/x-ndjson"),
        ):
            answer: httpx2.Response = client.post(
                "/v1/classify/stream", content=b'{"text": "a"}', headers={"accept": accepted}
            )
            assert answer.headers["content-type"] == kind
            assert answer.json()["language"] == "en"
