"""What a worker does: reads a piece, judges it, and puts its part in place. A piece is done when its part is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from slant.batch import onward
from slant.batch.asked import Asked
from slant.batch.careful import judge_carefully, prove_carefully
from slant.batch.child import expendable
from slant.batch.finished import Finished, Names
from slant.batch.judge import Load, Outcome, judge, loaded, prove
from slant.batch.plan import Piece
from slant.batch.read import InputChanged, read_piece
from slant.batch.rows import Reject, Row
from slant.batch.store import Store
from slant.batch.tally import Tally
from slant.batch.write import Judged, Part
from slant.errors import DataError, SlantError


class Blame(Enum):
    """What a piece that could not be done failed for."""

    STORE = auto()
    """A store that did not give or take something, or this machine: later it may be otherwise."""
    DATA = auto()
    """What a file holds."""
    CHANGE = auto()
    """A file that is not the one that the run was planned for."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a piece, or why it could not be done."""

    number: int
    finished: Finished | None
    fault: str = ""
    blame: Blame = Blame.STORE


@dataclass(frozen=True, slots=True)
class Worker:
    """All that every worker of a run needs to know.

    ``seconds`` is what an article may take. ``careful``: all rows are judged in a process apart; ``suspects`` are the
    pieces whose rows are. Before the piece ``proving`` what judges passes its own test.
    """

    asked: Asked
    out: Store
    load: Load
    seconds: float
    careful: bool = False
    suspects: frozenset[int] = frozenset()
    proving: int | None = None

    def __call__(self, piece: Piece) -> Done:
        """Do a piece. Files that cannot be read or written are told of, for it can be tried again."""
        try:
            return Done(piece.number, self._do(piece))
        except DataError as error:
            fault, blame = str(error), Blame.CHANGE if isinstance(error, InputChanged) else Blame.DATA
        except SlantError:
            raise
        except Exception as error:  # what stores raise is of many types
            fault, blame = f"{type(error).__name__}: {error}", Blame.STORE
        onward.forget()
        return Done(piece.number, None, fault, blame)

    def _do(self, piece: Piece) -> Finished:
        """Put what comes of a piece in place, its part last."""
        apart = self.careful or piece.number in self.suspects or not expendable()
        if piece.number == self.proving:
            self._prove(apart=apart)
        names, tally = Names.of(piece.number, self.asked.format), Tally()
        with Part(self.asked) as part:
            for rows in read_piece(self.asked, piece):
                for one in part.add(self._judged(rows, apart=apart)):
                    if isinstance(one, Reject):
                        tally.reject(one)
                    else:
                        tally.count(one[1], one[0].note)
            if tally.rows + tally.rejected != piece.rows:
                raise DataError(f"{piece.rows} rows were counted, {tally.rows} judged and {tally.rejected} rejected")
            size, rejects = part.end()
            finished = Finished(piece.number, tally, size, rejects if tally.rejected else None)
            if tally.rejected:
                self.out.put(names.rejects, part.rejects)
            else:  # there may be some of an earlier try, for a reason that has passed
                self.out.remove([names.rejects])
            self.out.put(names.tally, finished.to_json())
            self.out.put(names.part, part.content)
        return finished

    def _prove(self, *, apart: bool) -> None:
        if apart:
            prove_carefully(self.load, self.asked, self.seconds)
        else:
            prove(loaded(self.load, self.asked))

    def _judged(self, rows: list[Row | Reject], *, apart: bool) -> Iterator[Judged | Reject]:
        """Yield each row with its judgement, or why it has none."""
        outcomes = self._judge([row for row in rows if isinstance(row, Row)], apart=apart)
        for row in rows:
            if isinstance(row, Reject):
                yield row
            else:
                outcome = next(outcomes)
                yield Reject(row.raw, outcome) if isinstance(outcome, str) else (row, outcome)

    def _judge(self, rows: list[Row], *, apart: bool) -> Iterator[Outcome]:
        done = 0
        try:
            if not apart:
                for outcome in judge(loaded(self.load, self.asked), self.asked, rows, self.seconds):
                    yield outcome
                    done += 1
        except MemoryError:  # in a process with nothing else in it there may be enough
            loaded.cache_clear()
        yield from judge_carefully(self.load, self.asked, rows[done:], self.seconds)
