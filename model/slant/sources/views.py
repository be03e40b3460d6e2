"""What the source head gets to see of a speaker and a target: what the hearer says of the speaker's words.

The hearer is the encoder tuned to sources: it reads the sentences in which somebody is quoted or paraphrased, with the
cue, beside the question ``target, says name``. Of many sentences those nearest to the target are read: more would
drown them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slant.features.encoder import Encoder
from slant.features.nearness import OVERLAP, Nearness
from slant.features.pairs import TARGET
from slant.features.reading import Reading
from slant.text.clean import normalise
from slant.text.spans import Span
from slant.types import Floats, Ints, TokenIds

WORDS, MOST = 72, 120
"""Pieces of a speaker's sentences that are read beside a target: so many of several, and at most of one."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What is read of a speaker beside a target: pieces ``ids``, of some of all their ``sentences``.

    ``sentences`` and ``near`` are (n,), the nearest to the target first, and how near.
    """

    ids: TokenIds
    sentences: Ints
    near: Floats


def sentences_of(reading: Reading, spans: Sequence[Span]) -> Ints:
    """Return which sentences spans touch, in order."""
    touched = set[int]()
    for start, end in spans:
        first = bisect_right(reading.spans, start, key=lambda sentence: sentence.end)
        touched.update(range(first, bisect_left(reading.spans, end, key=lambda sentence: sentence.start)))
    return np.array(sorted(touched), dtype=np.int64)


def by_sentence(reading: Reading, near: Nearness) -> Floats:
    """Return how near each sentence is to a target, (sentences,); those of a long article not compared count as far."""
    found = np.zeros(len(reading.spans), dtype=np.float32)
    found[near.read] = near.cosine + OVERLAP * near.overlap
    return found


def passage_of(reading: Reading, sentences: Ints, near: Floats) -> Passage:
    """Return what is read of a speaker who is quoted in ``sentences``; ``near`` as ``by_sentence`` returns it."""
    ranked = sentences[np.argsort(-near[sentences], kind="stable")]
    room, chosen = WORDS, list[int]()
    for n in ranked.tolist():
        length = len(reading.tokens[n])
        if not chosen or length <= room:
            chosen.append(n)
            room -= length
    ids = [piece for n in sorted(chosen) for piece in reading.tokens[n]][:MOST]
    return Passage(ids, ranked, near[ranked])


def ask_source(target: str, name: str) -> str:
    """Return what stands beside a passage when the question is where a source in it stands."""
    return f"{target}, says {name}"


def source_features(hearer: Encoder, name: str, target: str, passage: Passage) -> Floats:
    """Return what the source head sees, (d,): the hearer's logits, and how near and how much the speaker says."""
    asked, thing, own = hearer.tokenise([normalise(one) for one in (ask_source(target, name), target, name)])
    near, named = passage.near, len(set(own) & set(thing)) / (len(set(own)) or 1)
    more = [near.max(initial=0.0), near.mean() if len(near) else 0.0, np.log1p(len(near)), named]
    return np.concatenate([hearer.judge(asked[:TARGET], [passage.ids])[0], more]).astype(np.float32)
