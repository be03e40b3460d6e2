"""Calls as other programs make them: probes, prefixes, connections that rest, wrong articles among right ones."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from fastapi.testclient import TestClient

import slant.batch
from serving import Serving, serving
from slant.cli import main
from slant.errors import InputError, SlantError
from slant_service.__main__ import run
from slant_service.app import create_app
from slant_service.settings import Settings, read_settings
from stand_in import source
from support import is_problem, ready

JSON = {"content-type": "application/json"}
HEAD = 1.0


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), source)) as found:
        yield ready(found)


@pytest.fixture(scope="module")
def prefixed() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(root_path="/slant/"), source)) as found:
        yield ready(found)


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(keep_alive_s=60, slow_client_s=HEAD) as found:
        yield found


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/v1/topics", "/docs", "/openapi.json"])
def test_head_is_answered_as_get_is(client: TestClient, path: str) -> None:
    got, asked = client.get(path), client.head(path)
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["content-type"] == got.headers["content-type"]
    if path != "/metrics":  # which grows
        assert asked.headers["content-length"] == str(len(got.content))


def test_head_over_the_wire_leaves_the_connection_good(service: Serving) -> None:
    last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = service.ask(b"HEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n" + last)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"200"]
    assert answer.count(b"{") == 1


def test_head_is_counted_by_its_route_and_no_way_round_a_method(client: TestClient) -> None:
    client.head("/v1/model")
    assert 'slant_requests_total{route="/v1/model",status="200"}' in client.get("/metrics").text
    assert client.head("/v1/classify").status_code == 405
    assert client.head("/nothing").status_code == 404


def test_the_root_shows_the_page(client: TestClient) -> None:
    assert client.get("/").text == client.get("/docs").text


@pytest.mark.parametrize("seen", ["/slant", ""], ids=["left on", "cut off"])
def test_a_prefix_may_be_left_on_or_cut_off(prefixed: TestClient, seen: str) -> None:
    for path in ("/healthz", "/readyz", "/v1/topics", "/metrics", "/", "/docs", "/openapi.json"):
        assert prefixed.get(seen + path).status_code == 200, path
    assert prefixed.post(f"{seen}/v1/classify", json={"text": "a"}).status_code == 200
    assert prefixed.post(f"{seen}/v1/classify/stream", content=b'{"text": "a"}').status_code == 200
    is_problem(prefixed.post(f"{seen}/v1/classify", content=b"{}", headers=JSON), 422, "invalid-request")
    is_problem(prefixed.get(f"{seen}/v1/admin/bundle"), 403, "forbidden")
    is_problem(prefixed.get(f"{seen}/nothing"), 404, "not-found")


def test_a_prefix_is_told_to_who_tries_the_routes(prefixed: TestClient, client: TestClient) -> None:
    assert prefixed.get("/slant/openapi.json").json()["servers"] == [{"url": "/slant"}]
    assert "servers" not in client.get("/openapi.json").json()


@pytest.mark.parametrize("page", ["/", "/docs"])
@pytest.mark.parametrize("prefix", ["", "/slant", "/a/b"])
def test_all_that_the_page_needs_lies_beneath_any_prefix(client: TestClient, page: str, prefix: str) -> None:
    """As a browser sees it, behind a proxy that cuts a prefix off of which the service knows nothing."""
    text = client.get(page).text
    links = re.findall(r"(?:href|src)=\"([^\"]+)\"", text) + re.findall(r"url: '([^']+)'", text)
    assert len(links) == 4
    for link in links:
        seen = urljoin(prefix + page, link)
        assert seen.startswith(f"{prefix}/")
        assert client.get(seen.removeprefix(prefix)).status_code == 200, link


def test_a_wrong_article_of_a_batch_is_answered_in_its_place(client: TestClient) -> None:
    items = [
        {"text": "a", "id": "0"},
        {"text": 5, "id": "1"},
        18,
        {"text": "a", "html": "b", "id": 3},
        {"text": "BLANK", "id": "4"},
        {"text": "a", "targets": "the toll", "id": "5"},
        {"text": "a", "id": "6"},
    ]
    answer = client.post("/v1/classify/batch", json=items)
    found = answer.json()
    assert answer.status_code == 200
    assert [one["id"] for one in found] == ["0", "1", None, None, "4", "5", "6"]
    assert [one.get("status", 200) for one in found] == [200, 422, 422, 422, 422, 422, 200]
    assert found[1]["errors"] == [{"field": "text", "message": "wanted a string, got a number"}]
    assert found[2]["detail"] == "body: wanted an object, got a number"
    assert found[5]["detail"].startswith("targets: wanted a list of strings")


def test_a_wrong_line_of_a_stream_is_known_by_its_id(client: TestClient) -> None:
    lines = b'{"text": "a", "id": "0"}\n{"text": 5, "id": "1"}\n18\n{"text": "a", "id": 3}\n'
    found = [json.loads(line) for line in client.post("/v1/classify/stream", content=lines).text.splitlines()]
    assert [one["id"] for one in found] == ["0", "1", None, None]
    assert [one["detail"] for one in found[1:3]] == [
        "line 2: text: wanted a string, got a number",
        "line 3: body: wanted an object, got a number",
    ]


def test_a_batch_of_wrong_articles_alone_is_answered_too(client: TestClient) -> None:
    assert [one["status"] for one in client.post("/v1/classify/batch", json=[{}] * 64).json()] == [422] * 64
    is_problem(client.post("/v1/classify/batch", json=[{}] * 65), 422, "invalid-request")
    is_problem(client.post("/v1/classify/batch", json={}), 422, "invalid-request")


def test_a_byte_order_mark_before_a_body_is_read_over(client: TestClient) -> None:
    body = json.dumps({"text": "a", "id": "1"}).encode("utf-8-sig")
    assert client.post("/v1/classify", content=body, headers=JSON).json()["id"] == "1"
    lines = client.post("/v1/classify/stream", content=body + b"\n" + body).text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["1", "1"]
    is_problem(client.post("/v1/classify", content=b"\xef\xbb\xbf" * 2 + b"{}", headers=JSON), 422, "invalid-request")


def request_on(one: socket.socket) -> bytes:
    one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    return one.recv(4_096)


def test_a_connection_rests_between_requests_for_longer_than_a_load_balancer_lets_it() -> None:
    assert Settings().keep_alive_s > 60


def test_a_connection_that_rests_longer_than_a_head_may_take_is_kept(service: Serving) -> None:
    with service.connect() as one, service.connect() as silent:
        assert b"200" in request_on(one)
        began = time.monotonic()
        assert silent.recv(1) == b""  # one that never said anything is closed meanwhile
        assert time.monotonic() - began >= HEAD
        assert b"200" in request_on(one)


def test_a_head_after_an_answer_takes_no_longer_than_one_at_first(service: Serving) -> None:
    with service.connect() as one:
        assert b"200" in request_on(one)
        one.sendall(b"GET /healthz HT")
        one.settimeout(20)
        assert one.recv(1) == b""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SLANT_WORKER", "SLANT_WORKER is no setting; did you mean SLANT_WORKERS?"),
        ("SLANT_KEYFILE", "did you mean SLANT_KEYS_FILE?"),
        ("slant_theads", "did you mean SLANT_THREADS?"),
        ("SLANT_QQQ", "SLANT_QQQ is no setting; service/README.md lists"),
    ],
)
def test_a_misspelt_setting_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    monkeypatch.setenv(name, "2")
    with pytest.raises(InputError, match=re.escape(said)):
        read_settings()


def test_a_misspelt_setting_stops_the_service_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLANT_WORKER", "2")
    monkeypatch.setattr(sys, "argv", ["slant", "serve"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert capsys.readouterr().err == "slant: SLANT_WORKER is no setting; did you mean SLANT_WORKERS?\n"


def test_variables_that_others_set_are_no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes sets these in every container where a Service is called slant."""
    for name in ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT_80_TCP", "PORT_80_TCP_ADDR", "CACHE"):
        monkeypatch.setenv(f"SLANT_{name}", "10.0.0.1")
    assert read_settings(workers=3).workers == 3
    monkeypatch.setenv("SLANT_PORT", "tcp://10.0.0.1:80")
    with pytest.raises(InputError, match=r"SLANT_PORT: .*; Kubernetes sets it so .* enableServiceLinks: false"):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SLANT_CORS_ORIGINS", "*", "SLANT_CORS_ORIGINS: wanted a JSON list"),
        ("SLANT_ROOT_PATH", "slant", "SLANT_ROOT_PATH: wanted a path that begins with /, such as /slant, got 'slant'"),
        ("SLANT_KEEP_ALIVE_S", "0", "SLANT_KEEP_ALIVE_S: .*greater than 0"),
    ],
)
def test_a_setting_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=said):
        read_settings()


def test_a_system_without_what_the_service_is_made_of_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    monkeypatch.setattr("platform.system", lambda: "Windows")
    for start, what in ((run, "the service"), (lambda: slant.batch.score("a.csv", "out"), "batch scoring")):
        with pytest.raises(SlantError, match=f"{what} runs on Linux and macOS, and not on Windows: start it in a cont"):
            start()


NO_TEMPORARY_FILES = """
import sys, tempfile
def nowhere(*_):
    raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")
tempfile._get_default_tempdir = nowhere
from slant.cli import main
sys.argv = ["slant", *sys.argv[1:]]
main()
"""


def run_without_temporary_files(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", NO_TEMPORARY_FILES, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, input="Rovers won the cup on Monday.")


def test_without_a_folder_for_temporary_files_articles_are_classified() -> None:
    done = run_without_temporary_files("classify", "-")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["language"] == "en"


def test_without_a_folder_for_temporary_files_the_service_says_what_it_needs() -> None:
    done = run_without_temporary_files("serve")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "needs a folder for temporary files" in done.stderr
    assert "TMPDIR" in done.stderr
