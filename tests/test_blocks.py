"""How an article's sentences are laid out in blocks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slant.features.blocks import SENTENCE, TITLE, Marks, lay_out

MARKS = Marks(1, 2, 0)
SENTENCES = st.lists(st.lists(st.integers(10, 99), min_size=1, max_size=130), min_size=1, max_size=30)


@given(SENTENCES, st.lists(st.integers(100, 120), max_size=40), st.integers(130, 400))
def test_every_sentence_stands_whole_in_one_block_below_the_title(
    sentences: list[list[int]], title: list[int], block: int
) -> None:
    laid_out = lay_out(title, sentences, range(len(sentences)), MARKS, block)
    head = [1, *title[:TITLE], 2] if title else [1]
    assert list(laid_out.places) == list(range(len(sentences)))
    for number, (place, start, stop) in laid_out.places.items():
        assert laid_out.pieces[place][start:stop] == sentences[number][:SENTENCE]
    for pieces in laid_out.pieces:
        assert pieces[: len(head)] == head
        assert pieces[-1] == 2
        assert len(pieces) <= block
    inside = sum(len(pieces) - len(head) - 1 for pieces in laid_out.pieces)
    assert inside == sum(len(one[:SENTENCE]) for one in sentences)


def test_sentences_that_are_not_chosen_are_left_out() -> None:
    laid_out = lay_out([], [[10], [11], [12]], [0, 2], MARKS)
    assert laid_out.pieces == [[1, 10, 12, 2]]
    assert laid_out.places == {0: (0, 1, 2), 2: (0, 2, 3)}
