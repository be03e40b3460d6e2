"""What a stance head gets to see of an article and a target: the encoder's opinions, and how near the text is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slant.features.encoder import Encoder
from slant.features.nearness import Nearness
from slant.features.opinions import opinions
from slant.features.pairs import TARGET, digest, window
from slant.features.reading import Reading, compare
from slant.labels import STANCES
from slant.text.clean import normalise
from slant.types import Floats, Ints


@dataclass(frozen=True, slots=True)
class TargetView:
    """An article as seen from one target.

    ``article`` is the features of the whole, of shape (d,); ``near`` how near its sentences are to the target;
    ``windows`` the features of the windows of the nearest ones alone, of shape (nearest, d).
    """

    article: Floats
    windows: Floats
    near: Nearness


def target_views(encoder: Encoder, reading: Reading, targets: Sequence[str], weights: Floats) -> list[TargetView]:
    """Return what the stance head sees of an article for every target; ``weights`` as for ``compare``."""
    tokens = [ids[:TARGET] for ids in encoder.tokenise([normalise(target) for target in targets])]
    found = compare(encoder, reading, tokens, weights)
    return [_view(encoder, reading, ids, near) for ids, near in zip(tokens, found, strict=True)]


def opinion_columns(encoder: Encoder, labels: Sequence[str]) -> Ints:
    """Return which features hold the encoder's opinion of each label, (labels,); none of labels it does not know."""
    return len(encoder.judged) + np.arange(len(STANCES)) if tuple(labels) == STANCES else np.zeros(0, dtype=int)


def _view(encoder: Encoder, reading: Reading, target: list[int], near: Nearness) -> TargetView:
    nearest = near.nearest
    passages = [digest(reading, nearest), *(window(reading, int(n)) for n in nearest)]
    said = _said(encoder, target, passages)
    whole, alone = said[0], said[1:]
    article = _features(whole, alone if len(alone) else said, near)
    windows = [_features(one, one[None], near.only(int(n))) for n, one in zip(nearest, alone, strict=True)]
    return TargetView(article, np.array(windows).reshape(len(nearest), len(article)), near)


def _said(encoder: Encoder, target: list[int], passages: Sequence[list[int]]) -> Floats:
    """Return what the encoder says of each passage, (n, columns + stances): its logits, and its one opinion.

    A passage that stands twice, as in a text of one sentence, is read once.
    """
    rows = {tuple(passage): row for row, passage in enumerate(dict.fromkeys(map(tuple, passages)))}
    logits = encoder.judge(target, [list(passage) for passage in rows])
    said = np.concatenate([logits, opinions(logits, encoder.judged)], axis=1)
    return np.asarray(said[[rows[tuple(passage)] for passage in passages]])


def _features(whole: Floats, alone: Floats, near: Nearness) -> Floats:
    """Return (2 * (columns + stances) + READ + 5,) features: of the digest, of its windows on average, nearness."""
    return np.concatenate([whole, alone.mean(axis=0), near.features()]).astype(np.float32)
