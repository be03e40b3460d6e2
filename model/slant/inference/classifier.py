"""The one path from an article to a judgement. HTTP, command line, batch and notebooks all call it.

Nothing is shared between articles, nor between targets: a lone article and the same article among
thousands get the same answer to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from slant.article import (
    Article,
    Evidence,
    Judgement,
    ModelId,
    Read,
    StanceScore,
    TopicScore,
    check_targets,
)
from slant.errors import SelfTestFailed
from slant.features.counts import count_pieces
from slant.features.evidence import TargetView
from slant.features.reading import LEAD, Reading, lead_vector, read_article, target_views
from slant.heads.stance import StanceHead
from slant.inference.bundle import Bundle, load_bundle
from slant.inference.manifest import TestArticle
from slant.text.language import SUPPORTED, language_of
from slant.text.spans import Span
from slant.types import Floats, Ints

MOST_EVIDENCE = 3
NO_EVIDENCE = frozenset({"unrelated"})
"""Labels that no passage can show: they say that there is none."""


@dataclass(frozen=True)
class Classifier:
    """A loaded bundle, ready to classify. Safe to call from several threads."""

    bundle: Bundle

    def classify(
        self, article: Article, targets: Sequence[str] = (), *, topics: bool = True, evidence: bool = True
    ) -> Judgement:
        """Say what an article is about, and where it stands toward each target.

        Raises:
            ArticleError: nothing readable is in the article.
            TargetError: a target is blank or too long.
        """
        wanted = check_targets(targets)
        reading = read_article(self.bundle.encoder, article)
        head = self.bundle.stance
        views = target_views(self.bundle.encoder, reading, wanted, head.weights) if head else []
        stances = tuple(
            _stance(head, reading, target, *viewed, evidence)
            for target, viewed in zip(wanted, views, strict=False)
            if head
        )
        language = language_of(reading.cleaned)
        read = {int(n) for _, chosen in views for n in chosen}
        return Judgement(
            id=article.id,
            language=language,
            topics=self._topics(reading) if topics else (),
            stances=stances,
            read=Read(reading.characters, len(read) or self._lead_sentences(reading), len(reading.spans)),
            warnings=tuple(self._warnings(reading, language, bool(wanted))),
            model=self.model_id,
            text=reading.text if article.html is not None else None,
        )

    def classify_many(
        self,
        articles: Iterable[Article],
        targets: Sequence[str] = (),
        *,
        topics: bool = True,
        evidence: bool = True,
    ) -> Iterator[Judgement]:
        """Classify articles one after the other, toward the same targets; order is kept, memory bounded."""
        wanted = check_targets(targets)
        for article in articles:
            yield self.classify(article, wanted, topics=topics, evidence=evidence)

    @cached_property
    def model_id(self) -> ModelId:
        """Return the name, version and hash of the bundle that answers."""
        manifest = self.bundle.manifest
        return ModelId(manifest.name, manifest.version, manifest.sha256)

    def topic_probabilities(self, reading: Reading) -> Floats:
        """Return the probability of every topic, (topics,), in the order of the head's labels."""
        head, encoder = self.bundle.topic, self.bundle.encoder
        if head is None:
            return np.zeros(0)
        counts = count_pieces([reading.pieces], encoder.vocabulary)
        return np.asarray(head.probabilities(counts, lead_vector(encoder, reading)[None])[0])

    def self_test(self) -> None:
        """Classify the bundle's own test articles.

        Raises:
            SelfTestFailed: an answer differs from the one that the bundle states.
        """
        for content in self.bundle.manifest.self_test:
            test = TestArticle(**content)
            judgement = self.classify(Article(text=test.text, title=test.title), [test.target])
            topic = judgement.topics[0].name if judgement.topics else None
            stance = judgement.stances[0].label if judgement.stances else None
            if (topic, stance) != (test.topic, test.stance):
                raise SelfTestFailed(
                    f"self-test {test.title!r}: got {topic!r} and {stance!r}, wanted {test.topic!r} and {test.stance!r}"
                )

    def _topics(self, reading: Reading) -> tuple[TopicScore, ...]:
        head = self.bundle.topic
        if head is None:
            return ()
        probabilities = self.topic_probabilities(reading)
        given = [n for n in np.argsort(-probabilities, kind="stable") if probabilities[n] >= head.thresholds[n]]
        return tuple(
            TopicScore(head.labels[n].code, head.labels[n].name, round(float(probabilities[n]), 6)) for n in given
        )

    def _lead_sentences(self, reading: Reading) -> int:
        """Return how many sentences the topic head's vector reaches into."""
        ends = np.cumsum([len(reading.title), *map(len, reading.tokens)])
        return int((ends[:-1] < 2 * LEAD).sum())

    def _warnings(self, reading: Reading, language: str, targets: bool) -> Iterator[str]:
        if language not in SUPPORTED:
            yield "language-unsupported"
        if len(reading.cleaned) < len(reading.text):
            yield "text-cut"
        if targets and self.bundle.stance is None:
            yield "no-stance-head"


def _stance(
    head: StanceHead, reading: Reading, target: str, seen: TargetView, chosen: Ints, evidence: bool
) -> StanceScore:
    probabilities = head.probabilities(seen.article[None])[0]
    best = int(probabilities.argmax())
    spans = [reading.spans[n] for n in chosen[seen.order]]
    wanted = evidence and head.labels[best] not in NO_EVIDENCE
    return StanceScore(
        target,
        head.labels[best],
        round(float(probabilities[best]), 6),
        {name: round(float(p), 6) for name, p in zip(head.labels, probabilities, strict=True)},
        _evidence(head, reading.text, spans, seen, best) if wanted else (),
    )


def _evidence(head: StanceHead, text: str, spans: list[Span], seen: TargetView, label: int) -> tuple[Evidence, ...]:
    """Return the windows that carried the label, strongest first: those that show it, or the nearest to it."""
    probabilities = head.probabilities(seen.windows)
    order = np.argsort(-probabilities[:, label], kind="stable")
    showing = [n for n in order if probabilities[n].argmax() == label][:MOST_EVIDENCE] or order[:1]
    return tuple(
        Evidence(
            spans[n].start,
            spans[n].end,
            spans[n].of(text),
            head.labels[int(probabilities[n].argmax())],
            round(float(probabilities[n].max()), 6),
        )
        for n in showing
    )


def load(where: str | Path = "default", *, threads: int | None = None) -> Classifier:
    """Load a bundle, by path or by name (``default``), and return its classifier.

    ``threads`` is the number of cores that one call may use (default: all). BLAS gets one: its
    matrices are small here, and its threads would fight with the encoder's.

    Raises:
        BundleError: the bundle is missing, damaged, untrusted or written for something else.
    """
    threadpool_limits(1, user_api="blas")
    return Classifier(load_bundle(where, threads=threads))
