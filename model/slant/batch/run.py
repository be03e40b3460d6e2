"""A run: planned or taken up again, its pieces handed out until all are done, and what came of them told."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Protocol

from slant import __version__
from slant.batch.asked import Asked
from slant.batch.careful import let_go
from slant.batch.cluster import WorkerDied
from slant.batch.files import find
from slant.batch.judge import Load
from slant.batch.plan import PIECE, Piece, Plan, plan_from, unchanged
from slant.batch.spread import Crew
from slant.batch.store import BESIDE, LOCK, Store
from slant.batch.survey import Surveyed, survey
from slant.batch.tally import Tally, tally_from, total
from slant.batch.work import Done, Names, Worker
from slant.errors import Changed, Incomplete, OptionError
from slant.types import Json

PLAN, TOLD, SUCCESS = "_plan.json", "run.json", "_SUCCESS"
MOST_TRIES = 3
"""Tries for a piece that cannot be read or written."""
MOST_FAILURES = 10
"""Failures one after the other, without a piece done between, after which nothing more is tried."""


class Reporter(Protocol):
    """Hears how a run goes."""

    def say(self, note: str) -> None:
        """Hear what was guessed, or what went wrong and is tried again."""

    def begin(self, rows: int, done: int) -> None:
        """Hear how many rows there are, and how many of them were done before."""

    def advance(self, tally: Tally) -> None:
        """Hear what came of a piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A run as it is ordered. ``fresh``: what an earlier run left in ``out`` goes."""

    inputs: Sequence[str]
    out: Store
    asked: Asked
    crew: Crew
    load: Load
    reporter: Reporter
    fresh: bool = False
    size: int = PIECE
    command: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to. ``before`` are the pieces done when it was taken up; ``seconds`` are of this time."""

    tally: Tally
    pieces: int
    before: int
    seconds: float

    def to_dict(self) -> Json:
        """Return it as JSON values."""
        timed = {"pieces": self.pieces, "pieces_done_before": self.before, "seconds": round(self.seconds, 3)}
        return self.tally.to_dict() | timed


def run(order: Order) -> Summary:
    """Do all that is asked for, or what is left of it; return what came of it.

    Raises:
        DataError: the input cannot be read.
        OptionError: there can be no such folder.
        Changed: the folder holds another run.
        Locked: another run is at work in it.
        Incomplete: not all could be done; what is done is kept, and the same order goes on from there.
    """
    try:
        order.out.make()
    except OSError as error:
        raise OptionError(f"{order.out.url}: cannot be written: {error}", field="out") from error
    try:
        with order.out.locked():
            return _run(order)
    except OSError as error:
        raise Incomplete(f"{order.out.url}: {error}; what is done is kept") from error
    finally:
        let_go()  # who works alone has judged in a process apart


def _run(order: Order) -> Summary:
    if order.fresh:
        _begin_anew(order.out)
    plan, names = _planned(order), order.out.names()
    if SUCCESS in names:
        return _told(order.out)
    _clean(order.out, names)
    return _Running(order, plan).to_the_end(names)


def _clean(out: Store, names: set[str]) -> None:
    """Remove what a kill has left half written."""
    out.remove(name for name in names if name.rpartition("/")[2].startswith(BESIDE))


def _begin_anew(out: Store) -> None:
    """Remove what a run has written: the sign of its success first; its plan last, while anything else is there."""
    out.remove([SUCCESS, TOLD])
    out.remove(name for name in out.names() if "part-" in name.rpartition("/")[2])
    out.remove([PLAN])


def _planned(order: Order) -> Plan:
    """Return the plan of the run that the folder holds, if this is the same one; otherwise a new one."""
    kept = order.out.get(PLAN)
    if kept is None:
        if strange := sorted(order.out.names() - {LOCK}):
            raise Changed(f"{order.out.url}: holds {strange[0]!r} and no run; wanted an empty folder")
        plan = _new_plan(order)
        order.out.put(PLAN, plan.to_json())
        return plan
    before = plan_from(kept)
    now = _made(order, before.files) if unchanged(before, order.inputs) else _new_plan(order)
    now.check(before)
    if now != before:  # a file was touched, or the bundle lies elsewhere
        order.out.put(PLAN, now.to_json())
    return now


def _new_plan(order: Order) -> Plan:
    order.reporter.say("looking at the input")
    files = find(order.inputs)
    surveyed = order.crew.spread(partial(survey, size=order.size), files)
    return _made(order, tuple(sorted(surveyed, key=lambda file: file.table.file.path)))


def _made(order: Order, files: tuple[Surveyed, ...]) -> Plan:
    """Return the plan for files that were looked at; say which columns were guessed."""
    given = order.asked.columns
    columns = given.guessed(name for file in files for name in file.table.names)
    for part, name in asdict(columns).items():
        if name is not None and getattr(given, part) is None:
            order.reporter.say(f"column {name!r} is taken for the {part}")
    return Plan(files=files, asked=replace(order.asked, columns=columns), size=order.size)


def _told(out: Store) -> Summary:
    """Return the summary that a run has left."""
    found = json.loads(out.get(TOLD) or b"{}")["result"]
    return Summary(tally_from(found), found["pieces"], found["pieces"], found["seconds"])


@dataclass
class _Running:
    """A run under way: what is left of it, and what failed how often."""

    order: Order
    plan: Plan
    tally: Tally = field(default_factory=Tally)
    left: dict[int, Piece] = field(default_factory=dict)
    failures: Counter[int] = field(default_factory=Counter)
    in_a_row: int = 0
    died: bool = False

    def to_the_end(self, names: set[str]) -> Summary:
        """Do all pieces whose part is not among the names of what is there, and tell what came of the run."""
        began = time.monotonic()
        pieces = list(self.plan.pieces())
        self.left = {piece.number: piece for piece in pieces if not self._names(piece.number).done <= names}
        before = [piece for piece in pieces if piece.number not in self.left]
        counted = self.order.out.get_all(self._names(piece.number).tally for piece in before)
        self.tally = total(tally_from(json.loads(one)) for one in counted)
        self.order.reporter.begin(sum(piece.rows for piece in pieces), sum(piece.rows for piece in before))
        while self.left:
            self._hand_out()
        summary = Summary(self.tally, len(pieces), len(before), time.monotonic() - began)
        self._tell(summary)
        return summary

    def _hand_out(self) -> None:
        """Hand out what is left, once; a worker that dies ends it, and from then on rows are judged apart."""
        crew = self.order.crew
        careful = self.died or crew.alone or crew.cluster is not None
        worker = Worker(self.plan.asked, self.order.out, self.order.load, careful)
        try:
            with closing(crew.spread(worker, list(self.left.values()))) as spread:
                for done in spread:
                    self._note(done)
        except WorkerDied as error:
            self.died = True
            self._fail(str(error))

    def _note(self, done: Done) -> None:
        if done.tally is None:
            self.failures[done.number] += 1
            self._fail(done.fault, hopeless=self.failures[done.number] == MOST_TRIES)
            return
        self.in_a_row = 0
        del self.left[done.number]
        self.tally.add(done.tally)
        self.order.reporter.advance(done.tally)

    def _fail(self, fault: str, *, hopeless: bool = False) -> None:
        self.in_a_row += 1
        self.order.reporter.say(f"to be tried again: {fault}")
        if hopeless or self.in_a_row == MOST_FAILURES:
            raise Incomplete(f"{len(self.left)} pieces are not done: {fault}; what is done is kept")

    def _names(self, number: int) -> Names:
        return Names.of(number, self.plan.asked.format)

    def _tell(self, summary: Summary) -> None:
        """Leave the account of the run, and the sign of its success last."""
        out = self.order.out
        told = {
            "command": self.order.command,
            "slant": __version__,
            "asked": self.plan.asked.to_dict(),
            "input": [{"path": file.table.file.path, "bytes": file.table.file.size, "sha256": file.digest}
                      for file in self.plan.files],
            "result": summary.to_dict(),
        }  # fmt: skip
        out.put(TOLD, json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n")
        _clean(out, out.names())  # again: workers of a run that was killed may have lived a little longer
        out.put(SUCCESS, b"")
        out.remove(self._names(number).tally for number in range(summary.pieces))
