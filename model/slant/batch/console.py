"""A run as a person sees it in a terminal, or in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from slant.batch.order import Reporter
from slant.batch.run import Summary
from slant.batch.tally import Tally
from slant.terminal import printable

WINDOW = 300.0
"""Seconds over which the pace is measured: pieces come in bursts."""
PAUSE = 30.0
"""Seconds between two lines of a log."""
MOST = 10
"""Rows of a summary's tables."""


@contextmanager
def reporting() -> Iterator[Reporter]:
    """Yield a reporter: a bar where standard error is a terminal, otherwise a line now and then."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rejected]} rejected"),
    )
    with Progress(*columns, console=console, speed_estimate_period=WINDOW) as progress:
        yield Bar(progress)


class Lines:
    """Tells in lines how far a run is."""

    def __init__(self) -> None:
        self._rows = self._before = self._done = self._rejected = 0
        self._began = self._told = time.monotonic()

    def say(self, note: str) -> None:
        """Tell a note."""
        sys.stderr.write(f"slant: {_line(note)}\n")
        sys.stderr.flush()

    def begin(self, rows: int, done: int) -> None:
        """Tell how much there is to do."""
        self._rows, self._before = rows, done
        self._began = self._told = time.monotonic()
        self.say(f"{rows} rows" + (f", {done} of them done before" if done else ""))

    def advance(self, tally: Tally) -> None:
        """Tell how far the run is, if that was not told just now."""
        self._done += tally.rows + tally.rejected
        self._rejected += tally.rejected
        now = time.monotonic()
        if now - self._told > PAUSE:
            self._told = now
            pace = self._done / (now - self._began)
            left = (self._rows - self._before - self._done) / pace
            done = self._before + self._done
            self.say(f"{done} of {self._rows} rows, {pace:.1f} a second, {left:.0f} s left, {self._rejected} rejected")


class Bar:
    """Tells in a bar how far a run is."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, pace="", rejected=0)
        self._rejected = 0

    def say(self, note: str) -> None:
        """Tell a note above the bar."""
        self._progress.console.print(f"slant: {escape(_line(note))}", highlight=False)

    def begin(self, rows: int, done: int) -> None:
        """Set the bar up."""
        self._progress.reset(self._task, total=rows, completed=done)

    def advance(self, tally: Tally) -> None:
        """Move the bar on."""
        self._rejected += tally.rejected
        self._progress.advance(self._task, tally.rows + tally.rejected)
        speed = self._progress.tasks[0].speed
        self._progress.update(self._task, rejected=self._rejected, pace=f"{speed:.1f} rows/s" if speed else "")


def show(summary: Summary, out: str) -> None:
    """Print what a run came to."""
    console, tally = Console(highlight=False), summary.tally
    shares = [("topics", tally.topics), ("languages", tally.languages), ("rejected because", tally.reasons)]
    for title, counts in shares:
        if counts:
            console.print(_counts(title, dict(counts.most_common(MOST)), tally.rows + tally.rejected))
    if tally.stances:
        console.print(_stances(tally))
    for note, count in tally.notes.most_common():
        console.print(f"{count} rows: {escape(_line(note))}")
    for path, why in list(summary.bad_files.items())[:MOST]:
        console.print(escape(_line(f"{path}: none of its rows is judged: {why}")))
    if len(summary.bad_files) > MOST:
        console.print(f"and {len(summary.bad_files) - MOST} further files, all in _rejects/files.jsonl")
    new = summary.pieces - summary.before
    console.print(
        f"{tally.rows} rows judged, {tally.rejected} rejected, in {summary.pieces} parts: {escape(_line(out))}"
    )
    console.print(f"[dim]{new} of them now, in {summary.seconds:.1f} s[/]")


def _counts(title: str, counts: dict[str, int], of: int) -> Table:
    table = Table(title, "rows", "share", box=None, padding=(0, 2))
    for name, count in counts.items():
        table.add_row(escape(_line(name)), str(count), f"{count / of:.1%}")
    return table


def _stances(tally: Tally) -> Table:
    """Return a table with a row for each target, the most judged first, and a column for each label."""
    labels = list(dict.fromkeys(label for counts in tally.stances.values() for label in sorted(counts)))
    table = Table("stance toward", *(escape(_line(label)) for label in labels), box=None, padding=(0, 2))
    most = sorted(tally.stances.items(), key=lambda item: -item[1].total())[:MOST]
    for target, counts in most:
        table.add_row(
            escape(_line(target)), *(f"{counts[label]} ({counts[label] / counts.total():.0%})" for label in labels)
        )
    return table


def _line(text: str) -> str:
    """Return what rows, files and bundles say, as one line that a terminal shows and does not obey."""
    return printable(" ".join(text.split()))
