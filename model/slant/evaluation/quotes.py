"""How well attributions are found: pieces of source, cue and content, and whole attributions with the right source.

A word is what stands between spaces and marks. Of each role, words that any attribution covers are compared, as
precision, recall and F1. An attribution is found if one of ours shares words with its content and with its source
(or neither has one); pairs are made one to one, those that share the larger part of their content first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from slant.article import Article
from slant.data.readers import QuoteExample
from slant.evaluation.quote_rules import rule_attributions
from slant.features.reading import read_article
from slant.inference.classifier import Classifier
from slant.sources.attribution import ROLES, Attribution
from slant.sources.decode import attributions
from slant.sources.pieces import pieces_of
from slant.text.spans import Span
from slant.types import Json, Progress

_WORD = re.compile(r"\w+|[^\w\s]")
Counts = Counter[tuple[str, str]]
"""What was counted of each role, and of ``attribution``: ``both``, ``ours``, ``theirs``."""


def compare_attributions(text: str, ours: Sequence[Attribution], theirs: Sequence[Attribution]) -> Counts:
    """Return the counts of one article; counters of articles add up."""
    found: Counts = Counter()
    for role in ROLES:
        mine, other = (_words(text, (span for a in one for span in a.part(role))) for one in (ours, theirs))
        found.update({(role, "both"): len(mine & other), (role, "ours"): len(mine), (role, "theirs"): len(other)})
    both = _paired(text, ours, theirs)
    found.update(
        {("attribution", "both"): both, ("attribution", "ours"): len(ours), ("attribution", "theirs"): len(theirs)}
    )
    return found


def scores(counts: Counts) -> dict[str, dict[str, float]]:
    """Return precision, recall and F1 by role."""
    return {
        role: _score(*(counts[role, one] for one in ("both", "ours", "theirs"))) for role in (*ROLES, "attribution")
    }


def quote_report(classifier: Classifier, examples: Iterable[QuoteExample], progress: Progress) -> Json:
    """Return how well the attributions of marked articles are found, by the bundle and by rules alone.

    Of an article that several marked, the first is taken, and the others are held against it as ``annotators``.
    """
    found: dict[str, Counts] = {name: Counter() for name in ("bundle", "rules", "annotators")}
    first, articles = dict[str, QuoteExample](), 0
    for example in examples:
        if known := first.get(example.text):
            found["annotators"].update(compare_attributions(example.text, example.attributions, known.attributions))
            continue
        first[example.text], articles = example, articles + 1
        ours = {"bundle": _attributions(classifier, example.text), "rules": rule_attributions(example.text)}
        for name, one in ours.items():
            found[name].update(compare_attributions(example.text, one, example.attributions))
        progress(1)
    return {"n": articles} | {name: scores(counts) for name, counts in found.items() if counts}


def _attributions(classifier: Classifier, text: str) -> list[Attribution]:
    encoder = classifier.bundle.encoder
    reading = read_article(encoder, Article(text=text))
    return attributions(classifier.bundle.tagger, pieces_of(encoder.tokenizer, reading))


def _score(both: int, ours: int, theirs: int) -> dict[str, float]:
    return {
        "precision": both / max(ours, 1),
        "recall": both / max(theirs, 1),
        "f1": 2 * both / max(ours + theirs, 1),
    }


def _words(text: str, spans: Iterable[Span]) -> set[int]:
    """Return where the words begin that spans cover."""
    return {span.start + found.start() for span in spans for found in _WORD.finditer(span.of(text))}


def _paired(text: str, ours: Sequence[Attribution], theirs: Sequence[Attribution]) -> int:
    mine, other = ([(_words(text, a.content), _words(text, a.source)) for a in one] for one in (ours, theirs))
    pairs = [
        (2 * len(content & theirs_c) / (len(content) + len(theirs_c)), n, m)
        for n, (content, source) in enumerate(mine)
        for m, (theirs_c, theirs_s) in enumerate(other)
        if content & theirs_c and (source & theirs_s or not (source or theirs_s))
    ]
    left, right = set[int](), set[int]()
    for _, n, m in sorted(pairs, reverse=True):
        if n not in left and m not in right:
            left.add(n)
            right.add(m)
    return len(left)
