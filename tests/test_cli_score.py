"""``slant score`` as a shell sees it: what it prints, its exit codes, what a Ctrl-C leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import slant.batch.scoring as scoring
from batch_stand_in import load
from serving import until
from slant.article import AUTO, Article
from slant.batch.asked import Columns
from slant.batch.locks import file_lock
from slant.inference.classifier import Classifier
from support import Sample, read_vote
from test_batch import jsonl
from test_cli import Shell, slant

__all__ = ["slant"]
GOOD = [{"id": f"{n}", "body": f"The toll of row {n}"} for n in range(20)]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(scoring.score.__kwdefaults__ or {}, "load", load)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_bytes(jsonl(GOOD))
    return path


@pytest.mark.usefixtures("stand_in")
def test_a_run_tells_what_it_does_and_what_came_of_it(slant: Shell, source: Path, tmp_path: Path) -> None:
    code, out, err = slant("score", str(source), "--out", str(tmp_path / "out"), "-t", "the [toll]", "--workers", "1")
    assert code == 0
    assert "slant: column 'body' is taken for the text" in err
    assert "slant: 20 rows" in err
    assert "the [toll]" in out
    assert "20 rows judged, 0 rejected" in out


@pytest.mark.usefixtures("stand_in")
def test_rejected_rows_have_an_exit_code_of_their_own(slant: Shell, source: Path, tmp_path: Path) -> None:
    source.write_bytes(source.read_bytes() + b"broken\n")
    out = tmp_path / "out"
    arguments = ("score", str(source), "--out", str(out), "--workers", "1", "--json", "--quiet")
    for _ in range(2):
        code, said, err = slant(*arguments)
        found = json.loads(said)
        assert (code, err) == (3, "")
        assert (found["rows"], found["rejected"], found["reasons"]) == (20, 1, {"not JSON": 1})
    told = json.loads((out / "_run.json").read_text())
    assert told["command"].startswith(f"slant score {source}")
    assert told["result"]["rows"] == 20


@pytest.mark.usefixtures("stand_in")
def test_each_failure_has_its_exit_code(slant: Shell, source: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    common = ("--out", out, "--workers", "1", "--quiet")
    assert slant("score", str(source), *common)[0] == 0
    assert slant("score", str(source), *common, "-t", "the bridge")[::2] == (
        5, "slant: the run was begun otherwise: targets was [], is ['the bridge']; --fresh begins anew\n",
    )  # fmt: skip
    assert slant("score", str(source), *common, "-t", "the bridge", "--fresh")[0] == 0
    with file_lock(tmp_path / "out" / "_lock"):
        assert slant("score", str(source), *common)[0] == 6
    assert slant("score", str(tmp_path / "no.jsonl"), "--out", f"{out}2")[0] == 2
    for wrong in (("-t", " "), ("--min-confidence", "2"), [f"-t{n}" for n in range(17)]):
        assert slant("score", str(source), "--out", f"{out}4", "--workers", "1", *wrong)[0] == 2
    assert not Path(f"{out}4").exists()
    assert slant("score", str(source), "--out", f"{out}3", "--bundle", str(tmp_path))[0] == 1


def test_an_extra_that_is_missing_is_named(slant: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("slant.batch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = slant("score", "in.jsonl", "--out", "out")
    assert (code, err) == (1, "slant: pyarrow is not installed; type: pip install 'slant[batch]'\n")


def test_batch_says_what_the_classifier_says(classifier: Classifier, samples: list[Sample], tmp_path: Path) -> None:
    """The real bundle, in processes of its own, duplicates computed once: equal to the last bit."""
    articles = [replace(read_vote()[0], id="vote"), *(replace(one.article, id=one.name) for one in samples[:5])]
    rows = [{"id": one.id, "title": one.title, "text": one.text} for one in articles]
    (tmp_path / "in.jsonl").write_bytes(jsonl([*rows, *rows]))
    targets, out = ["the harbour toll", "the wind farm"], str(tmp_path / "out")
    scoring.score(str(tmp_path / "in.jsonl"), out, targets=targets, evidence=True, sources=True, workers=2)
    found = pq.read_table(tmp_path / "out" / "part-000000.parquet").drop_columns(["file", "row"]).to_pylist()
    alone = [classifier.classify(one, targets, sources=True).to_dict() for one in articles]
    own = {"text": "article_text", "sources": "article_sources"}
    assert alone[0]["stances"][0]["sources"]
    alone = [{own.get(name, name): value for name, value in one.items()} for one in alone]
    assert json.loads(json.dumps(found)) == json.loads(json.dumps([*alone, *alone]))


def test_batch_proposes_targets_where_a_row_names_none(
    classifier: Classifier, samples: list[Sample], tmp_path: Path
) -> None:
    rows = [{"text": samples[1].text, "about": ""}, {"text": samples[1].text, "about": "the rent cap"}]
    (tmp_path / "in.jsonl").write_bytes(jsonl(rows))
    columns = Columns(targets="about")
    scoring.score(str(tmp_path / "in.jsonl"), str(tmp_path / "out"), targets=AUTO, columns=columns, workers=1)
    found = pq.read_table(tmp_path / "out" / "part-000000.parquet")["stances"].to_pylist()
    proposed = classifier.classify(Article(text=samples[1].text), AUTO)
    assert [one["target"] for one in found[0]] == [one.target for one in proposed.stances] != []
    assert [one["target"] for one in found[1]] == ["the rent cap"]


def hear_ctrl_c() -> None:
    """Undo what a shell does to a program in the background: there Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(samples: list[Sample], tmp_path: Path) -> None:
    rows = [{"id": f"{n}", "text": f"{one.text} {n}"} for n in range(700) for one in samples[:3]]
    (tmp_path / "in.jsonl").write_bytes(jsonl(rows))
    out = tmp_path / "out"
    command = ["score", str(tmp_path / "in.jsonl"), "--out", str(out), "--piece", "2", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "slant", *command],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_ctrl_c,
    )
    until(lambda: len(list(out.glob("part-*"))) > 1, 120)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    lines = err.splitlines()
    assert lines[-2:] == ["slant: interrupted; what is done is kept; to go on, type:", "slant " + " ".join(command)]
    assert "Traceback" not in err
    assert not (out / "_SUCCESS").exists()
