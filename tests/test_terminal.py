"""What others wrote, shown in a terminal: nothing of it is obeyed."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from rich.progress import Progress

import slant.show
from slant.article import Evidence, Judgement, ModelId, Read, Source, SourceScore, StanceScore, TopicScore, Words
from slant.batch.console import Bar, Lines, show
from slant.batch.run import Summary
from slant.batch.tally import Tally
from slant.cli import main
from slant.evaluation.tables import tables
from slant.inference.stored import DEFAULT, read_bundle
from slant.terminal import MARK, printable

EVIL = "a\x1b[2J\x1b]0;title\x07b\x9b31mc\x7f\x00\x08\u202ed\ud800"
OURS = re.compile(r"\x1b\[[0-9;]*m")
"""What the terminal is told for colours."""


def test_only_what_a_terminal_obeys_is_replaced() -> None:
    assert printable(EVIL) == f"a{MARK}[2J{MARK}]0;title{MARK}b{MARK}31mc{MARK}{MARK}{MARK}{MARK}d{MARK}"
    kept = "Zoë said “no”.\n\tЩука, \u05d0\u05d1, 日本, 👩‍🚀, \u00ad soft"
    assert printable(kept) == kept


def drawn(monkeypatch: pytest.MonkeyPatch, draw: object) -> str:
    out = StringIO()
    monkeypatch.setattr(
        slant.show, "Console", lambda **_: Console(file=out, force_terminal=True, width=400, highlight=False)
    )
    assert callable(draw)
    draw()
    return OURS.sub("", out.getvalue())


def test_a_judgement_is_shown_and_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    words = (Words(0, 1, EVIL),)
    source = SourceScore(EVIL, EVIL, EVIL, 0.9, {EVIL: 0.9}, words)
    stance = StanceScore(
        EVIL, EVIL, 0.9, {EVIL: 0.9}, (Evidence(0, 1, EVIL, EVIL, 0.9),), label_set=(EVIL,), sources=(source,)
    )
    judgement = Judgement(
        id=EVIL, language="en", topics=(TopicScore(EVIL, EVIL, 0.9),), stances=(stance,), read=Read(1, 1, 1),
        warnings=(), model=ModelId("m", "1", "0"), sources=(Source(EVIL, EVIL, words),),
    )  # fmt: skip
    for one in (judgement, replace(judgement, stances=())):
        text = drawn(monkeypatch, lambda one=one: slant.show.show(one, EVIL))
        assert printable(text) == text
        assert text.count(MARK) > 20


def test_labels_of_an_evaluation_are_shown_and_not_obeyed() -> None:
    out = StringIO()
    found = {"task": "targets", "n": 1, "proposed": {"recall": 0.5, "precision": 0.5},
             "another": {"recall": 0.5, "precision": 0.5}}  # fmt: skip
    assert list(tables(found))
    shown = {"task": "quotes", "n": 1, "bundle": {f"{EVIL}[red]": {"precision": 0.5, "recall": 0.5, "f1": 0.5}}}
    console = Console(file=out, force_terminal=True, width=200, highlight=False)
    for table in tables(shown):
        console.print(table)
    text = OURS.sub("", out.getvalue())
    assert printable(text) == text
    assert "[red]" in text


def test_a_run_of_batch_scoring_is_shown_and_not_obeyed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Targets and labels come from rows and bundles, names of files from whoever put them there."""
    out, evil = StringIO(), f"{EVIL}\n[red]x[/red]"
    console = Console(file=out, force_terminal=True, width=400, highlight=False)
    monkeypatch.setattr("slant.batch.console.Console", lambda **_: console)
    for reporter in (Lines(), Bar(Progress(console=console, auto_refresh=False))):
        reporter.say(evil)
    tally = Tally(1, 1, Counter({evil: 1}), {evil: Counter({evil: 1})}, Counter({evil: 1}), Counter({evil: 1}))
    show(Summary(tally, 1, 0, 1.0), evil)
    told = capsys.readouterr().err
    text = OURS.sub("", out.getvalue()) + told
    assert printable(text) == text
    assert (text.count(f"{MARK}[2J"), text.count("[red]x[/red]")) == (8, 8)
    assert told.count("\n") == 1


def test_what_goes_wrong_is_told_and_not_obeyed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["slant", "info", "\x1b[2Jnowhere"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err == f"slant: {MARK}[2Jnowhere: no such bundle folder\n"


def test_a_card_is_shown_and_not_obeyed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    manifest, content = read_bundle(DEFAULT)
    card = f"# {EVIL}\n\ttext\n".encode("utf-8", "surrogatepass")
    monkeypatch.setattr("slant.inference.stored.read_bundle", lambda _: (manifest, content | {"CARD.md": card}))
    monkeypatch.setattr(sys, "argv", ["slant", "info"])
    with pytest.raises(SystemExit):
        main()
    out = capsys.readouterr().out
    assert printable(out) == out
    assert out.count("\n") == 5
