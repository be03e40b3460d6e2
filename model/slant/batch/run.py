"""A run: its pieces handed out until all are done, and what came of them told."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

from slant import __version__
from slant.batch import onward
from slant.batch.careful import let_go
from slant.batch.cluster import WorkerDied
from slant.batch.finished import ALL, BAD_FILES, Account, Names, read_account
from slant.batch.order import SUCCESS, TOLD, Order, clean, planned
from slant.batch.plan import Piece, Plan
from slant.batch.tally import Tally, tally_from
from slant.batch.work import Blame, Done, Worker
from slant.errors import Incomplete, OptionError, SlantError
from slant.types import Json

MOST_TRIES = 3
"""Tries for a piece that cannot be read or written."""
MOST_FAILURES = 10
"""Failures of stores or of workers one after the other, without a piece done between, after which nothing is tried."""
MOST_TOLD = 30
"""Failures that are told of."""
MOST_DEATHS = 3
"""Deaths of workers that judge by themselves: after that, every row is judged in a process apart."""
SAFE_PATH = "PYTHONSAFEPATH"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to. ``before`` are the pieces done when it was taken up; ``seconds`` are of this time.

    ``bad_files`` are those of which no row could be judged, and why.
    """

    tally: Tally
    pieces: int
    before: int
    seconds: float
    bad_files: Json = field(default_factory=dict)

    def to_dict(self) -> Json:
        """Return it as JSON values."""
        timed = {"pieces": self.pieces, "pieces_done_before": self.before, "seconds": round(self.seconds, 3)}
        return self.tally.to_dict() | {"bad_files": self.bad_files} | timed


def run(order: Order) -> Summary:
    """Do all that is asked for, or what is left of it; return what came of it.

    Raises
    ------
    DataError
        The input cannot be read.
    OptionError
        There can be no such folder.
    Changed
        The folder holds another run.
    Locked
        Another run is at work in it.
    Incomplete
        Not all could be done; what is done is kept, and the same order goes on from there.
    """
    try:
        order.out.make()
    except Exception as error:  # what stores raise is of many types
        raise OptionError(f"{order.out.url}: cannot be written: {error}", field="out") from error
    try:
        with _safe_path(), order.out.locked() as out:
            return _run(replace(order, out=out))
    except SlantError:
        raise
    except Exception as error:
        if order.out.local and not isinstance(error, OSError):
            raise
        raise Incomplete(f"{order.out.url}: {error}; what is done is kept") from error
    finally:
        let_go()  # who works alone has judged in a process apart
        onward.forget()


@contextmanager
def _safe_path() -> Iterator[None]:
    """Keep the processes that are started from taking a file of the working folder for a module."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


def _run(order: Order) -> Summary:
    out, plan = order.out, planned(order)
    sizes, pieces = out.sizes(), list(plan.pieces())
    account = read_account(out, pieces, plan.asked.format, sizes)
    if SUCCESS in sizes:
        if len(account.lines) == len(pieces) and (summary := _told(order, account)):
            return summary
        order.reporter.say("the run was done, but not all that it wrote is there as it was: what is missing is redone")
        out.remove([SUCCESS])
    clean(out, sizes)
    return _Running(order, plan, pieces, account).to_the_end()


def _told(order: Order, account: Account) -> Summary | None:
    """Return the summary that a run has left; ``None`` if there is none that can be read."""
    try:
        found = json.loads(order.out.get(TOLD) or b"")["result"]
        summary = Summary(tally_from(found), found["pieces"], found["pieces"], found["seconds"], found["bad_files"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return summary if summary.tally.rows + summary.tally.rejected == account.rows else None


@dataclass
class _Running:
    """A run under way: what is done and what is left of it, and what failed how often."""

    order: Order
    plan: Plan
    pieces: list[Piece]
    account: Account
    left: dict[int, Piece] = field(default_factory=dict)
    failures: Counter[int] = field(default_factory=Counter)
    given_up: dict[int, str] = field(default_factory=dict)
    suspects: frozenset[int] = frozenset()
    in_a_row: int = 0
    deaths: int = 0
    proving: int | None = None
    """The piece before which the bundle passes its own test, once in a run: the first that is left."""

    def to_the_end(self) -> Summary:
        """Do all pieces that are left, and tell what came of the run."""
        began, before = time.monotonic(), len(self.account.lines)
        self.left = {piece.number: piece for piece in self.pieces if piece.number not in self.account.lines}
        rows = sum(piece.rows for piece in self.pieces)
        self.order.reporter.begin(rows, self.account.rows)
        self.proving = next(iter(self.left), None)
        while self.left:
            self._hand_out()
        if self.given_up:
            raise Incomplete(_not_done(len(self.given_up), next(iter(self.given_up.values()))))
        tally = self.account.tally
        if self.account.rows != rows:
            raise Incomplete(f"{rows} rows were counted, {tally.rows} judged and {tally.rejected} rejected")
        summary = Summary(tally, len(self.pieces), before, time.monotonic() - began, self.plan.bad)
        self._tell(summary)
        return summary

    def _hand_out(self) -> None:
        """Hand out what is left, once. A worker that dies ends it; what was handed out by then is judged apart."""
        handed = set[int]()

        def handed_out() -> Iterator[Piece]:
            for piece in list(self.left.values()):
                handed.add(piece.number)
                yield piece

        order = self.order
        worker = Worker(
            self.plan.asked,
            order.out,
            order.load,
            order.seconds,
            self.deaths >= MOST_DEATHS,
            self.suspects,
            self.proving,
        )
        try:
            with closing(order.crew.spread(worker, handed_out())) as spread:
                for done in spread:
                    self._note(done)
        except WorkerDied as error:
            self.deaths += 1
            self.suspects |= handed & self.left.keys()
            self._fail(str(error))

    def _note(self, done: Done) -> None:
        if done.finished is not None:
            self.in_a_row = 0
            del self.left[done.number]
            self.account.add(done.finished)
            self.order.reporter.advance(done.finished.tally)
            return
        self.failures[done.number] += 1
        last = self.failures[done.number] == MOST_TRIES
        if last and done.blame is not Blame.CHANGE:
            del self.left[done.number]
            self.given_up[done.number] = done.fault
        self._fail(done.fault, of_store=done.blame is Blame.STORE, hopeless=last and done.blame is Blame.CHANGE)

    def _fail(self, fault: str, *, of_store: bool = True, hopeless: bool = False) -> None:
        self.in_a_row += of_store
        if (told := self.failures.total()) <= MOST_TOLD:
            self.order.reporter.say(f"failed: {fault}" + ("; further failures are not told" * (told == MOST_TOLD)))
        if hopeless or self.in_a_row == MOST_FAILURES:
            raise Incomplete(_not_done(len(self.left) + len(self.given_up), fault))

    def _tell(self, summary: Summary) -> None:
        """Leave the account of the run, and the sign of its success last."""
        out = self.order.out
        told = {
            "command": self.order.command,
            "slant": __version__,
            "asked": self.plan.asked.to_dict(),
            "article_timeout": self.order.seconds,
            "input": [{"path": file.table.file.path, "bytes": file.table.file.size, "sha256": file.digest}
                      for file in self.plan.files],
            "result": summary.to_dict(),
        }  # fmt: skip
        if self.plan.bad:
            lines = ({"file": path, "row": None, "reason": why} for path, why in self.plan.bad.items())
            out.put(BAD_FILES, "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode())
        out.put(ALL, self.account.packed())
        out.put(TOLD, json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n")
        clean(out, out.sizes())  # again: workers of a run that was killed may have lived a little longer
        out.put(SUCCESS, b"")
        out.remove(Names.of(number, self.plan.asked.format).tally for number in self.account.lines)


def _not_done(pieces: int, fault: str) -> str:
    return f"{pieces} pieces are not done: {fault}; what is done is kept"
