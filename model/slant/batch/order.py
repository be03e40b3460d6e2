"""A run as it is ordered, and its plan: a new one, or that of the run that the folder holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Protocol

from slant.batch.asked import Asked
from slant.batch.files import PLAN, find
from slant.batch.finished import ALL
from slant.batch.judge import Load
from slant.batch.plan import PIECE, Plan, is_plan, plan_from, unchanged
from slant.batch.spread import Crew
from slant.batch.store import BESIDE, LOCK, Store
from slant.batch.survey import Surveyed, survey
from slant.batch.tally import Tally
from slant.errors import Changed

TOLD, SUCCESS = "run.json", "_SUCCESS"
SECONDS = 60.0
"""What an article may take."""
WRITTEN = re.compile(
    rf"part-\d{{6,}}\.(parquet|jsonl|csv)|rejects/part-\d{{6,}}\.jsonl|_tally/part-\d{{6,}}\.json|{re.escape(ALL)}"
)
"""The names of what a run writes, but for what says that it is done, and its plan."""
HALF_WRITTEN = re.compile(rf"((rejects|_tally)/)?{re.escape(BESIDE)}[^/]*")
"""The names of what a kill leaves."""


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
    seconds: float = SECONDS
    command: str = ""


def planned(order: Order) -> Plan:
    """Return the plan of the run that the folder holds, if this is the same one; otherwise a new one.

    Raises
    ------
    DataError
        The input cannot be read.
    Changed
        The folder holds something else.
    """
    kept, now = order.out.get(PLAN), None
    if kept is None or (order.fresh and not is_plan(kept)):
        _check_empty(order)
        now = _new_plan(order)
    elif order.fresh:
        now = _new_plan(order)
        _begin_anew(order.out)
    else:
        before = plan_from(kept)
        same = unchanged(before, order.inputs, order.out.url)
        now = _made(order, before.files) if same else _new_plan(order)
        now.check(before)
        if now == before:
            return now  # otherwise a file was touched, or the bundle lies elsewhere
    order.out.put(PLAN, now.to_json())
    return now


def clean(out: Store, names: Iterable[str]) -> None:
    """Remove what a kill has left half written."""
    out.remove(name for name in names if HALF_WRITTEN.fullmatch(name))


def _check_empty(order: Order) -> None:
    """Make sure that nothing is there that is not Slant's."""
    names = order.out.sizes()
    strange = sorted(name for name in names if not name.startswith(LOCK) and not HALF_WRITTEN.fullmatch(name))
    if strange:
        said = "; --fresh touches only what a run has left" if order.fresh else "; wanted an empty folder"
        raise Changed(f"{order.out.url}: holds {strange[0]!r} and no run{said}")


def _begin_anew(out: Store) -> None:
    """Remove what a run has written, the sign of its success first; its plan stays until there is another."""
    out.remove([SUCCESS, TOLD])
    out.remove(name for name in out.sizes() if WRITTEN.fullmatch(name))


def _new_plan(order: Order) -> Plan:
    order.reporter.say("looking at the input")
    files = find(order.inputs, order.out.url)
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
