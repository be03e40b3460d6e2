"""Which part of the data an article belongs to, fixed by its own text.

The same article gets the same part in whatever set it stands and whatever its id, so a text held out
of one set is not trained on through another.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from enum import StrEnum

_LETTERS = 400
HELD_OUT, CALIBRATION = 0.20, 0.15


class Part(StrEnum):
    """What an article is used for."""

    TRAIN = "train"
    CALIBRATION = "calibration"
    HELD_OUT = "held-out"


def text_key(text: str) -> str:
    """Return a key that two copies of a text share, whatever their spacing, case and punctuation."""
    letters = re.sub(r"[\W_]+", "", text[: 4 * _LETTERS]).lower()[:_LETTERS]
    return hashlib.sha256(letters.encode("utf-8", "replace")).hexdigest()


def part_of(text: str) -> Part:
    """Return the part of the data that a text belongs to: 20% held out, 15% for calibration."""
    place = int(text_key(text)[:8], 16) / 2**32
    if place < HELD_OUT:
        return Part.HELD_OUT
    return Part.CALIBRATION if place < HELD_OUT + CALIBRATION else Part.TRAIN


def text_keys(texts: Iterable[str]) -> frozenset[str]:
    """Return the keys of many texts."""
    return frozenset(map(text_key, texts))
