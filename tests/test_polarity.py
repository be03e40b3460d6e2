"""Targets that name an attitude against a thing: the same answer, turned round."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slant.article import Article, StanceScore
from slant.features.views import target_views
from slant.inference.classifier import Classifier
from slant.inference.polarity import read_target
from slant.labels import OPPOSITE, STANCES
from support import Sample


@pytest.mark.parametrize(
    ("target", "thing", "turned"),
    [
        ("opposition to the ferry toll", "the ferry toll", True),
        ("The objections to rent caps", "rent caps", True),
        ("Rejecting EU membership", "EU membership", True),
        ("rejection of the pay offer", "the pay offer", True),
        ("being against zoos", "zoos", True),
        ('rejecting "the toll is fair"', '"the toll is fair"', True),
        ("opposing the dam", "the dam", True),
        ("the case against nuclear power", "nuclear power", True),
        ("rejecting opposition to the dam", "the dam", False),
        ("opposing views on the dam", "opposing views on the dam", False),
        ("the opposition", "the opposition", False),
        ("People Against Tolls", "People Against Tolls", False),
        ("opposition to ", "opposition to ", False),
        ("the fight against corruption", "the fight against corruption", False),
        ("scrapping the toll", "scrapping the toll", False),
        ("support for the dam", "support for the dam", False),
    ],
)
def test_only_words_for_an_attitude_turn_a_target_round(target: str, thing: str, turned: bool) -> None:
    asked = read_target(target, STANCES)
    assert (asked.target, asked.thing, asked.turned) == (target, thing, turned)


def test_labels_without_an_opposite_leave_targets_alone() -> None:
    assert not read_target("opposition to the toll", ("favor", "other")).turned


@given(st.text(max_size=60))
def test_any_target_can_be_read(target: str) -> None:
    asked = read_target(target, STANCES)
    assert target.endswith(asked.thing)
    assert bool(asked.thing) == bool(target)


def test_the_answers_toward_a_thing_and_its_rejection_mirror_each_other(
    classifier: Classifier, samples: list[Sample]
) -> None:
    for sample in samples[:6]:
        thing = sample.targets[0]["target"]
        judgement = classifier.classify(sample.article, [thing, f"opposition to {thing}"], coverage=0.9)
        assert_mirrored(*judgement.stances)


def assert_mirrored(plain: StanceScore, turned: StanceScore) -> None:
    other: dict[str, str] = {label: OPPOSITE.get(label, label) for label in STANCES}
    assert plain.label
    assert turned.label == other[plain.label]
    assert turned.probabilities == {label: plain.probabilities[other[label]] for label in STANCES}
    assert set(turned.label_set or ()) == {other[label] for label in plain.label_set or ()}
    assert [(e.start, e.label) for e in turned.evidence] == [(e.start, other[e.label]) for e in plain.evidence]


def test_a_thing_asked_for_both_ways_is_read_once(classifier: Classifier) -> None:
    asked = ["opposition to the toll", "the toll", "rejecting the toll"]
    with patch("slant.inference.classifier.target_views", wraps=target_views) as spy:
        judgement = classifier.classify(Article(text="The toll is a mistake. Drop it now."), asked)
    assert [call.args[2] for call in spy.call_args_list] == [["the toll"]]
    assert [score.target for score in judgement.stances] == asked
