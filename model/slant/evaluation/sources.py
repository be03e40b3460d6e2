"""How right a bundle is about sources: their names given, and found by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from slant.article import Article, Judgement
from slant.data.readers import StanceExample, by_article, check_stances
from slant.errors import DataError
from slant.evaluation.metrics import accuracy, expected_calibration_error, favor_against_f1
from slant.features.reading import Reading, compare, read_article
from slant.heads.stance import StanceHead
from slant.inference.bundle import Bundle
from slant.inference.classifier import Classifier
from slant.inference.polarity import other_labels, read_target
from slant.labels import STANCES
from slant.sources.names import alike
from slant.sources.views import by_sentence, passage_of, sentences_of, source_features
from slant.text.clean import normalise
from slant.types import Floats, Json, Progress


@dataclass(frozen=True, slots=True)
class Told:
    """Where a source stands by its reader and by us, places in ``STANCES``.

    ``given`` is (stances,), our answer with its name and, where they are marked, its words given; ``article`` that for
    the article as a whole; ``found`` whether it is among the sources that we find, ``own`` what we then say unasked,
    ``None`` where we leave it out.
    """

    truth: int
    given: Floats
    article: int
    found: bool
    own: int | None


def judge_sources(classifier: Classifier, examples: Sequence[StanceExample], progress: Progress) -> list[Told]:
    """Return what the bundle says of every listed source.

    Raises:
        ArticleError: nothing readable is in an article.
        DataError: the bundle has no head for sources, or a label is none of the stances.
    """
    head = classifier.bundle.source
    if head is None:
        raise DataError("the bundle has no head for sources")
    check_stances(examples)
    told = list[Told]()
    for group in by_article(examples):
        told += _article(classifier, head, group)
        progress(len(group))
    return told


def source_report(told: Sequence[Told]) -> Json:
    """Return the figures: names given, beside copying the article's stance; and end to end, nothing given."""
    truth = np.array([one.truth for one in told])
    given = np.array([one.given for one in told])
    predicted = given.argmax(axis=1)
    copied = np.array([one.article for one in told])
    return {
        "n": len(told),
        "favor_against_f1": favor_against_f1(truth, predicted),
        "accuracy": accuracy(truth, predicted),
        "ece": expected_calibration_error(given.max(axis=1), (predicted == truth).astype(float)),
        "article_copied_f1": favor_against_f1(truth, copied),
        "end_to_end": _end_to_end(told),
    }


def _end_to_end(told: Sequence[Told]) -> Json:
    """Return of all listed sources how many are found, and given for the target; of these how many rightly."""
    listed = [one for one in told if one.own is not None]
    return {
        "found": float(np.mean([one.found for one in told])),
        "listed": len(listed) / len(told),
        "right_of_listed": float(np.mean([one.own == one.truth for one in listed])) if listed else 0.0,
    }


def _article(classifier: Classifier, head: StanceHead, group: Sequence[StanceExample]) -> list[Told]:
    article = Article(text=group[0].text, title=group[0].title)
    targets = list(dict.fromkeys(example.target for example in group))
    reading = read_article(classifier.bundle.encoder, article)
    judgement = classifier.classify(article, targets, topics=False, evidence=False, sources=True)
    given = _given(classifier.bundle, head, reading, group)
    return [_told(judgement, targets, example, shares) for example, shares in zip(group, given, strict=True)]


def _told(judgement: Judgement, targets: Sequence[str], example: StanceExample, given: Floats) -> Told:
    name = _name(example)
    stance = judgement.stances[targets.index(example.target)]
    listed = next((one.label for one in stance.sources if alike(name, one.name)), None)
    return Told(
        truth=STANCES.index(example.label),
        given=given,
        article=STANCES.index(stance.label) if stance.label in STANCES else STANCES.index("unrelated"),
        found=any(alike(name, one.name) for one in judgement.sources),
        own=None if listed is None else STANCES.index(listed),
    )


def _given(bundle: Bundle, head: StanceHead, reading: Reading, group: Sequence[StanceExample]) -> Iterator[Floats]:
    """Yield the probabilities (stances,) of each source, told who it is and what it says, or else all that is said."""
    asked = [read_target(example.target, head.labels) for example in group]
    things = bundle.encoder.tokenise([normalise(one.thing) for one in asked])
    weights = bundle.stance.weights if bundle.stance else np.ones(bundle.encoder.vocabulary)
    turned = [STANCES.index(label) for label in other_labels(STANCES)]
    for example, one, near in zip(group, asked, compare(bundle.encoder, reading, things, weights), strict=True):
        said = sentences_of(reading, example.evidence) if example.evidence else np.arange(len(reading.spans))
        passage = passage_of(reading, said, by_sentence(reading, near))
        features = source_features(bundle.hearer, _name(example), one.thing, passage)
        shares = head.probabilities(features[None])[0]
        yield shares[turned] if one.turned else shares


def _name(example: StanceExample) -> str:
    return str(example.fields.get("name", "the source"))  # fields keep no name of more than 80 characters
