"""Targets that name an attitude against a thing: an article stands to "opposition to X" as to X, turned round.

Such a target is read by rule, so that the two answers never contradict each other. Words for an action
("scrapping X", "the fight against X") name things of their own, on which the encoder is asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from slant.article import StanceScore
from slant.labels import OPPOSITE

_AGAINST = re.compile(
    r"""(?: (?:the|an|any|all) \s+ )?
    (?: (?:opposition|objections?|hostility) \s+ (?:to|towards?)
      | opposing (?= \s+ (?:the|an?|any|all|this|these|that) \b )
      | being \s+ (?:against|opposed \s+ to)
      | rejection \s+ of | rejecting | objecting \s+ to | case \s+ against
    ) \s+ (?= \S )""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A caller's target, the ``thing`` that it is about, and whether it is the attitude against that thing."""

    target: str
    thing: str
    turned: bool


def read_target(target: str, labels: Collection[str]) -> Asked:
    """Return what a target asks for; "rejecting opposition to X" asks for X again.

    Among ``labels`` without a favor and an against nothing can be turned round: the target stays as it is.
    """
    thing, turned = target, False
    while OPPOSITE.keys() <= set(labels) and (found := _AGAINST.match(thing)):
        thing, turned = thing[found.end() :], not turned
    return Asked(target, thing, turned)


def other_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Return labels with favor and against in each other's place."""
    return tuple(OPPOSITE.get(label, label) for label in labels)


def turned_round(score: StanceScore) -> StanceScore:
    """Return the score with favor and against changing places everywhere."""
    other = {label: OPPOSITE.get(label, label) for label in score.probabilities}
    return replace(
        score,
        label=score.label and other[score.label],
        probabilities={label: score.probabilities[other[label]] for label in other},
        evidence=tuple(replace(piece, label=other[piece.label]) for piece in score.evidence),
        label_set=score.label_set and tuple(label for label in other if other[label] in score.label_set),
    )
