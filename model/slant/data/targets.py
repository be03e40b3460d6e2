"""Targets in other words: the same thing asked otherwise, or its opposite, under which a label turns round.

A model that reads the article alone, and guesses from its tone, gets a turned target wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from slant.labels import OPPOSITE

TURNED = (
    "opposition to {}",
    "rejecting {}",
    "rejection of {}",
    "blocking {}",
    "the case against {}",
    "resistance to {}",
    "objections to {}",
    "a campaign against {}",
    "criticism of {}",
    "abandoning {}",
    "scrapping {}",
    "stopping {}",
    "protests against {}",
    "the fight against {}",
    "hostility to {}",
    "getting rid of {}",
)
TURNED_UNSEEN = ("doing away with {}", "the push to defeat {}")
"""Never trained on, and read by no rule: they show whether turning round was learnt, or some phrases."""
KEPT = (
    "support for {}",
    "backing {}",
    "approval of {}",
    "the case for {}",
    "a campaign for {}",
    "defending {}",
)


def turn_round(target: str, label: str, template: str) -> tuple[str, str]:
    """Return a target's opposite, and what the label is toward that: favor and against change places."""
    return template.format(target), OPPOSITE.get(label, label)


def vary(target: str, label: str, *, turned: float, kept: float, random: np.random.Generator) -> tuple[str, str]:
    """Return the target turned round (probability ``turned``), in other words (``kept``), or as it was."""
    draw = random.random()
    if draw < turned:
        return turn_round(target, label, str(random.choice(TURNED)))
    if draw < turned + kept:
        return str(random.choice(KEPT)).format(target), label
    return target, label


def one_of(templates: Sequence[str], key: str) -> str:
    """Return a template, always the same one for the same key."""
    return templates[hashlib.sha256(key.encode()).digest()[0] % len(templates)]
