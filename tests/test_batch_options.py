"""The options of ``slant score`` that set its limits, as a shell sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import slant.batch.scoring as scoring
from batch_trouble import load
from test_batch import jsonl
from test_cli import Shell, slant

__all__ = ["slant"]


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(scoring.score.__kwdefaults__ or {}, "load", load)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_bytes(jsonl([{"id": "=a", "text": "STUCK"}, {"id": "=b", "text": "b"}]))
    return path


def test_the_time_for_an_article_is_an_option(slant: Shell, source: Path, tmp_path: Path) -> None:
    common = ("score", str(source), "--out", str(tmp_path / "out"), "--workers", "1", "--json", "--quiet")
    for wrong in ("0", "-1", "nan", "100000"):
        assert slant(*common, "--article-timeout", wrong)[0] == 2
    assert not (tmp_path / "out").exists()
    code, said, _ = slant(*common, "--article-timeout", "0.2")
    assert (code, json.loads(said)["reasons"]) == (3, {"it took longer than 0.2 seconds to judge": 1})
    assert json.loads((tmp_path / "out" / "_run.json").read_text())["article_timeout"] == 0.2
    assert slant(*common, "--article-timeout", "5")[0] == 3  # another limit is no other run


@pytest.mark.parametrize(("option", "name"), [("--csv-safe", "'=b"), ("--no-csv-safe", "=b")])
def test_text_that_looks_like_a_formula_is_an_option(
    option: str, name: str, slant: Shell, source: Path, tmp_path: Path
) -> None:
    common = ("score", str(source), "--out", str(tmp_path / "out"), "--workers", "1", "--quiet", "--format", "csv")
    assert slant(*common, "--article-timeout", "0.2", option)[0] == 3
    assert f",{name}," in (tmp_path / "out" / "part-000000.csv").read_text()


def test_beginning_anew_where_no_run_was_has_the_exit_code_of_another_run(
    slant: Shell, source: Path, tmp_path: Path
) -> None:
    code, _, err = slant("score", str(source), "--out", str(tmp_path), "--workers", "1", "--quiet", "--fresh")
    assert (code, err) == (
        5,
        f"slant: {tmp_path}: holds 'in.jsonl' and no run; --fresh touches only what a run has left\n",
    )
    assert source.exists()
