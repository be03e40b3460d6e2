"""Who says what in an article, and where each of them stands toward a target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slant.article import Source, SourceScore, Words
from slant.features.encoder import Encoder
from slant.features.nearness import Nearness
from slant.features.reading import Reading
from slant.heads.stance import StanceHead
from slant.inference.caution import Caution
from slant.inference.polarity import Asked, other_labels
from slant.sources.decode import attributions
from slant.sources.pieces import pieces_of, searched
from slant.sources.resolve import Resolver
from slant.sources.speakers import Speaker
from slant.sources.tagger import Tagger
from slant.sources.views import Passage, by_sentence, passage_of, sentences_of, source_features
from slant.text.spans import Span
from slant.types import Floats, Ints

MOST_SPEAKERS = 32
"""Speakers of one article that are judged toward a target: those who say most."""
FAR = 0.05
"""A speaker none of whose sentences is as near to a target says nothing of it; so far are 1 in 128 of those who do."""
MOST_SPANS = 3
"""Spans that are given for a source's stance."""
SAYS_NOTHING = "unrelated"


def speakers(tagger: Tagger, encoder: Encoder, reading: Reading) -> list[Speaker]:
    """Return who says something in an article, or in how a very long one begins, in the order in which they speak."""
    part = searched(reading)
    found = attributions(tagger, pieces_of(encoder.tokenizer, part))
    return Resolver(part.cleaned, part.spans).speakers(found)


def source(reading: Reading, speaker: Speaker) -> Source:
    """Return a speaker as the caller gets it."""
    return Source(*_called(reading, speaker), _words(reading, speaker.said))


def source_scores(
    head: StanceHead,
    hearer: Encoder,
    reading: Reading,
    found: Sequence[Speaker],
    asked: Asked,
    near: Nearness,
    caution: Caution,
) -> tuple[SourceScore, ...]:
    """Return where those stand who say something of what is asked for, the surest first."""
    how_near = by_sentence(reading, near)
    speaking = [one for one in found if how_near[sentences_of(reading, one.said)].max(initial=0.0) >= FAR]
    loudest = sorted(speaking, key=lambda one: -sum(end - start for start, end in one.said))[:MOST_SPEAKERS]
    if not loudest:
        return ()
    passages = [passage_of(reading, quoted_in(reading, one), how_near) for one in loudest]
    names = [one.name.of(reading.cleaned) for one in loudest]
    seen = [source_features(hearer, name, asked.thing, one) for name, one in zip(names, passages, strict=True)]
    scored = [
        _score(head, reading, one, asked, passage, row, caution)
        for one, passage, row in zip(loudest, passages, head.probabilities(np.array(seen)), strict=True)
    ]
    given = [score for score in scored if max(score.probabilities, key=score.probabilities.__getitem__) != SAYS_NOTHING]
    return tuple(sorted(given, key=lambda score: -score.confidence))


def quoted_in(reading: Reading, speaker: Speaker) -> Ints:
    """Return the sentences of a speaker's words and cues, in order."""
    return sentences_of(reading, [span for one in speaker.attributions for span in (*one.content, *one.cue)])


def _score(
    head: StanceHead,
    reading: Reading,
    speaker: Speaker,
    asked: Asked,
    passage: Passage,
    probabilities: Floats,
    caution: Caution,
) -> SourceScore:
    labels = other_labels(head.labels) if asked.turned else head.labels
    shares = {label: round(float(share), 6) for label, share in zip(labels, probabilities, strict=True)}
    best = max(shares, key=shares.__getitem__)
    sure = shares[best] >= caution.min_confidence
    spans = _nearest(reading, speaker, passage)
    return SourceScore(*_called(reading, speaker), best if sure else None, shares[best], shares, spans)


def _nearest(reading: Reading, speaker: Speaker, passage: Passage) -> tuple[Words, ...]:
    """Return what a speaker says in the sentences nearest to the target, in the article's order."""
    rank = {int(n): place for place, n in enumerate(passage.sentences)}
    said = {
        span: min((rank[n] for n in sentences_of(reading, [span]).tolist()), default=len(rank)) for span in speaker.said
    }
    chosen = sorted(said, key=lambda span: (said[span], span))[:MOST_SPANS]
    return _words(reading, sorted(chosen))


def _called(reading: Reading, speaker: Speaker) -> tuple[str, str | None]:
    return speaker.name.of(reading.text), speaker.role.of(reading.text) if speaker.role else None


def _words(reading: Reading, spans: Sequence[Span]) -> tuple[Words, ...]:
    """Return spans without the comma that may stand between a source and its words."""
    cut = [Span(span.end - len(span.of(reading.text).lstrip(" ,;:")), span.end) for span in spans]
    return tuple(Words(*span, span.of(reading.text)) for span in cut if span.start < span.end)
