"""A run's plan: which piece of the input becomes which part of the output. It hangs on the input alone, not on how many
work at it, and it is kept beside the output, so that a run that was cut goes on with the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from slant import __version__
from slant.batch.asked import Asked, Columns, asked_from
from slant.batch.files import File, find
from slant.batch.survey import Slice, Surveyed, Table
from slant.errors import Changed
from slant.records.layout import Dialect, Layout
from slant.types import Json

PIECE = 2**20
"""Bytes of input in a piece, more or less: some three hundred articles."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is done as one, by one worker: slices of one file or of several."""

    number: int
    slices: tuple[tuple[Table, Slice], ...]

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return sum(one.rows for _, one in self.slices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that decides what the output is, byte for byte."""

    files: tuple[Surveyed, ...]
    asked: Asked
    size: int = PIECE
    version: str = __version__

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces in order: slices of about the wanted size, small files together."""
        number, held, weight = 0, list[tuple[Table, Slice]](), 0
        for file in self.good:
            for one in file.slices:
                held.append((file.table, one))
                weight += one.size
                if weight >= self.size:
                    yield Piece(number, tuple(held))
                    number, held, weight = number + 1, [], 0
        if held or not number:  # where there are no rows, one part says so, and has the columns
            yield Piece(number, tuple(held))

    @property
    def good(self) -> list[Surveyed]:
        """Return the files whose rows are judged."""
        return [file for file in self.files if file.fault is None]

    @property
    def bad(self) -> dict[str, str]:
        """Return the files of which no row can be judged, and why."""
        return {file.table.file.path: file.fault for file in self.files if file.fault is not None}

    def to_json(self) -> bytes:
        """Return the plan as it is kept."""
        return json.dumps(asdict(self)).encode()

    def identity(self) -> Json:
        """Return what must be the same for a run to go on; where a bundle lies is not."""
        asked = self.asked.to_dict()
        del asked["columns"]
        read = [asdict(file.table.columns) for file in self.good]
        named = {f"column of {part}": _one_or_all([columns[part] for columns in read]) for part in asdict(Columns())}
        files = {file.table.file.path: file.digest for file in self.files}
        rest = {"input": files, "version of slant": self.version, "size of a piece": self.size}
        return {name: value for name, value in (rest | named | asked).items() if name != "bundle"}

    def check(self, before: Plan) -> None:
        """Make sure that a run begun with another plan may go on with this one.

        Raises:
            Changed: it may not; the message names each difference.
        """
        now, then = self.identity(), before.identity()
        differences = [_difference(name, then[name], now[name]) for name in now if now[name] != then[name]]
        if differences:
            raise Changed(f"the run was begun otherwise: {'; '.join(differences)}; --fresh begins anew")


def plan_from(raw: bytes) -> Plan:
    """Return the plan that was kept.

    Raises:
        Changed: it is of another version of slant.
    """
    try:
        content = json.loads(raw)
        files = tuple(_surveyed(file) for file in content.pop("files"))
        return Plan(files=files, asked=asked_from(content.pop("asked")), **content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Changed(f"the run was begun with another version of slant; --fresh begins anew ({error})") from error


def is_plan(raw: bytes) -> bool:
    """Tell whether a file is a plan of Slant's, be it of another version."""
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.keys() >= {"files", "asked", "version"}


def unchanged(plan: Plan, inputs: Iterable[str], out: str) -> bool:
    """Tell whether the input is, by name, size and time of change, what was planned with: then it is not read again."""
    return [file.table.file for file in plan.files] == find(inputs, out)


def _one_or_all(names: list[Any]) -> Any:
    """Return the name of a column, or those in each of the files where they differ."""
    return names if len(set(names)) > 1 else next(iter(names), None)


def _surveyed(content: Json) -> Surveyed:
    table, layout = content["table"], content["table"]["layout"]
    dialect = layout["dialect"] and Dialect(**layout["dialect"])
    return Surveyed(
        Table(
            File(**table["file"]),
            tuple(table["names"]),
            Layout(**layout | {"dialect": dialect}),
            tuple(table["twice"]),
            Columns(**table["columns"]),
        ),
        content["digest"],
        tuple(Slice(**one) for one in content["slices"]),
        tuple(content["notes"]),
        content["fault"],
    )


def _difference(name: str, then: Any, now: Any) -> str:
    if name != "input":
        return f"{name} was {then!r}, is {now!r}"
    gone, new = sorted(then.keys() - now.keys()), sorted(now.keys() - then.keys())
    other = sorted(path for path in then.keys() & now.keys() if then[path] != now[path])
    said = {"gone": gone, "new": new, "changed": other}
    return "input files " + ", ".join(f"{word}: {_few(paths)}" for word, paths in said.items() if paths)


def _few(paths: list[str]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
