"""How sure an answer must be: no label below a confidence, and sets of labels that keep their promise."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient

from slant.article import Judgement
from slant.errors import OptionError
from slant.heads.conformal import Reference
from slant.inference.classifier import Classifier, Options, load
from slant.labels import STANCES
from slant_service.app import create_app
from slant_service.settings import Settings
from support import Sample, ready

COVERAGES = (0.5, 0.8, 0.9, 0.99)


@pytest.fixture(scope="module")
def plain(classifier: Classifier, samples: list[Sample]) -> Judgement:
    return classifier.classify(samples[4].article, [target["target"] for target in samples[4].targets])


def test_below_the_confidence_wanted_there_is_no_label(
    classifier: Classifier, samples: list[Sample], plain: Judgement
) -> None:
    targets = [stance.target for stance in plain.stances]
    for least in (0.0, 0.5, 0.7, 0.9, 1.0):
        found = classifier.classify(samples[4].article, targets, min_confidence=least)
        for before, after in zip(plain.stances, found.stances, strict=True):
            assert after.label == (before.label if before.confidence >= least else None)
            assert (after.probabilities, after.evidence) == (before.probabilities, before.evidence)


def test_a_classifier_abstains_unless_a_call_says_otherwise(samples: list[Sample], plain: Judgement) -> None:
    wary, targets = load(abstain=1.0), [stance.target for stance in plain.stances]
    assert all(stance.label is None for stance in wary.classify(samples[4].article, targets).stances)
    assert wary.classify(samples[4].article, targets, min_confidence=0.0).stances == plain.stances


def test_a_higher_coverage_never_takes_a_label_away(classifier: Classifier, samples: list[Sample]) -> None:
    for sample in samples[:3]:
        targets = [target["target"] for target in sample.targets]
        found = [classifier.classify(sample.article, targets, coverage=c).stances for c in COVERAGES]
        for stances in zip(*found, strict=True):
            sets = [set(stance.label_set or ()) for stance in stances]
            assert all(stance.label in its for stance, its in zip(stances, sets, strict=True))
            assert all(small <= large for small, large in itertools.pairwise(sets))


def test_sets_hold_the_right_label_as_often_as_promised() -> None:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet([0.7] * 4, 6_000)
    truth = np.array([random.choice(4, p=row) for row in probabilities])
    reference = Reference(probabilities[:2_000], truth[:2_000])
    for coverage in COVERAGES:
        sets = reference.sets(probabilities[2_000:], coverage)
        held = sets[np.arange(4_000), truth[2_000:]].mean()
        assert held >= coverage - 0.03
        assert held <= coverage + 0.03 or coverage == 0.5  # the likeliest label is in every set


@pytest.mark.parametrize(
    ("options", "wanted"),
    [({"min_confidence": 1.2}, "from 0 to 1, got 1.2"), ({"coverage": 1.0}, "between 0 and 1, got 1.0")],
)
def test_a_value_out_of_range_is_named(
    classifier: Classifier, samples: list[Sample], options: Options, wanted: str
) -> None:
    with pytest.raises(OptionError, match=wanted):
        classifier.classify(samples[0].article, ["snow"], **options)
    with pytest.raises(OptionError, match="got 7"):
        load(abstain=7)


def test_a_bundle_of_too_few_rows_promises_nothing(classifier: Classifier, samples: list[Sample]) -> None:
    head = classifier.bundle.stance
    assert head is not None
    bare = Classifier(replace(classifier.bundle, stance=replace(head, reference=None)))
    with pytest.raises(OptionError, match="too few rows"):
        bare.classify(samples[0].article, ["snow"], coverage=0.9)


def test_over_http(classifier: Classifier, samples: list[Sample]) -> None:
    body = {"text": samples[4].text, "targets": ["the Skerry Bank wind farm"]}
    with TestClient(create_app(Settings())) as client:
        post = ready(client).post
        assert post("/v1/classify", json=body).json()["stances"][0]["label_set"] is None
        stance = post("/v1/classify", json=body | {"min_confidence": 1, "coverage": 0.9}).json()["stances"][0]
        assert stance["label"] is None
        assert set(stance["label_set"]) <= set(STANCES)
        for wrong in ({"min_confidence": -0.1}, {"min_confidence": "high"}, {"coverage": 0}, {"coverage": 1}):
            problem = post("/v1/classify", json=body | wrong)
            assert problem.status_code == 422
            assert problem.json()["errors"][0]["field"] == next(iter(wrong))
