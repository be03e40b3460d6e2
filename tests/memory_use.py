"""The most memory in bytes that reading a file takes, beside what Python takes to begin: python memory_use.py FILE."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from slant.batch.asked import Asked, Columns
from slant.batch.files import look
from slant.batch.plan import Piece
from slant.batch.read import read_piece
from slant.batch.survey import survey


def most() -> int:
    """Return the most memory that this program ever had; what getrusage says is also of the one that started it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


def read(path: str) -> None:
    """Read all rows of a file as a worker does, and let go of them."""
    found = survey(look(path), 2**20)
    asked = Asked(columns=Columns(text="text"), keep=True)
    for number, one in enumerate(found.slices):
        for rows in read_piece(asked, Piece(number, ((found.table, one),))):
            del rows


if __name__ == "__main__":
    began = most()
    read(sys.argv[1])
    print(most() - began)
