"""An article as a reader gets it: its sentences in blocks, each begun with the title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slant.types import TokenIds

BLOCK, TITLE, SENTENCE, QUESTION = 320, 24, 96, 40
"""The most pieces of a block, of the title at its head, of a sentence in it, and of a question."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The pieces that frame a block or a question, and what fills up a row."""

    start: int
    stop: int
    padding: int


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of an article, and where its sentences stand in them.

    ``places`` are (block, first piece, last piece + 1) by the number of the sentence.
    """

    pieces: list[TokenIds]
    places: Mapping[int, tuple[int, int, int]]


def lay_out(
    title: TokenIds, sentences: Sequence[TokenIds], chosen: Sequence[int], marks: Marks, block: int = BLOCK
) -> Blocks:
    """Return sentences in blocks; none is parted.

    Parameters
    ----------
    title : list of int
        The pieces of the title; empty if there is none.
    sentences : sequence of list of int
        The pieces of every sentence of the article.
    chosen : sequence of int
        The numbers of the sentences that are laid out, in order.
    marks : Marks
        What stands between title and sentences, and at the ends of a block.
    block : int
        The most pieces of a block, all included; a longer sentence has a block of its own.
    """
    head = [marks.start, *title[:TITLE], marks.stop] if title else [marks.start]
    blocks, places, current = list[TokenIds](), dict[int, tuple[int, int, int]](), list(head)
    for number in chosen:
        pieces = sentences[number][:SENTENCE]
        if len(current) + len(pieces) + 1 > block and len(current) > len(head):
            blocks.append([*current, marks.stop])
            current = list(head)
        places[number] = (len(blocks), len(current), len(current) + len(pieces))
        current += pieces
    return Blocks([*blocks, [*current, marks.stop]], places)
