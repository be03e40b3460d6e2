"""What the source head gets to see of a speaker and a target: the encoder's opinion of the speaker's words.

The encoder reads the sentences in which somebody is quoted or paraphrased, with the cue, beside the question
``target, says name``, as it learnt to. Of many sentences those nearest to the target are read: more would drown them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slant.features.encoder import Encoder
from slant.features.nearness import OVERLAP, Nearness, word_overlap
from slant.features.opinions import opinions
from slant.features.pairs import TARGET
from slant.features.reading import Reading
from slant.text.clean import normalise
from slant.text.spans import Span
from slant.types import Floats, Ints, TokenIds

WORDS, MOST = 72, 120
"""Pieces of a speaker's sentences that are read beside a target: so many of several, and at most of one."""


@dataclass(frozen=True, slots=True)
class SpeakerView:
    """A speaker as seen from one target: (d,) ``features``, and all their ``sentences``, the nearest first."""

    features: Floats
    sentences: Ints


def sentences_of(reading: Reading, spans: Sequence[Span]) -> Ints:
    """Return which sentences spans touch, in order."""
    starts = np.array([span.start for span in reading.spans])
    ends = np.array([span.end for span in reading.spans])
    touched = [np.flatnonzero((starts < span.end) & (span.start < ends)) for span in spans]
    return np.unique(np.concatenate(touched)) if touched else np.zeros(0, dtype=np.int64)


def ask_source(target: str, name: str) -> str:
    """Return what stands beside a passage when the question is where a source in it stands."""
    return f"{target}, says {name}"


def speaker_view(
    encoder: Encoder, reading: Reading, name: str, sentences: Ints, target: str, near: Nearness
) -> SpeakerView:
    """Return what is seen of a speaker who is quoted in ``sentences``; ``near`` is how near sentences are."""
    asked, thing, own = encoder.tokenise([normalise(one) for one in (ask_source(target, name), target, name)])
    how_near = nearness_of(near, sentences)
    ranked = sentences[np.argsort(-how_near, kind="stable")]
    logits = encoder.judge(asked[:TARGET], [_passage(reading, ranked)])
    named = word_overlap(own, [thing], np.ones(encoder.vocabulary))[0]
    more = [how_near.max(initial=0.0), how_near.mean() if len(how_near) else 0.0, np.log1p(len(sentences)), named]
    features = np.concatenate([logits[0], opinions(logits, encoder.judged)[0], more])
    return SpeakerView(features.astype(np.float32), ranked)


def nearness_of(near: Nearness, sentences: Ints) -> Floats:
    """Return how near sentences are to a target, (n,); of a long article some were not compared, and count as far."""
    known = dict(zip(near.read.tolist(), near.cosine + OVERLAP * near.overlap, strict=True))
    return np.array([known.get(n, 0.0) for n in sentences.tolist()], dtype=np.float32)


def _passage(reading: Reading, ranked: Ints) -> TokenIds:
    """Return the pieces of the nearest sentences that there is room for, in the article's order."""
    room, chosen = WORDS, list[int]()
    for n in ranked.tolist():
        length = len(reading.tokens[n])
        if not chosen or length <= room:
            chosen.append(n)
            room -= length
    return [piece for n in sorted(chosen) for piece in reading.tokens[n]][:MOST]
