"""Cleaning, sentences and language: examples that once went wrong, and properties of any text."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant.errors import ArticleError
from slant.text.clean import HOLE, clean, is_blank
from slant.text.headings import headings
from slant.text.html import extract
from slant.text.language import language_of
from slant.text.repeats import LEAST, without_repeats
from slant.text.sentences import LONGEST, sentences
from support import SAMPLES

FRAGMENTS = (
    "Leave a Reply", "Your email address will not be published.", "Required fields are marked *", "Share this:",
    "Facebook Twitter", "Read more: x", "(Reuters)", "(AP Photo/A B)", "Image copyright Getty Images", "Advertisement",
    "provinceAin al-Assad base (Reuters)", "He said so.The end", "Mr. X", "\n", "\n\n", "\r\n", "\u200b", "\u202e",
    "\ud800", "\x1f", "\u201cNo.\u201d", "...", "A.", "U.S.", "(", ")", "[", " ", "\u00a0", "© 2026 X", "12 comments",
)  # fmt: skip
scraped = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=12)), max_size=30).map("".join)
any_text = st.one_of(st.text(st.characters(), max_size=400), scraped)


def split(text: str) -> list[str]:
    return [span.of(text) for span in sentences(clean(text))]


@given(any_text)
@settings(max_examples=400, deadline=None)
def test_cleaning_keeps_every_offset_and_is_idempotent(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert clean(cleaned) == cleaned


@given(any_text)
@settings(max_examples=400, deadline=None)
def test_sentences_are_ordered_trimmed_and_lose_no_word(text: str) -> None:
    cleaned = clean(text)
    spans = sentences(cleaned)
    for span in spans:
        piece = span.of(cleaned)
        assert piece
        assert piece == piece.strip()
        assert len(piece) <= LONGEST
        assert HOLE not in piece
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))
    covered = "".join(span.of(cleaned) for span in spans)
    assert "".join(covered.split()) == "".join(cleaned.replace(HOLE, " ").split())


@given(any_text)
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_language_code(text: str) -> None:
    assert language_of(clean(text)).isalpha()


@pytest.mark.parametrize(
    "junk",
    ["(", "[)", "Mr. X. ", "\ud800", "word\n", "\u202e", "share ", "share\n", "Read more: ", "(Photo ", "\n", "aaaB", "\x1f", "."],
)  # fmt: skip
def test_a_megabyte_of_junk_is_read_to_its_end(junk: str) -> None:
    """Linear work takes a second or two; anything quadratic would not finish within the day."""
    cleaned = clean(junk * (1_000_000 // len(junk)))
    assert clean(cleaned) == cleaned
    assert all(span.end - span.start <= LONGEST for span in sentences(cleaned))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Mr. Smith met Sen. J. K. Rowling. He left.", ["Mr. Smith met Sen. J. K. Rowling.", "He left."]),
        ("It was the U.S. The end came.", ["It was the U.S.", "The end came."]),
        ("The U.S. Senate voted.", ["The U.S. Senate voted."]),
        ("He works for Apple Inc. in Paris.", ["He works for Apple Inc. in Paris."]),
        ("She came at 5 p.m. on Monday. Then it rained.", ["She came at 5 p.m. on Monday.", "Then it rained."]),
        ('"Why?" he asked. "Stop it." She left.', ['"Why?" he asked.', '"Stop it."', "She left."]),
        ("It cost $3.5 million... and then some. Done.", ["It cost $3.5 million... and then some.", "Done."]),
        ("He said so.The rest is history.", ["He said so.", "The rest is history."]),
        ("A headline without a stop\nThe story begins.", ["A headline without a stop", "The story begins."]),
        ("World War I. The end.", ["World War I.", "The end."]),
        ("Yahoo! said on Friday it would sell.", ["Yahoo! said on Friday it would sell."]),
        ("No. 5 won. No. That is wrong.", ["No. 5 won.", "No.", "That is wrong."]),
        ("\u201cWe won.\u201d Then he sat.", ["\u201cWe won.\u201d", "Then he sat."]),
        ("The iPhone and McDonald's sell well.", ["The iPhone and McDonald's sell well."]),
        (
            "He fell ill. Doctors came. They sat. Children ran.",
            ["He fell ill.", "Doctors came.", "They sat.", "Children ran."],
        ),
        ("She loves art. Painters love her.", ["She loves art.", "Painters love her."]),
        ("They met in Springfield, Ill. Mayors came.", ["They met in Springfield, Ill. Mayors came."]),
        (
            "Gen. Lee, Sgt. Pepper et al. Smith spoke vs. Jones.",
            ["Gen. Lee, Sgt. Pepper et al. Smith spoke vs. Jones."],
        ),
        ("It fell in the provinceOn Tuesday it rose.", ["It fell in the province", "On Tuesday it rose."]),
        (
            "\u201cHe spoke of a \u2018crisis.\u2019 \u201d Another left.",
            ["\u201cHe spoke of a \u2018crisis.\u2019 \u201d", "Another left."],
        ),
        ('She hosts " The Axe Files. " He was there.', ['She hosts " The Axe Files. "', "He was there."]),
        ('"A good one," he said. " And it is possible."', ['"A good one," he said.', '" And it is possible."']),
        ("It was bad . . . It got worse.", ["It was bad . . .", "It got worse."]),
        ("It was bad . . . and got worse.", ["It was bad . . . and got worse."]),
    ],
)
def test_sentences(text: str, wanted: list[str]) -> None:
    assert split(text) == wanted


SCRAPED = "The council will close two libraries in June."


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"{SCRAPED} He said no. {SCRAPED}\n\n{SCRAPED} It rained.", [SCRAPED, "He said no.", "It rained."]),
        (
            "He said no. She left. It rained all day long.\n\n" * 3,
            ["He said no.", "She left.", "It rained all day long."],
        ),
        ("He said no. She left.\n\n" * 2, ["He said no.", "She left."] * 2),
        (f"{SCRAPED}\n{SCRAPED.replace('two', 'ten')}", [SCRAPED, SCRAPED.replace("two", "ten")]),
        ("", []),
    ],
)
def test_what_stands_twice_is_read_where_it_stands_first(text: str, wanted: list[str]) -> None:
    kept = without_repeats(text, sentences(text))
    assert [span.of(text) for span in kept] == wanted
    assert all(text.index(span.of(text)) == span.start for span in kept if len(span.of(text)) >= LEAST)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Ida Holm left.\n\nA long wait\n\nThe queue grew.", ["A long wait"]),
        ("Ida Holm left.\n\nA long wait.\n\nno end\n\n\u201cNo end\n\nThe queue grew.", []),
        ("A long wait\n\nThe queue grew\n\nThe end", ["A long wait", "The queue grew"]),
        ("A long wait The queue grew.", []),
        ("One two three four five six seven eight nine ten eleven\n\nNo.", []),
        ("", []),
    ],
)
def test_headings_are_a_few_words_alone_above_others(text: str, wanted: list[str]) -> None:
    spans = sentences(clean(text))
    told = headings(clean(text), spans)
    assert len(told) == len(spans)
    assert [span.of(text) for span, heading in zip(spans, told, strict=True) if heading] == wanted


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    lines = ["The ministry said on Monday that it would look into the matter and"] * 6
    assert len(split("\n".join(lines) + ".")) == 1


def test_a_scrape_keeps_its_sentences_and_loses_its_furniture() -> None:
    kept = " ".join(split((SAMPLES / "15_messy_scrape.txt").read_text(encoding="utf-8")))
    for furniture in ("Leave a Reply", "email address", "Share this", "Reuters", "Getty", "newsletter", "ADVERTISEMENT",
                      "12 comments", "All rights reserved", "Follow us", "Below the old mill", "Read more"):  # fmt: skip
        assert furniture not in kept
    for sentence in ("I say so as a man who counts his coins.", "It is cheap, it is fair", "the will to pay."):
        assert sentence in kept


@pytest.mark.parametrize(
    "prose",
    [
        "WASHINGTON (Reuters) - The Senate voted on Monday.",
        "Readers may share this view, and more comments followed on Twitter.",
        "The advertisement ran for a week, and the court (AP reported) banned it.",
        "He asked them to sign up for the army, and they did so in great numbers.",
    ],
)
def test_prose_that_looks_like_furniture_stays(prose: str) -> None:
    assert clean(prose) == prose


def test_blank() -> None:
    assert is_blank(clean(" \n\u200b\x1f"))
    assert is_blank(clean("Leave a Reply\nName *\n"))
    assert not is_blank(clean("Snow."))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The prime minister said on Monday that the vote would go ahead.", "en"),
        ("Der Minister sagte am Montag, die Abstimmung finde statt.", "de"),
        ("El ministro dijo el lunes que la votación se celebraría.", "es"),
        ("12:30 ...", "und"),
    ],
)
def test_language(text: str, code: str) -> None:
    assert language_of(clean(text)) == code


def test_html_becomes_its_article() -> None:
    paragraphs = "".join(
        f"<p>The council voted on item {n} after a long debate about the bridge.</p>" for n in range(8)
    )
    page = f"<html><head><title>Bridge vote</title></head><body><nav>Home News</nav><article>{paragraphs}</article></body></html>"
    extracted = extract(page)
    assert extracted.text.startswith("The council voted on item 0")
    assert "Home News" not in extracted.text
    assert extracted.title == "Bridge vote"


@pytest.mark.parametrize("page", ["", "<html></html>", "<" * 1000, "<p>", "\ud800", "<svg>No.<p>No</p></svg>"])
def test_html_without_an_article_is_refused(page: str) -> None:
    with pytest.raises(ArticleError, match="no article text"):
        extract(page)
