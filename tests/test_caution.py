"""How sure an answer must be: no label below a confidence, and sets of labels that keep their promise."""

from __future__ import annotations

import gc
import itertools
import weakref
from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient

from slant.article import Judgement
from slant.errors import OptionError
from slant.heads.conformal import Reference
from slant.inference.classifier import Classifier, load
from slant.inference.many import Options
from slant.labels import STANCES
from slant.types import Floats
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


def rows(n: int) -> Floats:
    """Return probabilities of shape (n, 4) by a recipe that every machine follows alike."""
    row, label = np.arange(n)[:, None], np.arange(4)[None]
    raw = ((row * 7919 + label * 104729 + row * label * 31) % 1009 + 1.0) ** 2
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def known(n: int) -> Reference:
    """Return a reference whose truth is the likeliest label in two rows of three."""
    probabilities, row = rows(n), np.arange(n)
    return Reference(probabilities, np.where(row % 3 == 0, (row * 5) % 4, probabilities.argmax(axis=1)))


RECORDED = {
    0.01: 0.25499229397888845, 0.05: 0.3299884776183829, 0.1: 0.37442951004208136, 0.25: 0.45054633177238546,
    0.333: 0.4802400877343058, 0.5: 0.5421835792334031, 0.6: 0.5839976128207929, 0.75: 0.690829679019052,
    0.8: 0.718878839462261, 0.85: 0.8038147138964578, 0.9: 0.8736736628368793, 0.95: 0.9467319405071031,
    0.975: 0.9774764297609299, 0.99: 0.999995735830431, 0.995: 0.9999991314521165,
}  # fmt: skip
"""What MAPIE 1.6.0 finds for ``known(200)``: by coverage, what a label in the set may lack to a probability of one."""


@pytest.mark.parametrize("coverage", RECORDED)
def test_sets_are_those_of_the_method_as_published(coverage: float) -> None:
    probabilities = rows(400)[200:]
    found = known(200).sets(probabilities, coverage)
    inside = 1 - probabilities <= RECORDED[coverage] + 1e-9
    likeliest = np.eye(4, dtype=bool)[probabilities.argmax(axis=1)]
    assert (found == (inside | likeliest)).all()


@pytest.mark.parametrize("coverage", [1e-300, 1e-12, 0.0001, 0.001])
def test_a_coverage_near_nothing_gives_the_likeliest_label(coverage: float) -> None:
    assert known(200).sets(rows(400)[200:], coverage).sum(axis=1).max() == 1


@pytest.mark.parametrize("coverage", [0.996, 0.9995, 0.9999, 1 - 1e-16])
def test_a_coverage_that_the_rows_cannot_promise_gives_every_label(coverage: float) -> None:
    assert known(200).sets(rows(400)[200:], coverage).all()


def test_a_promise_of_a_whole_number_of_rows_takes_no_row_more() -> None:
    probabilities = np.linspace(1.0, 0.001, 999)[:, None]
    reference = Reference(probabilities, np.zeros(999, dtype=np.int64))
    for coverage in (0.025, 0.05, 0.15, 0.175, 0.425, 0.9):  # of 1000: products of floats lie a trace above
        least = round(1000 * coverage) - 1
        assert reference._most_missing(coverage) == 1 - probabilities[least, 0]


@pytest.mark.parametrize("coverage", [0.0001, 0.9995, 0.9999, float(np.nextafter(1, 0))])
def test_any_coverage_between_nothing_and_one_is_answered(
    classifier: Classifier, samples: list[Sample], coverage: float
) -> None:
    (stance,) = classifier.classify(samples[4].article, ["the Skerry Bank wind farm"], coverage=coverage).stances
    assert stance.label in (stance.label_set or ())


def test_a_head_that_is_done_with_is_let_go(samples: list[Sample]) -> None:
    one = load()
    head = one.bundle.stance
    assert head is not None
    assert head.reference is not None
    watched = weakref.ref(head.reference.misses)
    one.classify(samples[4].article, ["snow"], coverage=0.9)
    del one, head
    gc.collect()
    assert watched() is None


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
        for rare in (0.0001, 0.9995):
            assert post("/v1/classify", json=body | {"coverage": rare}).status_code == 200
        for wrong in ({"min_confidence": -0.1}, {"min_confidence": "high"}, {"coverage": 0}, {"coverage": 1}):
            problem = post("/v1/classify", json=body | wrong)
            assert problem.status_code == 422
            assert problem.json()["errors"][0]["field"] == next(iter(wrong))
