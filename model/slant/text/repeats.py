"""What a scraped page says twice: its lead as a caption, a paragraph around an advert, a quotation pulled out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slant.text.clean import HOLE
from slant.text.spans import Span

LEAST = 40
"""Characters of a sentence, or of a paragraph of shorter ones, that nobody writes twice: ``He said no`` may be."""


def without_repeats(cleaned: str, sentences: Sequence[Span]) -> list[Span]:
    """Return the sentences of a cleaned text without those that stand in it before, word for word.

    Sentences and paragraphs of at least ``LEAST`` characters are said once, where they are said first.
    """
    paragraphs, once, kept = set[tuple[str, ...]](), set[str](), list[Span]()
    for paragraph in _paragraphs(cleaned, sentences):
        said = tuple(sentence.of(cleaned) for sentence in paragraph)
        if sum(map(len, said)) >= LEAST and said in paragraphs:
            continue
        paragraphs.add(said)
        for sentence, words in zip(paragraph, said, strict=True):
            if len(words) < LEAST or words not in once:
                kept.append(sentence)
            once.add(words)
    return kept


def _paragraphs(cleaned: str, sentences: Sequence[Span]) -> Iterator[list[Span]]:
    """Yield the sentences of each paragraph."""
    paragraph = list[Span]()
    for sentence in sentences:
        gap = cleaned[paragraph[-1].end : sentence.start] if paragraph else ""
        if "\n" in gap or HOLE in gap:
            yield paragraph
            paragraph = []
        paragraph.append(sentence)
    if paragraph:
        yield paragraph
