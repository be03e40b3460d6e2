"""What tests import by name: where things are, and the sample articles."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI
from fastapi.testclient import TestClient

from slant.article import Article
from slant_service.engine import Engine

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "samples"
SHARED = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class Sample:
    """A sample article with the labels a reader gave it."""

    name: str
    article: Article
    genre: str
    codes: list[str]
    targets: list[dict[str, str]]

    @property
    def text(self) -> str:
        """Return the article's text."""
        return self.article.text or ""


def read_samples() -> list[Sample]:
    """Return the sample articles, in order."""
    found = []
    for row in json.loads((SAMPLES / "labels.json").read_text(encoding="utf-8")):
        title, text = (SAMPLES / row["file"]).read_text(encoding="utf-8").split("\n", 1)
        article = Article(text=text, title=title, id=row["file"])
        found.append(Sample(row["file"], article, row["genre"], row["codes"], row["targets"]))
    return found


def read_vote() -> tuple[Article, list[dict[str, str]]]:
    """Return the sample article with many sources, and where a reader says that each of them stands."""
    row = json.loads((SAMPLES / "sources.json").read_text(encoding="utf-8"))
    title, text = (SAMPLES / row["file"]).read_text(encoding="utf-8").split("\n", 1)
    return Article(text=text, title=title), [one | {"target": row["target"]} for one in row["sources"]]


def ready(client: TestClient) -> TestClient:
    """Wait, without sleeping, until the bundle that starts in the background has passed its self-test, or failed."""
    engine: Engine = cast(FastAPI, client.app).state.engine
    assert client.portal is not None
    client.portal.call(engine.started.wait)
    return client


def is_problem(response: Any, status: int, kind: str) -> dict[str, Any]:
    """Check that a response has the one shape of errors; return it."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "errors", "id"}
    assert body["type"] == f"/problems/{kind}"
    assert body["status"] == status
    assert body["detail"]
    assert all(set(error) == {"field", "message"} for error in body["errors"])
    return body
