"""A run as it is ordered, and its plan: a new one, or that of the run that the folder holds."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Protocol

from slant.batch.asked import Asked, no_such_column
from slant.batch.files import BLOCK, KEPT, PLAN, STDIN, find
from slant.batch.finished import ALL, BAD_FILES
from slant.batch.judge import Load
from slant.batch.plan import PIECE, Plan, is_plan, plan_from, unchanged
from slant.batch.spread import Crew
from slant.batch.store import BESIDE, LOCK, Store
from slant.batch.survey import Surveyed, survey
from slant.batch.tally import Tally
from slant.errors import Changed, DataError

TOLD, SUCCESS = "_run.json", "_SUCCESS"
KEPT_DIGEST = f"{KEPT}.sha256"
IN_MEMORY = 64 * 2**20
"""Bytes of standard input that are held in memory; more go to a temporary file."""
SECONDS = 60.0
"""What an article may take."""
WRITTEN = re.compile(
    rf"part-\d{{6,}}\.(parquet|jsonl|csv)|_?rejects/part-\d{{6,}}\.jsonl|_tally/part-\d{{6,}}\.json|{re.escape(ALL)}"
    rf"|{re.escape(BAD_FILES)}|{re.escape(KEPT)}(\.sha256)?"
)
"""The names of what a run writes, but for what says that it is done, and its plan; ``rejects`` is of older versions."""
HALF_WRITTEN = re.compile(rf"((_?rejects|_tally)/)?{re.escape(BESIDE)}[^/]*")
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
    if STDIN in order.inputs:
        _keep_stdin(order, kept)
    if kept is None or (order.fresh and not is_plan(kept)):
        _check_empty(order)
        now = _new_plan(order)
    elif order.fresh:
        now = _new_plan(order)
        _begin_anew(order.out)
    else:
        before = plan_from(kept)
        alike = (before.asked.columns, before.asked.given) == (order.asked.columns, order.asked.given)
        same = alike and unchanged(before, order.inputs, order.out.url)
        now = _made(order, before.files) if same else _new_plan(order)
        now.check(before)
        if now == before:
            return now  # otherwise a file was touched, or the bundle lies elsewhere
    order.out.put(PLAN, now.to_json())
    return now


def _keep_stdin(order: Order, plan: bytes | None) -> None:
    """Keep what comes from standard input in the output folder, where it can be read from anywhere and again.

    Raises
    ------
    Changed
        The folder holds a run of other input, or something else.
    """
    if plan is None or (order.fresh and not is_plan(plan)):
        _check_empty(order)
    digest = hashlib.sha256()
    with SpooledTemporaryFile(IN_MEMORY) as spooled:
        while raw := sys.stdin.buffer.read(BLOCK):
            digest.update(raw)
            spooled.write(raw)
        same = order.out.get(KEPT_DIGEST) == digest.hexdigest().encode()
        if same and KEPT in order.out.sizes():
            return
        if plan is not None and not order.fresh:
            raise Changed("the run was begun otherwise: standard input was another; --fresh begins anew")
        order.out.put(KEPT, spooled)
        order.out.put(KEPT_DIGEST, digest.hexdigest().encode())


def clean(out: Store, names: Iterable[str]) -> None:
    """Remove what a kill has left half written."""
    out.remove(name for name in names if HALF_WRITTEN.fullmatch(name))


def _check_empty(order: Order) -> None:
    """Make sure that nothing is there that is not Slant's."""
    names = order.out.sizes()
    ours = (LOCK, KEPT)
    strange = sorted(name for name in names if not name.startswith(ours) and not HALF_WRITTEN.fullmatch(name))
    if strange:
        said = "; --fresh touches only what a run has left" if order.fresh else "; wanted an empty folder"
        raise Changed(f"{order.out.url}: holds {strange[0]!r} and no run{said}")


def _begin_anew(out: Store) -> None:
    """Remove what a run has written, the sign of its success first; its plan stays until there is another."""
    out.remove([SUCCESS, TOLD, "run.json"])
    out.remove(name for name in out.sizes() if WRITTEN.fullmatch(name) and not name.startswith(KEPT))


def _new_plan(order: Order) -> Plan:
    order.reporter.say("looking at the input")
    files = find(order.inputs, order.out.url)
    look = partial(survey, size=order.size, given=order.asked.given, columns=order.asked.columns)
    surveyed = order.crew.spread(look, files)
    return _made(order, tuple(sorted(surveyed, key=lambda file: file.table.file.path)))


def _made(order: Order, files: tuple[Surveyed, ...]) -> Plan:
    """Return the plan for files that were looked at; say what was guessed, and which of them are not judged.

    Raises
    ------
    DataError
        None of them can be judged, or a column that is named is in none of them.
    """
    plan, say = Plan(files=files, asked=order.asked, size=order.size), order.reporter.say
    bad, good = plan.bad, plan.good
    if not good:
        path, fault = next(iter(bad.items()))
        more = f"; likewise {len(bad) - 1} more" if len(bad) > 1 else ""
        raise DataError(f"{path}: {fault}{more}", field="input")
    given, read = asdict(order.asked.columns), [asdict(file.table.columns) for file in good]
    for part, name in given.items():
        lacking = [file.table.file.path for file, own in zip(good, read, strict=True) if own[part] != name]
        if name is not None and len(lacking) == len(good) and not (part in ("text", "html") and _has_text(read, part)):
            names = dict.fromkeys(name for file in good for name in file.table.names)
            raise DataError(no_such_column(name, tuple(names)), field=f"{part}_column")
        if name is not None and lacking:
            say(f"no column {name!r} in {_told(lacking)}: there it is taken for empty")
    for note, paths in _guesses(good, given):
        say(note if len(paths) == len(good) else f"{note} in {_told(paths)}")
    for note, paths in _by_note((note, file.table.file.path) for file in good for note in file.notes):
        say(f"{_told(paths)}: {note}")
    for fault, paths in _by_note((fault, path) for path, fault in bad.items()):
        say(f"rejected: {_told(paths)}: {fault}")
    return plan


def _has_text(read: Sequence[Mapping[str, str | None]], part: str) -> bool:
    """Tell whether files have the other one of a text and an HTML column."""
    other = "html" if part == "text" else "text"
    return any(own[other] for own in read)


def _guesses(files: Sequence[Surveyed], given: Mapping[str, str | None]) -> list[tuple[str, list[str]]]:
    """Return what to say of columns that were guessed, and of which files."""
    return _by_note(
        (f"column {name!r} is taken for the {part}", file.table.file.path)
        for part in given
        for file in files
        if given[part] is None and (name := getattr(file.table.columns, part)) is not None
    )


def _by_note(said: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Return what is said, each once, and of which files."""
    found = dict[str, list[str]]()
    for note, path in said:
        found.setdefault(note, []).append(path)
    return list(found.items())


def _told(paths: Sequence[str]) -> str:
    return paths[0] + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
