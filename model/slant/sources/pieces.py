"""An article's pieces for the attribution model: in order, each with its place in the caller's text.

Unlike the sentences that a stance reads, these keep what tells where a quotation begins and ends: the
direction of quotation marks, and the breaks between paragraphs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from slant.features.encoder import encode_each
from slant.features.reading import Reading
from slant.text.clean import HOLE
from slant.text.headings import headings
from slant.types import Bools, Ints

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

LONGEST, MOST_PIECES = 100_000, 30_000
"""Characters, and pieces, of an article in which sources are looked for: longer than nearly all that is news."""
BREAK = "[unused1]"
"""The piece that stands for the end of a paragraph; the vocabulary has it, no text does."""
OPENING, CLOSING = "\u201c\u201e\u00ab", "\u201d\u00bb"
_DIRECTED = str.maketrans(dict.fromkeys(OPENING, "\u201c") | dict.fromkeys(CLOSING, "\u201d"))


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces and their places: ``ids``, ``starts`` and ``ends`` are (n,), the last two character offsets.

    ``inside`` is (n,), whether a piece goes on with the word that the one before is of. ``heading`` is (n,), the
    number of the heading that a piece is of, 0 if it is of none.
    """

    ids: Ints
    starts: Ints
    ends: Ints
    inside: Bools
    heading: Ints

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.ids)


def searched(reading: Reading) -> Reading:
    """Return that part of an article in which sources are looked for: all of it, or of a long one how it begins."""
    characters = bisect_right(reading.spans, LONGEST, key=lambda sentence: sentence.end)
    pieces = bisect_right(list(accumulate(len(ids) + 1 for ids in reading.tokens)), MOST_PIECES)  # and a ``BREAK``
    n = min(characters, pieces)
    if n == len(reading.spans):
        return reading
    cleaned = reading.cleaned[: reading.spans[n - 1].end] if n else ""
    return replace(reading, cleaned=cleaned, spans=reading.spans[:n], tokens=reading.tokens[:n])


def pieces_of(tokenizer: Tokenizer, reading: Reading) -> Pieces:
    """Return the pieces of an article's sentences, with a ``BREAK`` wherever a paragraph ends."""
    text = directed(reading.text, reading.cleaned)
    encodings = encode_each(tokenizer, [span.of(text) for span in reading.spans])
    rows = list(_rows(reading, encodings, piece_id(tokenizer, BREAK)))
    ids, starts, ends, inside, heading = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    return Pieces(ids, starts, ends, inside.astype(bool), heading)


def piece_id(tokenizer: Tokenizer, piece: str) -> int:
    """Return a piece's number.

    Raises:
        ValueError: the vocabulary does not have it.
    """
    found = tokenizer.token_to_id(piece)
    if found is None:
        raise ValueError(f"the tokenizer has no {piece}")
    return int(found)


def directed(text: str, cleaned: str) -> str:
    """Return ``cleaned`` with the direction that double quotation marks had in ``text``."""
    kept = text[: len(cleaned)].translate(_DIRECTED)
    return "".join(
        sent if sent in "\u201c\u201d" and one == '"' else one for sent, one in zip(kept, cleaned, strict=True)
    )


def _rows(reading: Reading, encodings: list[Encoding], stop: int) -> Iterator[tuple[int, int, int, bool, int]]:
    gaps = [reading.cleaned[before.end : after.start] for before, after in pairwise(reading.spans)]
    ends = {n for n, gap in enumerate(gaps) if "\n" in gap or HOLE in gap}
    heads = headings(reading.cleaned, reading.spans)
    for n, (span, encoding) in enumerate(zip(reading.spans, encodings, strict=True)):
        heading = (n + 1) * heads[n]
        for piece, word, (start, end) in zip(encoding.ids, encoding.tokens, encoding.offsets, strict=True):
            yield piece, span.start + start, span.start + end, word.startswith("##"), heading
        if n in ends:
            yield stop, span.end, span.end, False, 0
