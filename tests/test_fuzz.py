"""Articles put together at random from what pages really hold: each is answered soundly, or refused by name.

A few hundred in each run; FUZZ_ARTICLES=10000 for more. One in ``REAL`` is read by the real networks, the others by
stand-ins that find sources everywhere.
"""

from __future__ import annotations

import json
import os
import random

import pytest

from slant.article import AUTO, Article, Evidence, Judgement, Words
from slant.errors import ArticleError
from slant.inference.classifier import Classifier
from slant.inference.many import Options
from slant.labels import STANCES
from stand_in_networks import without_networks

ARTICLES = int(os.environ.get("FUZZ_ARTICLES", "200"))
TOGETHER = 50
REAL = 25
WARNINGS = {
    "language-unsupported",
    "language-undetermined",
    "not-an-article",
    "text-cut",
    "html-cut",
    "sources-text-cut",
    "sources-cut",
}
NAMES = ("Ingrid Solberg", "Solberg", "Daniel Okafor", "Mr. Okafor", "Ann Lee", "Ms Lee", "J. K. Moor", "the HWU", "NATO",
         "The Harbour Workers' Union", "the spokesman", "the company", "He", "She", "they", "Bank of Cran", "Mary Solberg",
         "a nurse who asked not to be named", "Qais al-Rubai", "\u674e\u660e", "Tom's")  # fmt: skip
CLAIMS = ("the toll is unfair", "nobody should pay for the bridge", "it will close in June", "the ban was a mistake", "no",
          "wages must rise by 3.5%", "we\u2019ll never give up", "\u05e9\u05dc\u05d5\u05dd \u202eabc", "a\u0301\u0302b", "\ud83d\ude00")  # fmt: skip
CUES = ("said", "told reporters", "warned", "did not say", "called it", "according to", "added:", "asked", "\u2014")
FURNITURE = ("Leave a Reply", "Share this:", "Facebook Twitter", "Advertisement", "Read more: the toll", "12 comments",
             "Image copyright Getty Images", "(Reuters)", "\u00a9 2026 The Harbour Post", "Your email address will not be published.",
             "Related articles", "By Ann Lee", "BAGHDAD (AP) -", "Name *", "toggle caption Ann Lee/AP")  # fmt: skip
TAGS = ("p", "div", "h2", "li", "blockquote", "td", "tr", "table", "b", "a href='x'", "img src=x alt='A toll'", "br", "script",
        "figcaption", "span class=\"a\"", "p id=", "!-- x --", "section", "q", "title", "p style='", "svg", "nav", "ul")  # fmt: skip


class Writer:
    """Writes an article, of its own seed."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def article(self) -> Article:
        """Return an article as text or as a page, with a title or without."""
        parts = [self.part() for _ in range(self.draw.choice((0, 1, 3, 10, 25)))]
        if self.draw.random() < 0.15:
            parts = [self.one(FURNITURE) for _ in parts]
        if self.draw.random() < 0.2:
            parts += parts
        title = self.draw.choice((None, "", " ", self.sentence(), "The toll", "\ud800", "Comments"))
        if self.draw.random() < 0.35:
            return Article(html=self.page(parts), title=title)
        text = self.draw.choice(("\n", "\n\n", " ", "\r\n\r\n", "\u2028")).join(parts)
        return Article(text=self.torn(text), title=title)

    def part(self) -> str:
        kinds = (self.paragraph, self.paragraph, self.paragraph, self.quotation, self.listing, self.table, self.noise,
                 lambda: self.one(FURNITURE), lambda: self.one(CLAIMS).capitalize(), lambda: self.one(NAMES))  # fmt: skip
        return self.draw.choice(kinds)()

    def paragraph(self) -> str:
        gap = self.draw.choice((" ", " ", " ", "", "  ", "\n", "\u00a0"))
        return gap.join(self.sentence() for _ in range(self.draw.randint(1, 6)))

    def sentence(self) -> str:
        name, cue, claim = self.one(NAMES), self.one(CUES), self.one(CLAIMS)
        left, right = self.draw.choice(
            (("\u201c", "\u201d"), ('"', '"'), ("\u2018", "\u2019"), ("\u00ab", "\u00bb"), ("", ""))
        )
        role = self.draw.choice(
            ("", ", a baker,", ", who leads them,", " (D-Ohio)", ", spokesman for the \u201cSadik\u201d bloc,")
        )
        forms = (f"{left}{claim.capitalize()},{right} {cue} {name}{role}.", f"{name}{role} {cue} {left}{claim}{right}.",
                 f"{name}{role} {cue} that {claim}.", f"{cue.capitalize()} {name}, {claim}.", f"{claim.capitalize()}. {right}",
                 f"{name} and {self.one(NAMES)} {cue} {claim}!", f"{left}{claim}")  # fmt: skip
        return self.draw.choice(forms)

    def quotation(self) -> str:
        return "\n\n".join(f"\u201c{self.paragraph()}" for _ in range(self.draw.randint(1, 3))) + "\u201d"

    def listing(self) -> str:
        mark = self.draw.choice(("- ", "* ", "1. ", "\u2022 ", ""))
        return "\n".join(mark + self.one(CLAIMS) for _ in range(self.draw.randint(1, 6)))

    def table(self) -> str:
        return "\n".join(f"{self.one(NAMES)}\t{self.draw.randint(0, 9)} | {self.draw.random():.2f}" for _ in range(5))

    def noise(self) -> str:
        count = self.draw.choice((1, 3, 50, 400))
        if self.draw.random() < 0.5:
            return "".join(self.draw.choices("QWERtyuiop0123456789+/=", k=count))
        return "".join(
            chr(self.draw.randint(0, self.draw.choice((127, 0x2FF, 0xFFFF, 0x10FFFF)))) for _ in range(count)
        )

    def page(self, parts: list[str]) -> str:
        body = "".join(f"<p>{part}</p>" if self.draw.random() < 0.6 else self.tag() + part for part in parts)
        head = self.draw.choice(("", "<html><head><title>A toll</title></head><body>", "<article>", "<!doctype html>"))
        return self.torn(head + body)

    def tag(self) -> str:
        return (
            self.draw.choice(("<", "<", "</", "", "&"))
            + self.one(TAGS)
            + self.draw.choice((">", ">", ">", "", "/>", ";"))
        )

    def torn(self, text: str) -> str:
        """Return a text, cut off somewhere now and then."""
        return text[: self.draw.randrange(len(text))] if text and self.draw.random() < 0.1 else text

    def one(self, among: tuple[str, ...]) -> str:
        return self.draw.choice(among)


@pytest.mark.parametrize("first", range(0, ARTICLES, TOGETHER))
def test_any_article_is_answered_soundly_or_refused_by_name(classifier: Classifier, first: int) -> None:
    stand_in = without_networks(classifier)
    for seed in range(first, min(first + TOGETHER, ARTICLES)):
        draw, article = random.Random(-seed), Writer(seed).article()
        targets = draw.choice((AUTO, ["the toll"], ["the toll", "opposition to the toll", "\ud800 x"], []))
        options: Options = {
            "sources": draw.random() < 0.8,
            "topics": draw.random() < 0.5,
            "evidence": draw.random() < 0.9,
        }
        if draw.random() < 0.5:
            options["coverage"] = draw.choice((0.5, 0.8, 0.9, 0.99))
        if draw.random() < 0.3:
            options["min_confidence"] = draw.random()
        try:
            found = (stand_in if seed % REAL else classifier).classify(article, targets, **options)
        except ArticleError as error:
            assert error.field in ("text", "html")  # noqa: PT017
            continue
        except Exception as error:
            raise AssertionError(f"seed {seed}: {article!r}") from error
        check(found, article, options)


def check(found: Judgement, article: Article, options: Options) -> None:
    """Check what holds of every judgement."""
    text = found.text if article.html is not None else article.text
    assert text is not None
    assert set(found.warnings) <= WARNINGS
    spans: list[Evidence | Words] = [span for one in found.sources for span in one.spans]
    for stance in found.stances:
        spans += [*stance.evidence, *(span for one in stance.sources for span in one.spans)]
        _shares(stance.probabilities, stance.confidence, stance.label)
        for one in stance.sources:
            _shares(one.probabilities, one.confidence, one.label)
            assert (one.name, one.role) in {(source.name, source.role) for source in found.sources}
        assert (stance.label_set is not None) == ("coverage" in options)
        assert stance.label is None or stance.label_set is None or stance.label in stance.label_set
    for span in spans:
        assert 0 <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == span.text
    assert all(one.name in text and (one.role is None or one.role in text) for one in found.sources)
    assert all(0 < topic.probability <= 1 for topic in found.topics)
    assert json.loads(json.dumps(found.to_dict()))


def _shares(probabilities: dict[str, float], confidence: float, label: str | None) -> None:
    assert tuple(sorted(probabilities)) == tuple(sorted(STANCES))
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert all(0 <= share <= 1 for share in probabilities.values())
    assert confidence == max(probabilities.values())
    assert label is None or probabilities[label] == confidence
