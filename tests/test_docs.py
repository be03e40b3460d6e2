"""The README says what is true: its blocks run, its answer is the real one, its tables are complete."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from serving import REAL, serving
from slant.article import Article
from slant.inference.classifier import Classifier
from slant_service.app import create_app
from slant_service.settings import Settings
from support import ROOT, ready

HERE = "http://127.0.0.1:8000"
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNNING = (ROOT / "service" / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def workplace(tmp_path: Path, gold_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in which the README's file names exist."""
    shutil.copytree(ROOT / "tests" / "samples", tmp_path / "tests" / "samples")
    shutil.copy(gold_file, tmp_path / "labelled.jsonl")
    rows = [
        f"Letter {n}: fuel duty is {'fair' if n % 2 else 'a scandal'},fuel duty,{'pro' if n % 2 else 'con'}"
        for n in range(80)
    ]
    (tmp_path / "mine.csv").write_text("text,target,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", [block for block in blocks("python") if HERE not in block])
def test_python_blocks_run(block: str) -> None:
    assert "sport" in printed_by(block)


@pytest.mark.parametrize("block", [block for block in blocks("python") if HERE in block])
def test_python_blocks_that_call_the_service_run(block: str) -> None:
    with serving(REAL) as service:
        assert "sport" in printed_by(block.replace(HERE, service.url))


def printed_by(block: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(block, "README.md", "exec"), {})
    return printed.getvalue()


@pytest.mark.parametrize("block", [block for block in blocks("bash") if "curl" not in block])
def test_shell_blocks_run(block: str, workplace: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_curl_gets_the_answer_shown(classifier: Classifier) -> None:
    words = shlex.split(next(block for block in blocks("bash") if "curl" in block))
    body, url = json.loads(words[words.index("-d") + 1]), next(word for word in words if word.startswith("http"))
    with TestClient(create_app(Settings())) as client:
        answer = ready(client).post(url.removeprefix(HERE), json=body).json()
    shown = json.loads(blocks("json")[0])
    assert answer == _roughly(shown)


def _roughly(value: object) -> object:
    """Return an answer that equals all that differ from it by 0.05 in a probability: processors do."""
    if isinstance(value, dict):
        return {key: _roughly(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_roughly(part) for part in value]
    return pytest.approx(value, abs=0.05) if isinstance(value, float) else value


def test_every_setting_and_command_is_named() -> None:
    table = re.findall(r"^\| `SLANT_(\w+)` \|", RUNNING, re.MULTILINE)
    assert [name.lower() for name in table] == list(Settings.model_fields)
    for command in ("classify", "serve", "train", "evaluate", "info"):
        assert f"slant {command}" in README or f"make {command}" in README
    assert "slant key " in RUNNING


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    assert targets == set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))


def test_the_sources_it_shows_are_those_it_finds(classifier: Classifier) -> None:
    table = README.split("| source | role | stance | words |\n| --- | --- | --- | --- |\n")[1].split("\n\n")[0]
    text = (ROOT / "tests" / "samples" / "17_toll_vote.txt").read_text(encoding="utf-8")
    (stance,) = classifier.classify(Article(text=text), ["the harbour toll"], sources=True).stances
    found = {(one.name, one.role or "", one.label, span.text) for one in stance.sources for span in one.spans}
    rows = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in table.splitlines()]
    assert len(rows) > 3
    assert set(rows) <= found
