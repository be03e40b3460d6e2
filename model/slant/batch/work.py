"""What a worker does: reads a piece, judges it, and puts its part in place. A piece is done when its part is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from slant.batch.asked import Asked
from slant.batch.careful import judge_carefully
from slant.batch.judge import Load, Outcome, judge, loaded
from slant.batch.plan import Piece
from slant.batch.read import read_piece
from slant.batch.rows import Reject, Row
from slant.batch.store import Store
from slant.batch.tally import Tally
from slant.batch.write import Judged, part, rejects
from slant.errors import DataError, SlantError


@dataclass(frozen=True, slots=True)
class Names:
    """The files of a piece: its part, its rejected rows if it has any, and its counts until the run is done."""

    part: str
    rejects: str
    tally: str

    @property
    def done(self) -> set[str]:
        """Return the names that are there once a piece is done."""
        return {self.part, self.tally}

    @classmethod
    def of(cls, number: int, ending: str) -> Names:
        """Return the names for the piece of a number."""
        name = f"part-{number:06}"
        return cls(f"{name}.{ending}", f"rejects/{name}.jsonl", f"_tally/{name}.json")


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a piece: its counts, or why it could not be done."""

    number: int
    tally: Tally | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Worker:
    """All that every worker of a run needs to know."""

    asked: Asked
    out: Store
    load: Load
    careful: bool = False

    def __call__(self, piece: Piece) -> Done:
        """Do a piece. Files that cannot be read or written are told of, for it can be tried again."""
        try:
            return Done(piece.number, self._do(piece))
        except DataError as error:
            return Done(piece.number, None, str(error))
        except SlantError:
            raise
        except Exception as error:  # what stores raise is of many types
            return Done(piece.number, None, f"{type(error).__name__}: {error}")

    def _do(self, piece: Piece) -> Tally:
        """Put what comes of a piece in place, its part last."""
        judged, rejected = self._sorted(read_piece(self.asked, piece))
        tally, names = Tally(), Names.of(piece.number, self.asked.format)
        for _, judgement in judged:
            tally.count(judgement)
        for one in rejected:
            tally.reject(one)
        if rejected:
            self.out.put(names.rejects, rejects(rejected))
        self.out.put(names.tally, json.dumps(tally.to_dict()).encode())
        self.out.put(names.part, part(self.asked, judged))
        return tally

    def _sorted(self, rows: list[Row | Reject]) -> tuple[list[Judged], list[Reject]]:
        """Judge the rows; return those that have a judgement, and those that have none."""
        outcomes = self._judge([row for row in rows if isinstance(row, Row)])
        judged, rejected = list[Judged](), list[Reject]()
        for row in rows:
            if isinstance(row, Reject):
                rejected.append(row)
            elif isinstance(outcome := next(outcomes), str):
                rejected.append(Reject(row.raw, outcome))
            else:
                judged.append((row, outcome))
        return judged, rejected

    def _judge(self, rows: list[Row]) -> Iterator[Outcome]:
        if self.careful:
            return judge_carefully(self.load, self.asked, rows)
        return judge(loaded(self.load, self.asked), self.asked, rows)
