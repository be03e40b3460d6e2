"""From what a stance head sees to the answer for one target: label, probabilities, evidence."""

from __future__ import annotations

import numpy as np

from slant.article import Evidence, StanceScore
from slant.features.reading import Reading
from slant.features.views import TargetView
from slant.heads.stance import StanceHead
from slant.inference.caution import Caution
from slant.inference.polarity import Asked, turned_round
from slant.types import Floats

MOST_EVIDENCE = 3
NO_EVIDENCE = frozenset({"unrelated"})
"""Labels that no passage can show: they say that there is none."""


def stance_score(
    head: StanceHead, reading: Reading, asked: Asked, seen: TargetView, caution: Caution, *, evidence: bool
) -> StanceScore:
    """Return where the article stands toward what is asked for, from the article as seen from that thing."""
    probabilities, *windows = head.probabilities(np.vstack([seen.article, *seen.windows]))
    best = int(probabilities.argmax())
    confidence = round(float(probabilities[best]), 6)
    wanted = evidence and head.labels[best] not in NO_EVIDENCE
    score = StanceScore(
        asked.target,
        head.labels[best] if confidence >= caution.min_confidence else None,
        confidence,
        {name: round(float(p), 6) for name, p in zip(head.labels, probabilities, strict=True)},
        _evidence(head, reading, seen, best, np.array(windows)) if wanted and windows else (),
        _label_set(head, probabilities, caution.coverage),
    )
    return turned_round(score) if asked.turned else score


def _label_set(head: StanceHead, probabilities: Floats, coverage: float | None) -> tuple[str, ...] | None:
    if coverage is None or head.reference is None:
        return None
    found = head.reference.sets(probabilities[None], coverage)[0]
    return tuple(label for label, inside in zip(head.labels, found, strict=True) if inside)


def _evidence(
    head: StanceHead, reading: Reading, seen: TargetView, label: int, probabilities: Floats
) -> tuple[Evidence, ...]:
    """Return the windows that carried the label, strongest first: those that show it, or the nearest to it.

    ``probabilities`` is (windows, labels).
    """
    order = np.argsort(-probabilities[:, label], kind="stable")
    showing = [n for n in order if probabilities[n].argmax() == label][:MOST_EVIDENCE] or order[:1]
    return tuple(_piece(head, reading, int(seen.near.nearest[n]), probabilities[n]) for n in showing)


def _piece(head: StanceHead, reading: Reading, sentence: int, probabilities: Floats) -> Evidence:
    span, best = reading.spans[sentence], int(probabilities.argmax())
    return Evidence(
        span.start, span.end, span.of(reading.text), head.labels[best], round(float(probabilities[best]), 6)
    )
