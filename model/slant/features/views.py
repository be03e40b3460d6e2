"""What a stance head gets to see of an article and a target: the encoder's opinions, and how near the text is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slant.features.encoder import Encoder
from slant.features.nearness import Nearness
from slant.features.pairs import TARGET, digest, window
from slant.features.reading import Reading, compare
from slant.text.clean import normalise
from slant.types import Floats, Ints


@dataclass(frozen=True, slots=True)
class TargetView:
    """An article as seen from one target.

    ``article`` is the features of the whole, of shape (d,); ``nearest`` the sentences nearest to the target,
    nearest first; ``windows`` the features of each of their windows alone, of shape (len(nearest), d);
    ``read`` the sentences that were compared with the target.
    """

    article: Floats
    windows: Floats
    nearest: Ints
    read: Ints


def target_views(encoder: Encoder, reading: Reading, targets: Sequence[str], weights: Floats) -> list[TargetView]:
    """Return what the stance head sees of an article for every target; ``weights`` as for ``compare``."""
    tokens = [ids[:TARGET] for ids in encoder.tokenise([normalise(target) for target in targets])]
    found = compare(encoder, reading, tokens, weights)
    return [_view(encoder, reading, ids, near) for ids, near in zip(tokens, found, strict=True)]


def _view(encoder: Encoder, reading: Reading, target: list[int], near: Nearness) -> TargetView:
    nearest = near.nearest
    passages = [digest(reading, nearest), *(window(reading, int(n)) for n in nearest)]
    whole, *alone = _judged(encoder, target, passages)
    article = _features(whole, alone or [whole], near)
    windows = [_features(one, [one], near.only(int(n))) for n, one in zip(nearest, alone, strict=True)]
    return TargetView(article, np.array(windows).reshape(len(nearest), len(article)), nearest, near.read)


def _judged(encoder: Encoder, target: list[int], passages: Sequence[list[int]]) -> list[Floats]:
    """Return each passage's logits; one that stands twice, as in a text of one sentence, is read once."""
    places = {tuple(passage): None for passage in passages}
    logits = encoder.judge(target, [list(passage) for passage in places])
    found = dict(zip(places, logits, strict=True))
    return [found[tuple(passage)] for passage in passages]


def _features(whole: Floats, alone: Sequence[Floats], near: Nearness) -> Floats:
    """Return (2 * columns + READ + 5,) features: the digest's logits, the windows' mean logits, nearness."""
    return np.concatenate([whole, np.mean(alone, axis=0), near.features()]).astype(np.float32)
