"""What is no article, or in no language that is known, is told, and a label is withheld on wish."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from slant.article import Article
from slant.data.split import Part, part_of
from slant.errors import OptionError
from slant.inference.classifier import Classifier
from slant.text.clean import clean
from slant.text.kinds import page_kind
from slant.text.language import language_of
from slant_service.app import create_app
from slant_service.settings import Settings
from support import ROOT, SHARED, Sample, ready
from test_cli import Shell

PAGES = [
    page.split("\n", 1) for page in (ROOT / "tests" / "no_articles.txt").read_text(encoding="utf-8").split("== ")[1:]
]
GERMAN = (
    "Der Stadtrat hat am Montag beschlossen, die Maut auf der Hafenbrücke beizubehalten. Der Bürgermeister war dagegen."
)
WALL = (
    "We value your privacy\nWe and our partners use cookies to show you personalised ads.\nAccept all\nManage options"
)
WITHHELD = ["language-unsupported", "language-undetermined", "not-an-article"]


@pytest.fixture
def slant(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def test_the_pages_are_a_hundred_of_six_kinds() -> None:
    assert len(PAGES) == 100
    assert len(Counter(kind for kind, _ in PAGES)) == 6
    assert len({text for _, text in PAGES}) == 100


def test_pages_that_are_no_articles_are_told() -> None:
    missed = [(kind, text) for kind, text in PAGES if page_kind(text) is None]
    assert len(missed) <= 3, missed
    of_kind, missed_of = Counter(kind for kind, _ in PAGES), Counter(kind for kind, _ in missed)
    assert all(missed_of[kind] <= 0.1 * n for kind, n in of_kind.items()), missed


def test_articles_are_articles(samples: list[Sample]) -> None:
    told = {sample.name: page_kind(f"{sample.article.title}\n{sample.text}") for sample in samples}
    assert not {name for name, kind in told.items() if kind}


@pytest.mark.parametrize(
    "text",
    [
        "Rovers won the cup.",
        "The minister was asked about the cookies that her website sets, and said that she bakes her own.",
        "JavaScript is thirty years old this week. Its inventor wrote the first version in ten days.",
        "Readers who subscribe to the theory that the toll pays for itself may be surprised by the audit.",
        "A hacker took the passwords and email addresses of two million users, the company said on Friday.",
        "The number of the bus was 404. It was not found until morning, when a farmer saw it in his field.",
        '"Something went wrong with the count," the returning officer told reporters on Sunday night.',
        "Access to the harbour was denied to the ferry for nine days by the strikers.",
    ],
)
def test_articles_on_such_things_are_articles(text: str) -> None:
    assert page_kind(text) is None


def test_lines_that_were_broken_at_a_width_make_no_list(samples: list[Sample]) -> None:
    words = samples[4].text.split()
    lines = [" ".join(words[n : n + 12]) for n in range(0, len(words), 12)]
    assert page_kind("\n".join(lines)) is None


@pytest.mark.parametrize("piece", ["page-", "error 404 ", "read more" + " " * 99, "by A.A.A ", "x", "we use a, "])
def test_no_page_takes_long_to_look_at(piece: str) -> None:
    for size in (5_900, 1_000_000):
        began = time.process_time()
        page_kind((piece * size)[:size])
        assert time.process_time() - began < 1.0


def rows(file: str) -> Iterator[dict[str, Any]]:
    with gzip.open(SHARED / file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "most"),
    [
        ("gold/stance_silver2.train.jsonl.gz", 2_000),
        ("topic/inshorts.train.jsonl.gz", 1_000),
        ("topic/bbc.train.jsonl.gz", 500),
        ("topic/masakhanews_eng.dev.jsonl.gz", 500),
    ],
)
def test_of_a_hundred_articles_held_out_at_most_one_is_called_none(file: str, most: int) -> None:
    held = (row for row in rows(file) if part_of(row["text"]) is Part.HELD_OUT)
    told = [page_kind(f"{row.get('title') or ''}\n{row['text']}") for row in itertools.islice(held, most)]
    assert len(told) > 80
    assert sum(kind is not None for kind in told) <= 0.01 * len(told)


@pytest.mark.shared
def test_of_a_hundred_short_headlines_at_most_two_are_called_something_else_than_english() -> None:
    files = ("huffpost_fewshot.all", "huffpost_v3_head.train", "ag_news.train_subset", "cap_nyt.all")
    found = (row.get("title") or row.get("text") for file in files for row in rows(f"topic/{file}.jsonl.gz"))
    short = [title for title in found if title and len(title) <= 80]
    drawn = random.Random(7).sample(short, 1_000)
    called = Counter(language_of(clean(title)) for title in drawn)
    assert sum(called.values()) - called["en"] - called["und"] <= 20
    assert called["en"] > 900


@pytest.mark.parametrize(
    "text",
    [
        "PM: NATO, EU OK",
        "Bitcoin ETF",
        "Netanyahu slams ICC warrant",
        "weather",
        "Anna Berg, Tom Haldane, Rita Voss, Ingrid Solberg, Daniel Okafor",
        "I love it.",
        "Yes.",
        "asdf qwer zxcv",
    ],
)
def test_little_english_is_english_or_undetermined(text: str) -> None:
    assert language_of(text) in ("en", "und")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Der Rat stimmt über die Maut ab", "de"),
        ("Le conseil vote contre le péage", "fr"),
        ("El ayuntamiento aprueba el nuevo peaje", "es"),
        ("Il governo approva la manovra", "it"),
        ("Politie houdt drie mannen aan", "nl"),
        ("Polisen grep tre män i natt", "sv"),
        ("Rząd podnosi podatek od cukru", "pl"),
        ("Hükümet şeker vergisini artırıyor", "tr"),
        ("Правительство повышает налог на сахар", "ru"),
        ("日本の政策", "ja"),
        ("الحكومة ترفع ضريبة السكر", "ar"),
    ],
)
def test_a_headline_in_another_language_is_told(text: str, code: str) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize(
    ("text", "warning"),
    [(GERMAN, "language-unsupported"), ("Bitcoin ETF", "language-undetermined"), (WALL, "not-an-article")],
)
def test_a_warning_withholds_the_label_from_who_says_so(classifier: Classifier, text: str, warning: str) -> None:
    article = Article(text=text)
    plain = classifier.classify(article, ["the toll"])
    assert plain.warnings == (warning,)
    assert plain.stances[0].label is not None
    wary = classifier.classify(article, ["the toll"], withhold=[warning])
    assert (wary.stances[0].label, wary.stances[0].probabilities) == (None, plain.stances[0].probabilities)
    others = [name for name in WITHHELD if name != warning]
    assert classifier.classify(article, ["the toll"], withhold=others) == plain


def test_what_has_no_warning_keeps_its_label(classifier: Classifier, samples: list[Sample]) -> None:
    (stance,) = classifier.classify(samples[4].article, ["wind farms"], withhold=WITHHELD).stances
    assert stance.label is not None


def test_sources_are_withheld_with_the_article(classifier: Classifier) -> None:
    text = WALL + '\n"The toll is unfair and must go," said Ana Ruiz, a docker.'
    for source in (
        classifier.classify(Article(text=text), ["the toll"], sources=True, withhold=["not-an-article"])
        .stances[0]
        .sources
    ):
        assert source.label is None


@pytest.mark.parametrize("withhold", ["everything", ["text-cut"], [5]])
def test_what_cannot_be_withheld_at_is_refused(classifier: Classifier, withhold: Any) -> None:
    with pytest.raises(OptionError, match="wanted some of language-unsupported, ") as caught:
        classifier.classify(Article(text="Snow."), withhold=withhold)
    assert caught.value.field == "withhold"


def test_over_http_it_is_a_field() -> None:
    with TestClient(create_app(Settings())) as client:
        body = {"text": WALL, "targets": ["the toll"], "withhold": ["not-an-article"]}
        answer = ready(client).post("/v1/classify", json=body).json()
        assert (answer["warnings"], answer["stances"][0]["label"]) == (["not-an-article"], None)
        problem = client.post("/v1/classify", json=body | {"withhold": ["text-cut"]}).json()
        assert (
            problem["detail"]
            == "withhold.0: wanted 'language-unsupported', 'language-undetermined' or 'not-an-article'"
        )


def test_in_the_shell_it_is_an_option(slant: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(WALL)
    asked = ("classify", str(tmp_path / "a.txt"), "--target", "the toll", "--json", "--withhold")
    code, out, _ = slant(*asked, "not-an-article")
    assert (code, json.loads(out)["stances"][0]["label"]) == (0, None)
    code, _, err = slant(*asked, "nothing")
    assert (code, len(err.splitlines())) == (2, 1)
