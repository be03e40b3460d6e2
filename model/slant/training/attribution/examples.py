"""From marked articles to what the attribution model learns from: pieces, cues, and each cue's parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from slant.data.readers import QuoteExample
from slant.features.encoder import Encoder
from slant.sources.attribution import ROLES, Attribution
from slant.sources.pieces import Pieces, piece_id, pieces_of
from slant.text.spans import Span
from slant.training.samples import read_row
from slant.types import Bools, Ints


@dataclass(frozen=True, slots=True)
class Marked:
    """An article's pieces, and what is marked in them.

    ``cues`` is (m,), the piece at which each attribution's cue begins; ``parts`` is (m, roles, n), which pieces
    are part of it, in the order of ``ROLES``.
    """

    ids: Ints
    cues: Ints
    parts: Bools


def marked_articles(encoder: Encoder, examples: Iterable[QuoteExample]) -> Iterator[Marked]:
    """Yield every example as the model sees it."""
    for example in examples:
        reading = read_row(encoder, None, example.text)
        yield marked(pieces_of(encoder.tokenizer, reading), example.attributions)


def marked(pieces: Pieces, attributions: Sequence[Attribution]) -> Marked:
    """Return pieces with what is marked in them; an attribution without a cue in them is left out."""
    parts = np.array([[_covered(pieces, one.part(role)) for role in ROLES] for one in attributions], dtype=bool)
    parts = parts.reshape(len(attributions), len(ROLES), len(pieces))
    cue = parts[:, ROLES.index("cue")]
    held = cue.any(axis=1)
    return Marked(pieces.ids, cue[held].argmax(axis=1), parts[held])


def _covered(pieces: Pieces, spans: Sequence[Span]) -> Bools:
    found = np.zeros(len(pieces), dtype=bool)
    for span in spans:
        found |= (pieces.starts < span.end) & (span.start < pieces.ends)
    return found


class Restyle:
    """Puts quotation marks otherwise, as other papers and other languages' translations do, or leaves them out."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.open, self.close = piece_id(tokenizer, "\u201c"), piece_id(tokenizer, "\u201d")
        self.straight, self.single = piece_id(tokenizer, '"'), piece_id(tokenizer, "'")

    def __call__(self, ids: Ints, random: np.random.Generator) -> tuple[Ints, Bools]:
        """Return the pieces restyled, and which of the old ones they are, (n,)."""
        kept, found = np.ones(len(ids), dtype=bool), ids.copy()
        opening, closing = ids == self.open, ids == self.close
        match int(random.integers(4)):
            case 0:
                found[opening | closing] = self.straight
            case 1:
                found[opening | closing] = self.single
            case 2:
                kept = ~closing
            case _:
                kept = ~(opening | closing | (ids == self.straight))
        return found[kept], kept
