"""How many of the targets that a reader chose for an article are proposed, beside another's.

A proposal is a chosen target if they share half of their words that tell something (F1 of their stems).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from slant.article import Article
from slant.data.readers import StanceExample, by_article
from slant.errors import DataError
from slant.features.reading import read_article
from slant.inference.classifier import Classifier
from slant.sources.proposals import propose, stems
from slant.types import Json, Progress

SHARED = 0.5
Proposals = Sequence[str]


def proposal_report(classifier: Classifier, examples: Iterable[StanceExample], progress: Progress) -> Json:
    """Return recall and precision of the ``proposed`` targets, and of ``another`` article's.

    Raises:
        ArticleError: nothing readable is in an article.
        DataError: no row has a target.
    """
    counts, articles = Counter[tuple[str, str]](), 0
    for chosen, proposed in _proposed(classifier, examples, progress):
        articles += 1
        for name, ours in proposed.items():
            right = sum(any(agree(one, other) for other in chosen) for one in ours)
            met = sum(any(agree(one, other) for other in ours) for one in chosen)
            counts.update({(name, "right"): right, (name, "ours"): len(ours), (name, "met"): met})
            counts[name, "chosen"] += len(chosen)
    if not articles:
        raise DataError("no row has a target that its text is about", field="data")
    return {"n": articles} | {name: _shares(counts, name) for name in ("proposed", "another")}


def agree(one: str, other: str) -> bool:
    """Tell whether two targets are about the same: F1 of their stems."""
    ours, theirs = set(stems(one)), set(stems(other))
    return 2 * len(ours & theirs) >= SHARED * (len(ours) + len(theirs)) > 0


def _proposed(
    classifier: Classifier, examples: Iterable[StanceExample], progress: Progress
) -> Iterator[tuple[list[str], dict[str, Proposals]]]:
    """Yield an article's chosen targets, and what is proposed; ``another`` is what was for the article before."""
    before: Proposals = ()
    for group in by_article(examples):
        reading = read_article(classifier.bundle.encoder, Article(text=group[0].text, title=group[0].title))
        proposed = propose(reading.headline, reading.cleaned, reading.spans)
        chosen = [example.target for example in group if example.label != "unrelated"]
        if chosen:
            yield chosen, {"proposed": proposed, "another": before}
        before = proposed
        progress(len(group))


def _shares(counts: Counter[tuple[str, str]], name: str) -> dict[str, float]:
    return {
        "recall": counts[name, "met"] / (counts[name, "chosen"] or 1),
        "precision": counts[name, "right"] / (counts[name, "ours"] or 1),
    }
