"""From what the attribution model says of pieces to spans: each cue's parts, smoothed, as whole words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from slant.sources.attribution import ROLES, Attribution
from slant.sources.pieces import Pieces
from slant.sources.tagger import Cue, Tagger
from slant.text.spans import Span
from slant.types import Bools, Floats

LEAST = 0.4
"""Probability from which a piece is taken for the beginning of a cue."""
SWITCH = (0.0, 0.0, 0.5)
"""Log-odds that a part of each role must gain before it is cut in two or begun anew; sources and cues are short."""
OUTSIDE = -20.0
"""Log-odds of what is not there."""
TOGETHER = 256
"""Cues that are smoothed at once: those of most articles, and not too many to be held in memory."""


@dataclass(frozen=True, slots=True)
class Smoothed:
    """A cue, and which pieces of its window are of each of its parts, (roles, pieces of the window)."""

    at: int
    probability: float
    first: int
    parts: Bools


def attributions(tagger: Tagger, pieces: Pieces) -> list[Attribution]:
    """Return the attributions of an article, in the order of their cues."""
    found = _apart(_smoothed(tagger.cues(pieces, LEAST)))
    return [one for cue in found if (one := _attribution(pieces, cue)).content]


def smooth(odds: Floats, switch: Sequence[float]) -> Bools:
    """Return the likeliest two-state sequence of each row of log-odds (m, n), where each change costs its ``switch``.

    Viterbi 1967, all rows at once.
    """
    cost, inside, outside = np.array(switch), np.zeros(len(odds)), np.zeros(len(odds))
    back = np.zeros((2, *odds.shape), dtype=bool)
    for n in range(odds.shape[1]):
        back[1, :, n] = outside - cost > inside
        back[0, :, n] = inside - cost > outside
        inside, outside = np.maximum(inside, outside - cost), np.maximum(outside, inside - cost)
        inside, outside = inside + odds[:, n] / 2, outside - odds[:, n] / 2
    state = inside > outside
    found = np.zeros(odds.shape, dtype=bool)
    for n in reversed(range(odds.shape[1])):
        found[:, n] = state
        state = np.where(back[state.astype(int), np.arange(len(odds)), n], ~state, state)
    return found


def _apart(cues: Iterable[Smoothed]) -> list[Smoothed]:
    """Return the cues in order; of two for one, where one begins inside the words of the other, the likelier."""
    kept, taken = list[Smoothed](), set[int]()
    for cue in sorted(cues, key=lambda one: -one.probability):
        if cue.at not in taken:
            kept.append(cue)
            taken.update((cue.first + np.flatnonzero(cue.parts[ROLES.index("cue")])).tolist())
    return sorted(kept, key=lambda one: one.at)


def _smoothed(cues: Iterator[Cue]) -> Iterator[Smoothed]:
    """Yield the cues with their parts smoothed; a text that is all cues is not held in memory as a whole."""
    while some := list(islice(cues, TOGETHER)):
        for cue, parts in zip(some, _smooth(some), strict=True):
            parts[ROLES.index("cue")] = _run(parts[ROLES.index("cue")], cue.at - cue.first)
            yield Smoothed(cue.at, cue.probability, cue.first, parts)


def _smooth(cues: Sequence[Cue]) -> list[Bools]:
    """Return the parts of cues, smoothed at once; windows at the end may be shorter than others."""
    longest = max(cue.parts.shape[1] for cue in cues)
    odds = np.full((len(cues), len(ROLES), longest), OUTSIDE, dtype=np.float32)
    for row, cue in zip(odds, cues, strict=True):
        row[:, : cue.parts.shape[1]] = cue.parts
    found = smooth(odds.reshape(-1, longest), SWITCH * len(cues)).reshape(odds.shape)
    return [row[:, : cue.parts.shape[1]] for row, cue in zip(found, cues, strict=True)]


def _run(part: Bools, at: int) -> Bools:
    """Return the run of a part that goes through a piece: other cues look much like this one."""
    outside = np.flatnonzero(~part)
    found = np.zeros_like(part)
    found[outside[outside < at].max(initial=-1) + 1 : outside[outside > at].min(initial=len(part))] = True
    return found


def _attribution(pieces: Pieces, cue: Smoothed) -> Attribution:
    parts = dict(zip(ROLES, cue.parts, strict=True))
    heading = pieces.heading[cue.first : cue.first + cue.parts.shape[1]]
    parts["content"] = parts["content"] & ((heading == 0) | (heading == pieces.heading[cue.at]))
    return Attribution(**{role: _spans(pieces, cue.first, part) for role, part in parts.items()})


def _spans(pieces: Pieces, first: int, part: Bools) -> tuple[Span, ...]:
    """Return the runs of a part as spans of whole words."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], part, [False]]).astype(np.int8)))
    runs = [_whole(pieces, first + int(start), first + int(stop)) for start, stop in edges.reshape(-1, 2)]
    return tuple(span for span in _joined(runs) if span.start < span.end)


def _whole(pieces: Pieces, start: int, stop: int) -> Span:
    """Return pieces ``start`` to ``stop`` as a span, with the rest of the words that it would cut."""
    while start > 0 and pieces.inside[start]:
        start -= 1
    while stop < len(pieces) and pieces.inside[stop]:
        stop += 1
    return Span(int(pieces.starts[start]), int(pieces.ends[stop - 1]))


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined = list[Span]()
    for span in spans:
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
