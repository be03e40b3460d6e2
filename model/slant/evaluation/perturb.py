"""Articles and targets changed by rule, for the robustness report: what ought to move a label, and what ought not.

A rule that cannot change a row safely returns ``None``, and the row is left out of that rule's figures.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from slant.data.readers import StanceExample
from slant.data.targets import KEPT, TURNED, TURNED_UNSEEN, one_of, turn_round
from slant.labels import OPPOSITE
from slant.text.clean import clean
from slant.text.sentences import sentences

Rule: TypeAlias = Callable[[StanceExample], StanceExample | None]

_HEAD = "We use cookies to improve your experience. Accept all\nSign up for our newsletter\n\n"
_TAIL = "\n\nShare this article\nRead more: the ten stories of the day\nAll rights reserved."
_MODAL = re.compile(r"\b(should|must|will|would|can|could|does|do|did)( not)?\b(?! you| we| they| he| she| it)")
_ARTICLES = re.compile(r"\b(?:the|a|an) ", re.IGNORECASE)
_PREPOSITIONS = {"on": "over", "at": "in", "for": "to", "by": "from", "with": "by", "about": "over"}
_PREPOSITION = re.compile(rf"\b({'|'.join(_PREPOSITIONS)})\b")


def paraphrased(example: StanceExample) -> StanceExample:
    """Ask for the same thing in other words."""
    return replace(example, target=one_of(KEPT, example.id).format(example.target))


def turned(example: StanceExample) -> StanceExample | None:
    """Ask for the opposite in words that are read by rule (``inference.polarity``): every label should turn."""
    return _turned(example, one_of(TURNED[:2], example.id))


def turned_unseen(example: StanceExample) -> StanceExample | None:
    """Ask for the opposite in words that no rule and no training knows: does the encoder read the target?"""
    return _turned(example, one_of(TURNED_UNSEEN, example.id))


def negated(example: StanceExample) -> StanceExample | None:
    """Negate the evidence where it stands on a modal verb; only where the label has an opposite."""
    if example.label not in OPPOSITE or not example.evidence:
        return None
    text, changes = example.text, 0
    for span in sorted(example.evidence, key=lambda one: -one.start):
        piece, n = _MODAL.subn(lambda m: m[1] if m[2] else f"{m[1]} not", text[span.start : span.end], count=1)
        text, changes = text[: span.start] + piece + text[span.end :], changes + n
    return replace(example, text=text, label=OPPOSITE[example.label], evidence=None) if changes else None


def machine_translated(example: StanceExample) -> StanceExample:
    """Leave half the articles out and put odd prepositions in, as machine translation does."""
    chance = random.Random(example.text[:80])  # noqa: S311 - not a secret
    text = _ARTICLES.sub(lambda m: m[0] if chance.random() < 0.5 else "", example.text)
    odd = _PREPOSITION.sub(lambda m: m[0] if chance.random() < 0.7 else _PREPOSITIONS[m[0]], text)
    return replace(example, text=odd, evidence=None)


def in_boilerplate(example: StanceExample) -> StanceExample:
    """Put the page's furniture around the article."""
    return replace(example, text=f"{_HEAD}{example.text}{_TAIL}", evidence=None)


def shuffled(example: StanceExample) -> StanceExample | None:
    """Put the sentences in random order."""
    found = _sentences(example.text)
    random.Random(0).shuffle(found)  # noqa: S311 - not a secret
    return replace(example, text=" ".join(found), evidence=None) if len(found) > 1 else None


def lower_case(example: StanceExample) -> StanceExample:
    """Fold the case of text, title and target."""
    title = example.title and example.title.lower()
    return replace(example, text=example.text.lower(), title=title, target=example.target.lower(), evidence=None)


def first_half(example: StanceExample) -> StanceExample | None:
    """Leave out the second half of the sentences."""
    found = _sentences(example.text)
    return replace(example, text=" ".join(found[: len(found) // 2]), evidence=None) if len(found) > 1 else None


RULES: Mapping[str, Rule] = {
    "target in other words": paraphrased,
    "target turned round": turned,
    "target turned round, words never trained on": turned_unseen,
    "evidence negated": negated,
    "machine translation": machine_translated,
    "boilerplate added": in_boilerplate,
    "sentences shuffled": shuffled,
    "lower case": lower_case,
    "first half only": first_half,
}


def _turned(example: StanceExample, template: str) -> StanceExample | None:
    if example.label not in OPPOSITE:
        return None
    target, label = turn_round(example.target, example.label, template)
    return replace(example, target=target, label=label)


def _sentences(text: str) -> list[str]:
    cleaned = clean(text)
    return [span.of(cleaned) for span in sentences(cleaned)]
