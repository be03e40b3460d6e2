"""The one path from an article to a judgement. HTTP, command line, batch and notebooks all call it.

Nothing is shared between articles, nor between targets: a lone article and the same article among
thousands get the same answer to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from os import PathLike
from typing import Any, Self

import numpy as np

from slant.article import (
    ALL,
    AnyTargets,
    Article,
    Judgement,
    ModelId,
    Read,
    SourceScore,
    Topics,
    TopicScore,
    check_targets,
)
from slant.errors import BundleDamaged, BundleError, OptionError
from slant.features.counts import count_pieces
from slant.features.nearness import Nearness
from slant.features.reading import LEAD, Reading, lead_features, read_article
from slant.features.views import TargetView, target_views
from slant.heads.stance import StanceHead
from slant.inference.bundle import Bundle, load_bundle
from slant.inference.caution import Caution
from slant.inference.given import check_article, check_flag, check_threads, is_auto, listed
from slant.inference.many import ManyArticles
from slant.inference.polarity import Asked, read_target
from slant.inference.selftest import self_test
from slant.inference.sources import MOST_SPEAKERS, source, source_scores, speakers
from slant.inference.stances import stance_score
from slant.inference.stored import bundle_folder
from slant.inference.threads import one_blas_thread
from slant.inference.topics import check_topics, topic_scores
from slant.sources.pieces import searched
from slant.sources.proposals import propose
from slant.sources.speakers import Speaker
from slant.terminal import printable
from slant.text.kinds import page_kind
from slant.text.language import SUPPORTED, UNKNOWN, language_of, unpack_model
from slant.types import Floats
from slant.values import kind_of


@dataclass(frozen=True, eq=False, repr=False)
class Classifier(ManyArticles):
    """A loaded bundle, ready to classify. Safe to call from several threads.

    Pickled, it is the name or path of its bundle, and is loaded from there again. A copy of it is itself.
    """

    bundle: Bundle
    abstain: float = 0.0
    """Confidence below which a stance gets no label, where a call does not say otherwise."""
    origin: Origin | None = None
    """Where ``load`` had it from."""

    def __repr__(self) -> str:
        return f"<Classifier {printable(self.model_id.name)} {printable(self.model_id.version)}>"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        if self.origin is None:
            raise BundleError(f"{self!r} was not loaded from a bundle's folder: only such a one can be pickled")
        return load_again, (self.origin, self.model_id.sha256, self.abstain)

    @one_blas_thread()
    def classify(
        self,
        article: Article,
        targets: AnyTargets = (),
        *,
        topics: Topics = True,
        evidence: bool = True,
        sources: bool = False,
        min_confidence: float | None = None,
        coverage: float | None = None,
        withhold: Iterable[str] = (),
    ) -> Judgement:
        """Say what an article is about, and where it stands toward each target.

        With ``"all"`` for topics also those of the first level that do not reach their threshold, marked as not given.
        With ``sources`` also who says what in it, and where each of them stands toward each target. With ``"auto"``
        for targets up to five that are proposed for the article.

        A stance below ``min_confidence`` gets ``None`` for a label; its probabilities are there all the same.
        With ``coverage`` each stance also has a set of labels that holds the right one in that part of answers.
        ``withhold`` names warnings of which one is enough for no stance to get a label: ``language-unsupported``,
        ``language-undetermined``, ``not-an-article``.

        Raises
        ------
        ArticleError
            Nothing readable is in the article, or it is none.
        TargetError
            A target is blank or too long.
        OptionError
            An option is something else than it may be, or out of its range.
        """
        check_topics(topics)
        check_article(article)
        check_flag("evidence", evidence)
        check_flag("sources", sources)
        auto = is_auto(targets)
        named = () if auto else check_targets(targets)
        least = self.abstain if min_confidence is None else min_confidence
        caution = Caution(min_confidence=least, coverage=coverage, withhold=listed(withhold)).check(self.bundle.stance)
        reading = read_article(self.bundle.encoder, article)
        wanted = propose(reading.headline, reading.cleaned, reading.spans) if auto else named
        seen = list(self._seen(reading, wanted))
        found = speakers(self.bundle.tagger, self.bundle.encoder, reading) if sources else []
        language = language_of(reading.cleaned)
        warnings = tuple(self._warnings(reading, language, bool(wanted), found if sources else None))
        caution = caution.after(warnings)
        read = {int(n) for *_, view in seen for n in view.near.read}
        return Judgement(
            id=article.id,
            language=language,
            topics=self._topics(reading, every=topics == ALL) if topics else (),
            stances=tuple(
                replace(
                    stance_score(head, reading, asked, view, caution, evidence=evidence),
                    sources=self._sources(reading, found, asked, view.near, caution),
                )
                for head, asked, view in seen
            ),
            read=Read(reading.characters, len(read) or self._lead_sentences(reading), len(reading.spans)),
            warnings=warnings,
            model=self.model_id,
            text=reading.text if article.html is not None else None,
            sources=tuple(source(reading, one) for one in found),
        )

    @cached_property
    def model_id(self) -> ModelId:
        """Return the name, version and hash of the bundle that answers."""
        manifest = self.bundle.manifest
        return ModelId(manifest.name, manifest.version, manifest.sha256)

    def topic_probabilities(self, reading: Reading) -> tuple[Floats, Floats]:
        """Return the probability of every topic of both levels, each (topics,), in the order of the head's labels."""
        head, encoder = self.bundle.topic, self.bundle.encoder
        if head is None:
            return np.zeros(0), np.zeros(0)
        counts = count_pieces([reading.pieces], encoder.vocabulary)
        first, second = head.probabilities(counts, lead_features(encoder, reading)[None])
        return first[0], second[0]

    def self_test(self) -> None:
        """Classify the bundle's own test articles, and one more.

        Raises:
            SelfTestFailed: an answer differs from the one that the bundle states, or the bundle states none.
            BundleDamaged: it fails at an article.
        """
        self_test(self)

    def _seen(self, reading: Reading, targets: Sequence[str]) -> Iterator[tuple[StanceHead, Asked, TargetView]]:
        """Yield for every target the head that judges it, what it asks for, and the article as seen from that."""
        head = self.bundle.stance
        if head is None:
            return
        asked = [read_target(target, head.labels) for target in targets]
        things = list(dict.fromkeys(one.thing for one in asked))  # one thing may be asked for both ways
        views = dict(zip(things, target_views(self.bundle.encoder, reading, things, head.weights), strict=True))
        yield from ((head, one, views[one.thing]) for one in asked)

    def _sources(
        self, reading: Reading, found: Sequence[Speaker], asked: Asked, near: Nearness, caution: Caution
    ) -> tuple[SourceScore, ...]:
        head, hearer = self.bundle.source, self.bundle.hearer
        return source_scores(head, hearer, reading, found, asked, near, caution) if head else ()

    def _topics(self, reading: Reading, *, every: bool) -> tuple[TopicScore, ...]:
        head = self.bundle.topic
        return topic_scores(head, *self.topic_probabilities(reading), every=every) if head else ()

    def _lead_sentences(self, reading: Reading) -> int:
        """Return how many sentences the topic head's vector reaches into."""
        ends = np.cumsum([len(reading.title), *map(len, reading.tokens)])
        return int((ends[:-1] < 2 * LEAD).sum())

    def _warnings(
        self, reading: Reading, language: str, targets: bool, found: Sequence[Speaker] | None
    ) -> Iterator[str]:
        if language == UNKNOWN:
            yield "language-undetermined"
        elif language not in SUPPORTED:
            yield "language-unsupported"
        if page_kind(f"{reading.headline}\n{reading.text}"):
            yield "not-an-article"
        if len(reading.cleaned) < len(reading.text):
            yield "text-cut"
        if reading.html_cut:
            yield "html-cut"
        if found is not None and searched(reading) is not reading:
            yield "sources-text-cut"
        if targets and self.bundle.stance is None:
            yield "no-stance-head"
        if targets and found is not None and self.bundle.source is None:
            yield "no-source-head"
        if targets and found and len(found) > MOST_SPEAKERS:
            yield "sources-cut"


@dataclass(frozen=True, slots=True)
class Origin:
    """What ``load`` was asked for."""

    where: str
    threads: int | None = None
    device: str = "cpu"


def load(
    where: str | PathLike[str] = "default", *, threads: int | None = None, abstain: float = 0.0, device: str = "cpu"
) -> Classifier:
    """Load a bundle, by path or by name (``default``), and return its classifier.

    Nothing else in the process is changed: BLAS is kept to one thread while an article is judged, and no longer.

    Parameters
    ----------
    where
        ``default``, or a folder; a ``~`` before it is the home folder.
    threads
        Cores that one call may use; all if not given.
    abstain
        Confidence below which a stance gets no label, where a call does not say otherwise.
    device
        ``cpu`` or ``cuda``.

    Raises
    ------
    BundleError
        The bundle is missing, damaged, untrusted or written for something else.
    OptionError
        ``abstain`` is not from 0 to 1, ``threads`` not 1 or more, the device is not there.
    """
    if not isinstance(where, str | PathLike):
        raise OptionError(f"wanted 'default' or a bundle's folder, got {kind_of(where)}", field="where")
    Caution(min_confidence=abstain).check(None)
    check_threads(threads)
    origin = Origin(
        "default" if str(where) == "default" else str(bundle_folder(str(where)).absolute()), threads, device
    )
    unpack_model()  # the first article would need it: that there is no room for it is better known now
    return Classifier(load_bundle(origin.where, threads=threads, device=device), abstain, origin)


def load_again(origin: Origin, sha256: str, abstain: float) -> Classifier:
    """Load what was pickled, once for each process.

    Raises
    ------
    BundleError
        The bundle is not there any more, or is another.
    """
    found = _loaded(origin)
    if found.model_id.sha256 != sha256:
        raise BundleDamaged(f"{origin.where}: sha256 is {found.model_id.sha256}; what was pickled had {sha256}")
    return replace(found, abstain=abstain)


@lru_cache(maxsize=1)
def _loaded(origin: Origin) -> Classifier:
    return load(origin.where, threads=origin.threads, device=origin.device)
