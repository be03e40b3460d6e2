"""Proposed targets: what an article is about, in its own words, judged like targets that were named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slant.article import AUTO, LONGEST_TARGET
from slant.data.readers import StanceExample
from slant.evaluation.proposals import proposal_report
from slant.inference.classifier import Classifier
from slant.sources.proposals import MOST, candidates, propose
from slant.text.spans import Span
from support import Sample, read_vote


def called(text: str) -> set[str]:
    return {one.text for one in candidates(text)}


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("She backs the harbour toll, he said.", "the harbour toll", "harbour"),
        ("It will ban cars from the old town.", "ban cars from the old town", "cars from the old"),
        ("The new levy on sugar is a mistake", "The new levy on sugar", "levy on"),
        ("Teachers reject longer shifts", "Teachers reject longer shifts", "longer"),
        ("The toll hurts the poor and must go.", "The toll hurts the poor and must go", "hurts"),
    ],
)
def test_candidates_are_whole_phrases_and_clauses(text: str, wanted: str, unwanted: str) -> None:
    assert wanted in called(text)
    assert unwanted not in called(text)


def test_what_is_said_most_comes_first_and_nothing_twice(samples: list[Sample]) -> None:
    rent = next(one.article for one in samples if "rent cap" in (one.article.title or ""))
    found = propose(rent.title or "", rent.text or "", [Span(0, len(rent.text or ""))])
    assert found[0].lower() == "the rent cap"
    assert 1 < len(found) <= MOST
    assert not any(one.lower() in other.lower() for one in found for other in found if one != other)


@given(st.text(max_size=400), st.text(max_size=80))
def test_any_text_has_at_most_five_short_enough_to_be_asked(text: str, headline: str) -> None:
    found = propose(headline, text, [Span(0, len(text))])
    assert len(found) <= MOST
    assert all(0 < len(one) <= LONGEST_TARGET and one.strip() for one in found)
    assert all(one in text or one in headline for one in found)


def test_proposed_targets_are_judged_as_if_they_were_named(classifier: Classifier) -> None:
    proposed = classifier.classify(read_vote()[0], AUTO, sources=True)
    targets = [one.target for one in proposed.stances]
    assert "the harbour bridge" in targets
    assert classifier.classify(read_vote()[0], targets, sources=True) == proposed
    assert next(classifier.classify_many([read_vote()[0]], AUTO, sources=True)) == proposed


def test_recall_is_of_what_readers_chose(classifier: Classifier, tmp_path: Path) -> None:
    vote = read_vote()[0]
    rows = [("the toll on the harbour bridge", "neutral"), ("quantum gravity", "neutral"), ("tennis", "unrelated")]
    examples = [StanceExample("1", vote.title, vote.text or "", target, label, None, {}) for target, label in rows]
    found = proposal_report(classifier, examples, lambda _: None)
    assert found["n"] == 1
    assert found["proposed"]["recall"] == 0.5
    assert 0 < found["proposed"]["precision"] < 1
    assert found["another"] == {"recall": 0.0, "precision": 0.0}
