"""Which pieces are done: of each, what it came to and how long its files are. That is kept in a file for each piece
until all are done, then in one for all, so that a part that goes missing or is cut short is noticed and done again.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field

from slant.batch.plan import Piece
from slant.batch.store import Store
from slant.batch.tally import Tally, tally_from

ALL = "_tally.jsonl.gz"
"""Holds what is known of all pieces, once all are done."""
BAD_FILES = "_rejects/files.jsonl"
"""Holds the files of which no row could be judged."""


@dataclass(frozen=True, slots=True)
class Names:
    """The files of a piece: its part, its rejected rows if it has any, and what it came to until the run is done."""

    part: str
    rejects: str
    tally: str

    @classmethod
    def of(cls, number: int, ending: str) -> Names:
        """Return the names for the piece of a number."""
        name = f"part-{number:06}"
        return cls(f"{name}.{ending}", f"_rejects/{name}.jsonl", f"_tally/{name}.json")


@dataclass(frozen=True, slots=True)
class Finished:
    """What a piece came to, and the bytes of its part and of its rejected rows, ``None`` where it has none."""

    number: int
    tally: Tally
    part: int
    rejects: int | None

    def to_json(self) -> bytes:
        """Return it as a line of JSON."""
        return json.dumps(asdict(self) | {"tally": self.tally.to_dict()}).encode() + b"\n"

    def fits(self, piece: Piece, names: Names, sizes: Mapping[str, int]) -> bool:
        """Tell whether it accounts for all rows of a piece, and what is there is what was written."""
        whole = self.tally.rows + self.tally.rejected == piece.rows
        return whole and (sizes.get(names.part), sizes.get(names.rejects)) == (self.part, self.rejects)


@dataclass(frozen=True, slots=True)
class Account:
    """The finished pieces by number, each as its line of JSON, and what they come to together."""

    tally: Tally = field(default_factory=Tally)
    lines: dict[int, bytes] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return how many rows are accounted for."""
        return self.tally.rows + self.tally.rejected

    def add(self, finished: Finished) -> None:
        """Account for one more."""
        self.tally.add(finished.tally)
        self.lines[finished.number] = finished.to_json()

    def packed(self) -> bytes:
        """Return all of them as one file."""
        return gzip.compress(b"".join(self.lines[number] for number in sorted(self.lines)), mtime=0)


def read_account(out: Store, pieces: Iterable[Piece], ending: str, sizes: Mapping[str, int]) -> Account:
    """Return what is known of the pieces that are done, and whose files are there as they were written.

    Parameters
    ----------
    out
        The output folder.
    pieces
        All pieces of the run.
    ending
        The end of the name of a part.
    sizes
        The sizes of all files in the folder by name.
    """
    planned = {piece.number: (piece, Names.of(piece.number, ending)) for piece in pieces}
    single = [names.tally for _, names in planned.values() if {names.part, names.tally} <= sizes.keys()]
    lines = [*_unpacked(out.get(ALL) if ALL in sizes else None), *out.get_all(single).values()]
    known = {one.number: one for one in map(_finished_from, lines) if one is not None and one.number in planned}
    account = Account()
    for number, one in known.items():
        if one.fits(*planned[number], sizes):
            account.add(one)
    return account


def _unpacked(content: bytes | None) -> Iterator[bytes]:
    try:
        yield from gzip.decompress(content or b"").splitlines()
    except (OSError, EOFError):  # it is damaged: its pieces are done again
        return


def _finished_from(line: bytes) -> Finished | None:
    try:
        content = json.loads(line)
        return Finished(**content | {"tally": tally_from(content["tally"])})
    except (ValueError, KeyError, TypeError, AttributeError):  # it is damaged: its piece is done again
        return None
