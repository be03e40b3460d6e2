"""The command line as a shell sees it: output, exit codes, one clear line for every mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from slant.cli import main
from support import SAMPLES, Sample, read_vote


def run(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["slant", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    code = ended.value.code
    return (code if isinstance(code, int) else 0), out, err


class Shell:
    """Runs the command line in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        return run(list(arguments), self.monkeypatch, self.capsys)


@pytest.fixture
def slant(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def test_classify_prints_a_line_of_json_for_each_file(slant: Shell) -> None:
    files = [str(SAMPLES / "08_football.txt"), str(SAMPLES / "13_telescope.txt")]
    code, out, err = slant("classify", *files, "--target", "nuclear energy", "-t", "the referee", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [row["topics"][0]["name"] for row in rows] == ["sport", "science and technology"]
    assert [stance["target"] for stance in rows[0]["stances"]] == ["nuclear energy", "the referee"]


def test_classify_draws_a_table_in_a_terminal(slant: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    code, out, _ = slant("classify", str(SAMPLES / "08_football.txt"), "--target", "the [referee]")
    assert code == 0
    assert "topics" in out
    assert "sport" in out
    assert "the [referee]" in out


def test_classify_draws_a_table_of_sources(slant: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "160")
    sources = read_vote()[1]
    code, out, _ = slant("classify", str(SAMPLES / "17_toll_vote.txt"), "--target", "the harbour toll", "--sources")
    assert code == 0
    assert all(word in out for row in sources for word in row["name"].split())


def test_targets_are_named_or_proposed(slant: Shell) -> None:
    file = str(SAMPLES / "02_rent_cap_for.txt")
    code, out, _ = slant("classify", file, "--auto-targets", "--json", "--title", "The rent cap works")
    assert code == 0
    assert json.loads(out)["stances"][0]["target"].lower().startswith("the rent cap")
    code, _, err = slant("classify", file, "--auto-targets", "--target", "the rent cap")
    assert code == 2
    assert "wanted --target or --auto-targets, got both" in err


def test_standard_input_and_html(tmp_path: Path, samples: list[Sample]) -> None:
    body = "".join(f"<p>{line}</p>" for line in samples[7].text.splitlines())
    page = f"<!doctype html><html><body><article>{body}</article></body></html>"
    command = [sys.executable, "-m", "slant", "classify", "-"]
    done = subprocess.run(command, input=page.encode(), capture_output=True, check=True)
    assert json.loads(done.stdout)["topics"][0]["name"] == "sport"


def test_some_files_unreadable_is_exit_code_3(slant: Shell, tmp_path: Path) -> None:
    code, out, err = slant("classify", str(tmp_path / "none.txt"), str(SAMPLES / "08_football.txt"))
    assert code == 3
    assert len(out.splitlines()) == 1
    assert "none.txt: cannot be read: No such file" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("classify", "none.txt"), 2, "none.txt: cannot be read"),
        (("classify", str(SAMPLES / "08_football.txt"), "--target", " "), 2, "target 0 is blank"),
        (("classify", str(SAMPLES / "08_football.txt"), "--bundle", "nowhere"), 1, "nowhere: no such bundle"),
        (("info", "nowhere"), 1, "nowhere: no such bundle"),
        (("evaluate", "default", "none.jsonl", "--task", "stance"), 2, "none.jsonl: no such file"),
        (("evaluate", "default", "none.jsonl", "--task", "mood"), 2, "wanted one of stance, topic, source, quotes"),
        (("train", "stance", "none.csv", "--out", "x"), 2, "none.csv: no such file"),
        (("train", "default", "nowhere", "--out", "x"), 2, "no such file"),
        (("classify",), 2, "Missing argument"),
        (("fly",), 2, "No such command"),
    ],
)
def test_a_mistake_is_named_without_a_traceback(slant: Shell, arguments: tuple[str, ...], code: int, said: str) -> None:
    got, _, err = slant(*arguments)
    assert got == code
    assert said in err
    assert "Traceback" not in err
    if "Usage" not in err:
        assert len(err.strip().splitlines()) == 1


def test_info_shows_the_card(slant: Shell) -> None:
    code, out, _ = slant("info")
    assert code == 0
    assert out.startswith("sha256 ")
    assert "## What it is bad at" in out


def test_evaluate_writes_json_and_a_page(slant: Shell, gold_file: Path, tmp_path: Path) -> None:
    figures, page = tmp_path / "figures.json", tmp_path / "page.html"
    code, out, _ = slant(
        "evaluate", "default", str(gold_file), "--task", "topic", "--json", str(figures), "--report", str(page)
    )
    assert code == 0
    assert "macro_f1" in out
    wanted = "n accuracy macro_f1 f_avg fnc_score strict lenient ece brier per_class confusion coverage masked slices"
    assert set(wanted.split()) <= set(json.loads(figures.read_text()))
    assert "<svg" in page.read_text()


def test_training_from_the_shell(slant: Shell, tmp_path: Path) -> None:
    data, out = tmp_path / "mine.csv", tmp_path / "mine"
    lines = [f"Paper {n}: snow fell in the hills,snow,{'yes' if n % 2 else 'no'}" for n in range(60)]
    data.write_text("text,target,label\n" + "\n".join(lines) + "\n")
    code, printed, _ = slant("train", "stance", str(data), "--out", str(out), "--name", "mine")
    assert code == 0
    assert f"bundle written to {out}" in printed
    code, printed, _ = slant("info", str(out))
    assert "# mine" in printed


def test_importing_slant_is_light() -> None:
    heavy = "sklearn scipy onnxruntime tokenizers trafilatura skops joblib typer rich fastapi pandas torch"
    code = f"import sys, slant; print([m for m in {heavy.split()!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
