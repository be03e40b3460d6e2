"""Articles of any length that are made to take long: one for each way in which work could grow faster than a text."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import cycle, islice

from slant.article import Article

SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()
PARAGRAPH = "The council voted on the harbour toll after a long debate, and few of its members were pleased with it."
Make = Callable[[int], Article]


def text(pattern: str) -> Make:
    """Return what makes an article of a pattern over and over."""
    return lambda n: Article(text=(pattern * (n // len(pattern) + 1))[:n])


def varied(pattern: str, *, parts: int = 3) -> Make:
    """Return what makes an article of a pattern whose ``{}`` are other words each time; ``{a}`` is one in lower case."""

    def make(n: int) -> Article:
        drawn, found, length = random.Random(n), list[str](), 0
        while length < n:
            words = ["".join(drawn.choices(SYLLABLES, k=parts)) for _ in range(pattern.count("{}") + 1)]
            found.append(pattern.format(*(word.capitalize() for word in words), a=words[-1]))
            length += len(found[-1])
        return Article(text="".join(found)[:n])

    return make


def base64(n: int) -> Article:
    """Return letters and digits in lines, as of a picture."""
    drawn = random.Random(n)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return Article(text="\n".join("".join(drawn.choices(letters, k=76)) for _ in range(n // 77 + 1))[:n])


def page(pattern: str, *, before: str = "", behind: str = "", head: str = "") -> Make:
    """Return what makes a page of a pattern over and over, behind some paragraphs."""
    start = f"<html><head>{head}<title>Toll</title></head><body><article>" + f"<p>{PARAGRAPH}</p>" * 5 + before

    def make(n: int) -> Article:
        body = "".join(islice(cycle([pattern]), n // len(pattern) + 1))[:n]
        return Article(html=f"{start}{body}{behind}</article></body></html>")

    return make


def attributes(n: int) -> Article:
    """Return a page with one tag of ever more attributes."""
    tag = " ".join(f"a{k}=1" for k in range(n // 7))
    return Article(html=f"<html><body><article>{f'<p>{PARAGRAPH}</p>' * 5}<p {tag}>No.</p></article></body></html>")


def headline(n: int) -> Article:
    """Return an article that is a title."""
    return Article(title=("Voters back the harbour toll, " * (n // 30 + 1))[:n], text=PARAGRAPH)


TEXTS: dict[str, Make] = {
    "base64": base64,
    "surnames": varied("{}, "),
    "full names": varied("{} {}, "),
    "one surname": varied("{} Haldane and "),
    "one given name": varied("Tom {} and "),
    "initials": varied("T. {} and {} came. "),
    "football results": varied("{} 2 {} 1\n"),
    "a run of names": varied("{} ", parts=1),
    "honorifics": text("Mr. Haldane met Ms. Haldane. Haldane left. "),
    "pronouns": text("Tom Haldane came. He said no. "),
    "who": text("Tom Haldane, who came, who said no, who left. "),
    "described": varied("The {a} said no. "),
    "one noun": varied("The {a} spokesman said no. The spokesman left. "),
    "roles": varied("{} {}, a baker, said no. The baker left. "),
    "bodies": varied("The Bank of {} said no. The bank left. "),
    "abbreviated bodies": varied("The {} {} Union met. The HWU said no. "),
    "possessives": varied("{}'s "),
    "cues": text("said told warned asked "),
    "attributed": varied('"No," said {}. '),
    "spaces behind a comma": lambda n: Article(text="Tom Haldane, " + " " * n + "a baker, said no."),
    "line breaks": text("\n"),
    "short lines": text("No\n"),
    "dots": text("."),
    "commas": text("a, "),
    "quotation marks": text('"'),
    "nested quotations": text("\u201cNo \u2018yes "),
    "brackets": text("(["),
    "abbreviations": text("Mr. U.S. Inc. "),
    "lost spaces": text("war.The"),
    "hyphens": text("A-B-"),
    "one word": text("a"),
    "numbers": text("1,234.5% "),
    "combining marks": text("a\u0301\u0302\u0303"),
    "right to left": text("\u05e9\u05dc\u05d5\u05dd \u202e"),
    "half characters": text("\ud800a "),
    "no spaces": text("\u6e2f\u3002"),
    "share bars": text("Share this: Facebook Twitter\nHe said no.\n"),
    "forms": text("Leave a Reply\nName *\nHe said no.\n"),
    "captions": text("provinceAin base (Reuters) "),
    "one paragraph": text(PARAGRAPH + "\n\n"),
    "claims": varied("The {a} toll will hurt the {a}, and the {a} must go. "),
    "headline": headline,
}
PAGES: dict[str, Make] = {
    "attributes": attributes,
    "cells": page("<td>No", before="<table><tr>"),
    "rows": page("<tr><td>The council voted for it.", before="<table>"),
    "line break tags": page("No<br>"),
    "paragraphs": page("<p>No"),
    "dates": page("<div>1 January 2026</div>"),
    "items": page("<li>No"),
    "links": page("<p><a href=a>No</a></p>"),
    "nested": page("<div>"),
    "scripts": page("<script>a<b</script>"),
    "an open comment": page("<!--"),
    "an open attribute": page("<p a='"),
    "an open tag": page("<p "),
    "less than": page("<"),
    "metadata": page("<p>No", head='<script type="application/ld+json">' + '{"a":' * 500 + "</script>"),
    "words": page(f"<p>{PARAGRAPH}"),
}
