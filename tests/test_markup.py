"""Pages cut down to bounded work: what goes, what stays, and that a parser sees no other tags than are counted."""

from __future__ import annotations

import lxml.html  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slant.sources.pieces
import slant.text.html
import slant.text.markup
from slant.article import Article
from slant.errors import ArticleError
from slant.inference.classifier import Classifier
from slant.text.html import extract
from slant.text.markup import MOST_ATTRIBUTES, MOST_TAGS, SHORT, limited

TOLL = [f"The council voted on item {n} of the harbour toll after a long debate." for n in range(60)]
PAGE = "<html><head><title>Toll</title></head><body><article>" + "".join(f"<p>{one}</p>" for one in TOLL) + "</article></body></html>"  # fmt: skip
FRAGMENTS = (
    "<", ">", "/", "'", '"', "=", " ", "a", "<p", "<p ", "</p>", "</", "<!--", "-->", "--!>", "<!-->", "<!", "<?x", "]]>", "<![CDATA[",
    "a=1 ", "b='", 'c="', "d ", "e/", "f=g>", "<b x y z>", "<b x='>' y z>", "<script>", "</script>", "<script><!--<script>", "<style>", "</style",
    "<title>", "</title>", "<textarea>", "<br/>", "<a href=x", "text", "\n", "\t", "\x0c", "\x00", "\u00a0", "&lt;", "<xmp>", "<svg>", "<P", "<SCRIPT ",
)  # fmt: skip


def test_an_ordinary_page_stays_as_it_is() -> None:
    assert limited(PAGE) == (PAGE, 65, False)
    assert extract(PAGE) == ("\n".join(TOLL), "Toll", False)


@pytest.mark.parametrize("tag", ["div", "blockquote", "b", "table><tr><td", "ul><li"])
def test_a_page_may_be_nested_as_deep_as_it_likes(tag: str) -> None:
    """It is read, or refused by name; the parser does not die of it."""
    inner = "".join(f"<p>{one}</p>" for one in TOLL)
    try:
        text, _, _ = extract(f"<html><body><article>{f'<{tag}>' * 16_000}{inner}</article></body></html>")
    except ArticleError as error:
        assert error.field == "html"  # noqa: PT017
    else:
        assert text.splitlines()[0] in TOLL


def test_a_long_page_loses_nothing_of_its_article() -> None:
    page = PAGE.replace("<p>", "<!-- an advert --><script>if (a<b) { }</script><p>") + "<!--" + "x" * SHORT
    found = limited(page)
    assert not found.cut
    assert len(found.html) < len(PAGE) + 61 * len("<!----><script></script>")
    assert extract(page) == extract(PAGE)


def test_tags_beyond_the_most_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slant.text.markup, "MOST_TAGS", 35)
    found = extract(PAGE)
    assert found.cut
    assert found.text == "\n".join(TOLL[:30])


def test_a_page_of_many_tags_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is only that no further extractor is asked, of which one takes the square of the tags."""
    monkeypatch.setattr(slant.text.html, "MOST_COMPARED", 10)
    assert extract(PAGE) == ("\n".join(TOLL), "Toll", False)


def test_attributes_beyond_the_most_are_cut() -> None:
    names = [f"a{n}" for n in range(MOST_ATTRIBUTES + 1)]
    for tag in (
        " ".join(names),
        "/".join(names),
        "='>' ".join(names) + "=1",
        "\n".join(f'{name}="<b>"' for name in names),
    ):
        page = PAGE.replace("<p>", f"<p {tag}>", 1)
        found = limited(page)
        assert found.cut
        assert names[-2] in found.html
        assert names[-1] not in found.html
        assert extract(page) == ("\n".join(TOLL), "Toll", True)
    assert not limited(PAGE.replace("<p>", f"<p {' '.join(names[:-1])}>")).cut


def test_what_was_cut_is_told(classifier: Classifier) -> None:
    page = PAGE.replace("<article>", "<article " + " ".join(f"a{n}" for n in range(5_000)) + ">")
    assert classifier.classify(Article(html=page)).warnings == ("html-cut",)
    assert classifier.classify(Article(html=PAGE)).warnings == ()


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join))
@settings(max_examples=400, deadline=None)
def test_a_parser_sees_no_more_than_was_counted(page: str) -> None:
    """Whatever hides tags from a reader of the page: scripts in comments in scripts, marks that nothing closes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slant.text.markup, "SHORT", -1)
        patch.setattr(slant.text.markup, "MOST_ATTRIBUTES", 2)
        found = limited(page)
    assert len(found.html) <= 4 * len(page)
    assert found.tags <= MOST_TAGS
    tree = lxml.html.document_fromstring(f"<div>{found.html}")
    own = [one for one in tree.iter() if isinstance(one.tag, str) and one.tag not in ("html", "head", "body", "div")]
    assert len([one for one in own if one.tag != "p"]) <= found.tags
    assert all(len(one.attrib) <= 2 for one in own)
