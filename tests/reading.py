"""The reading half of a batch run: files are found, looked at, planned and read, and nothing is judged."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slant.batch.asked import Asked, Columns
from slant.batch.order import Order, _new_plan
from slant.batch.plan import Plan
from slant.batch.read import read_piece
from slant.batch.rows import Reject, Row
from slant.batch.scoring import Silent
from slant.batch.store import Store
from slant.records.layout import Given


class Listening(Silent):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.notes = list[str]()

    def say(self, note: str) -> None:
        self.notes.append(note)


class Here:
    """Does all work in this process."""

    def spread(self, work: Any, over: Iterable[Any]) -> Iterator[Any]:
        return map(work, over)


@dataclass
class Found:
    """What was read, and what was said meanwhile."""

    plan: Plan
    rows: list[Row] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str | None]:
        return [row.article.text for row in self.rows]

    @property
    def ids(self) -> list[str | int | None]:
        return [row.article.id for row in self.rows]


def read(
    inputs: Path | str | Sequence[Path | str],
    out: Path | str = "/nowhere",
    *,
    columns: Columns | None = None,
    keep: bool = True,
    size: int = 500,
    **given: Any,
) -> Found:
    """Read all rows, in pieces; make sure that they are as many as were counted."""
    listening, many = Listening(), [inputs] if isinstance(inputs, Path | str) else inputs
    asked = Asked(columns=columns or Columns(), given=Given(**given).checked(), keep=keep)
    order: Any = Order(
        inputs=[str(one) for one in many],
        out=Store(str(out)),
        asked=asked,
        crew=Here(),  # type: ignore[arg-type]
        load=None,  # type: ignore[arg-type]
        reporter=listening,
        size=size,
    )
    found = Found(_new_plan(order), notes=listening.notes)
    pieces = list(found.plan.pieces())
    for piece in pieces:
        for handful in read_piece(asked, piece):
            found.rows += [one for one in handful if isinstance(one, Row)]
            found.rejects += [one for one in handful if isinstance(one, Reject)]
    assert len(found.rows) + len(found.rejects) == sum(piece.rows for piece in pieces)
    return found


def packed(content: bytes) -> bytes:
    """Return bytes packed by gzip."""
    held = io.BytesIO()
    with gzip.GzipFile(fileobj=held, mode="wb", mtime=0) as file:
        file.write(content)
    return held.getvalue()
