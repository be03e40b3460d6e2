"""The most memory in bytes that reading a file takes, beside what Python takes to begin: python memory_use.py FILE."""

from __future__ import annotations

import resource
import sys

import pyarrow.parquet as pq

from slant.batch.asked import Asked, Columns
from slant.batch.files import look
from slant.batch.plan import Piece
from slant.batch.read import read_piece
from slant.batch.survey import survey


def most() -> int:
    """Return the most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def read(path: str) -> None:
    """Read all rows of a file as a worker does, and let go of them."""
    found = survey(look(path), 2**20)
    asked = Asked(columns=Columns(text="text"), keep=True)
    for number, one in enumerate(found.slices):
        for rows in read_piece(asked, Piece(number, ((found.table, one),))):
            del rows


if __name__ == "__main__":
    assert pq
    began = most()
    read(sys.argv[1])
    print(most() - began)
