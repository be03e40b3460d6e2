"""Whether a loaded bundle answers at all, and whether it answers its own test articles as it should."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from slant.article import Article, Judgement, SourceScore, StanceScore
from slant.errors import InputError, SelfTestFailed
from slant.inference.failures import unusable
from slant.inference.manifest import TestArticle

if TYPE_CHECKING:
    from slant.inference.classifier import Classifier

PROBE = Article(
    title="Ferry fares go up",
    text="The council raised the ferry fares on Monday. “The new fares are unfair and must be withdrawn,” said Tom "
    "Haldane, who speaks for the passengers. The ferry carries four hundred of them a day.",
)
"""Has a title, a target and somebody who is quoted: all parts of a bundle are at work in it."""
TARGET = "the new fares"
ROUNDING = 1e-3
"""What the probabilities of all labels together may be away from one, after each is rounded."""


def prove(classifier: Classifier) -> None:
    """Have a bundle answer one short article, whatever it says of it.

    Raises
    ------
    BundleDamaged
        It fails at it.
    SelfTestFailed
        What it gives are no probabilities.
    """
    head = classifier.bundle.stance
    with unusable("the bundle loads, but fails at an article"):
        promise = 0.9 if head and head.reference else None
        judgement = classifier.classify(PROBE, [TARGET], sources=True, coverage=promise)
    if not _sound(judgement):
        raise SelfTestFailed("self-test: what it gives are no probabilities from 0 to 1")


def self_test(classifier: Classifier) -> None:
    """Have a bundle answer one short article and its own test articles.

    Raises
    ------
    SelfTestFailed
        An answer differs from the one that the bundle states, or the bundle states none.
    BundleDamaged
        It fails at an article.
    """
    prove(classifier)
    tests = classifier.bundle.manifest.self_test
    if not tests:
        raise SelfTestFailed("self-test: the bundle has no test article")
    for n, content in enumerate(tests, start=1):
        with unusable(f"the bundle fails at article {n} of its self-test"):
            fault = _fault_at(classifier, TestArticle(**content))
        if fault:
            raise SelfTestFailed(f"self-test, article {n} of {len(tests)}: {fault}")


def _fault_at(classifier: Classifier, test: TestArticle) -> str | None:
    try:
        judgement = classifier.classify(Article(text=test.text, title=test.title), [test.target], sources=True)
    except InputError:
        return "wanted an article that can be judged"
    topic = judgement.topics[0].name if judgement.topics else None
    stance = judgement.stances[0].label if judgement.stances else None
    if not _sound(judgement):
        return "what it gives are no probabilities from 0 to 1"
    wrong = [name for name, right in (("topic", topic == test.topic), ("stance", stance == test.stance)) if not right]
    return f"got another {' and '.join(wrong)} than the bundle says is wanted" if wrong else None


def _sound(judgement: Judgement) -> bool:
    """Tell whether all that should be a probability is one, and whether those of each target sum to one."""
    asked: list[StanceScore | SourceScore] = [*judgement.stances]
    asked += [source for stance in judgement.stances for source in stance.sources]
    shares = [share for one in asked for share in one.probabilities.values()]
    shares += [topic.probability for topic in judgement.topics]
    shares += [piece.probability for stance in judgement.stances for piece in stance.evidence]
    sums = [sum(one.probabilities.values()) for one in asked]
    return all(0 <= share <= 1 for share in shares) and all(math.isclose(s, 1, abs_tol=ROUNDING) for s in sums)
