"""What the encoder reads beside a target: one digest of the article, and single windows of it.

A digest is the article as far as one reading of the encoder holds it: all of a short text; of a long
one its title, the sentences nearest to the target, how it begins and ends, and what stands around them.
"""

from __future__ import annotations

from collections.abc import Iterator

from slant.features.reading import Reading
from slant.types import Ints, TokenIds

DIGEST, WINDOW, TARGET = 200, 96, 48
"""The most pieces of a digest, of a window, and of a target beside either."""
SENTENCE = 72
"""The most pieces that one sentence takes of a digest."""


def digest(reading: Reading, nearest: Ints) -> TokenIds:
    """Return the pieces of an article's digest; ``nearest`` are its sentences nearest to the target, in rank."""
    if len(reading.pieces) <= DIGEST:
        return reading.pieces
    title = reading.title[:SENTENCE]
    room, chosen = DIGEST - len(title), set[int]()
    for n in _by_promise(nearest.tolist(), len(reading.tokens)):
        length = min(len(reading.tokens[n]), SENTENCE)
        if n not in chosen and length <= room:
            chosen.add(n)
            room -= length
    return [*title, *(piece for n in sorted(chosen) for piece in reading.tokens[n][:SENTENCE])]


def window(reading: Reading, n: int) -> TokenIds:
    """Return the pieces of sentence ``n``, with the end of the one before and the beginning of the one after."""
    centre = reading.tokens[n][:WINDOW]
    room = WINDOW - len(centre)
    before = reading.tokens[n - 1] if n > 0 else []
    after = reading.tokens[n + 1] if n + 1 < len(reading.tokens) else []
    head = before[-(room // 2) :] if room > 1 else []
    return [*head, *centre, *after[: room - len(head)]]


def _by_promise(nearest: list[int], n: int) -> Iterator[int]:
    """Yield the sentences of an article, the ones that most likely show its stance first."""
    yield from nearest
    yield from (0, n - 1)
    for near in nearest:
        yield from (around for around in (near + 1, near - 1) if 0 <= around < n)
    yield from range(n)
