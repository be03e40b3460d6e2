"""From an article to a judgement: labels, offsets, evidence, and the same answer in any company."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant.article import Article, Judgement
from slant.errors import ArticleError, TargetError
from slant.features.encoder import Encoder
from slant.features.memory import remembering
from slant.inference.classifier import Classifier
from slant.labels import STANCES, TOPICS
from support import Sample

TARGETS = ["the rent cap", "the Skerry Bank wind farm", "nuclear power"]


@pytest.fixture(scope="module")
def judged(classifier: Classifier, samples: list[Sample]) -> list[Judgement]:
    return [classifier.classify(s.article, [t["target"] for t in s.targets]) for s in samples]


def test_samples_are_real_articles(samples: list[Sample]) -> None:
    assert len(samples) >= 16
    for sample in samples:
        assert 300 <= len(sample.text.split()) <= 900, sample.name


def test_most_samples_get_a_topic_their_reader_gave(judged: list[Judgement], samples: list[Sample]) -> None:
    right = [bool(j.topics) and j.topics[0].name in s.codes for j, s in zip(judged, samples, strict=True)]
    assert sum(right) >= 14


def test_most_samples_get_the_stances_their_reader_gave(judged: list[Judgement], samples: list[Sample]) -> None:
    pairs = [
        (score.label, target["stance"])
        for judgement, sample in zip(judged, samples, strict=True)
        for score, target in zip(judgement.stances, sample.targets, strict=True)
    ]
    assert sum(got == wanted for got, wanted in pairs) >= 29
    assert sum(got == wanted == "unrelated" for got, wanted in pairs) >= 15


def test_opposite_articles_on_one_target_are_told_apart(judged: list[Judgement]) -> None:
    """Over both pairs together: on either pair alone, an encoder that was not trained for it may fail."""
    leans = [judged[n].stances[0].probabilities for n in (1, 3, 2, 4)]
    first, second, third, fourth = (lean["favor"] - lean["against"] for lean in leans)
    assert first + second > third + fourth


def test_evidence_points_into_the_callers_text(judged: list[Judgement], samples: list[Sample]) -> None:
    spans = 0
    for judgement, sample in zip(judged, samples, strict=True):
        for score in judgement.stances:
            assert (score.label == "unrelated") == (not score.evidence)
            for piece in score.evidence:
                assert sample.text[piece.start : piece.end] == piece.text
                assert 0 < piece.probability <= 1
                spans += 1
    assert spans > 16


def test_shapes_and_sums(judged: list[Judgement]) -> None:
    codes = {topic.code for topic in TOPICS}
    for judgement in judged:
        assert judgement.language == "en"
        assert judgement.warnings == ()
        assert {topic.code for topic in judgement.topics} <= codes
        assert [t.probability for t in judgement.topics] == sorted(
            (t.probability for t in judgement.topics), reverse=True
        )
        for score in judgement.stances:
            assert tuple(score.probabilities) == STANCES
            assert sum(score.probabilities.values()) == pytest.approx(1, abs=1e-5)
            assert score.confidence == max(score.probabilities.values())


def test_alone_and_in_company_the_answer_is_the_same(classifier: Classifier, samples: list[Sample]) -> None:
    articles = [sample.article for sample in samples[::3]]
    together = list(classifier.classify_many(articles, TARGETS))
    for article, judgement in zip(articles, together, strict=True):
        assert classifier.classify(article, TARGETS) == judgement
    assert [j.id for j in together] == [a.id for a in articles]


def test_an_encoder_that_remembers_reads_nothing_twice_and_says_the_same(
    classifier: Classifier, samples: list[Sample]
) -> None:
    remembers = Classifier(replace(classifier.bundle, encoder=remembering(classifier.bundle.encoder)))
    said = remembers.classify(samples[0].article, ["the rent cap"])
    assert said == classifier.classify(samples[0].article, ["the rent cap"])
    with mock.patch.object(Encoder, "read") as read:
        assert remembers.classify(samples[0].article, ["the rent cap"]) == said
    assert not read.called


def test_other_targets_do_not_change_a_stance(classifier: Classifier, samples: list[Sample]) -> None:
    long = Article(text="\n".join(sample.text for sample in samples))
    for article in (samples[0].article, long):
        alone = classifier.classify(article, TARGETS[:1]).stances[0].probabilities
        beside = classifier.classify(article, TARGETS).stances[0].probabilities
        assert beside == alone


def test_many_reads_an_endless_stream(classifier: Classifier, samples: list[Sample]) -> None:
    def endless() -> Iterator[Article]:
        yield from itertools.repeat(samples[7].article)

    assert len(list(itertools.islice(classifier.classify_many(endless()), 3))) == 3


def test_a_long_article_says_what_was_not_read(classifier: Classifier, samples: list[Sample]) -> None:
    text = "\n".join(sample.text for sample in samples)
    judgement = classifier.classify(Article(text=text), ["the rent cap"])
    assert judgement.read.windows < judgement.read.of_windows / 4
    assert judgement.stances[0].label != "unrelated"


def test_a_page_that_repeats_itself_says_no_more_than_once(classifier: Classifier) -> None:
    said = "The toll is unfair and the council should scrap it. "
    once, often = (classifier.classify(Article(text=said * n), ["the toll"]) for n in (1, 20))
    assert (once.topics, once.stances) == (often.topics, often.stances)
    assert often.stances[0].evidence[0].start == 0
    assert often.read.of_windows == 1


def test_another_language_is_answered_with_a_warning(classifier: Classifier) -> None:
    text = "Der Minister sagte am Montag, dass die Abstimmung über die Maut am Freitag stattfinden werde."
    judgement = classifier.classify(Article(text=text), ["die Maut"])
    assert judgement.language == "de"
    assert judgement.warnings == ("language-unsupported",)
    assert judgement.stances


def test_html_comes_back_with_the_text_its_offsets_point_into(classifier: Classifier, samples: list[Sample]) -> None:
    body = "".join(f"<p>{line}</p>" for line in samples[1].text.splitlines())
    judgement = classifier.classify(
        Article(html=f"<html><body><article>{body}</article></body></html>"), ["the rent cap"]
    )
    assert judgement.text
    for piece in judgement.stances[0].evidence:
        assert judgement.text[piece.start : piece.end] == piece.text


def test_odd_characters_in_title_and_target_are_read(classifier: Classifier, samples: list[Sample]) -> None:
    plain, odd = "the rent cap", "\u201cthe\u00a0rent cap\ud800"
    for target in (plain, odd):
        article = Article(text=samples[1].text, title="Rents\ud800 \u202e")
        assert classifier.classify(article, [target]).stances[0].target == target
    assert classifier.classify(Article(text="Snow fell.", title="Comments"), ["Advertisement"]).stances


@given(st.text(st.characters(), max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text_is_answered_or_refused_by_name(classifier: Classifier, text: str) -> None:
    try:
        judgement = classifier.classify(Article(text=text, title=text[:40]), ["the bill"])
    except ArticleError:
        return
    for piece in judgement.stances[0].evidence:
        assert text[piece.start : piece.end] == piece.text


@pytest.mark.parametrize("targets", [["  "], ["x" * 301], "one string"])
def test_bad_targets_are_refused(classifier: Classifier, targets: list[str]) -> None:
    with pytest.raises(TargetError, match="target"):
        classifier.classify(Article(text="Snow fell."), targets)


@pytest.mark.parametrize(("text", "html", "said"), [(None, None, "neither"), ("a", "b", "both")])
def test_an_article_has_one_body(text: str | None, html: str | None, said: str) -> None:
    with pytest.raises(ArticleError, match=said):
        Article(text=text, html=html)
