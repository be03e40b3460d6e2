"""What a run comes to, counted piece by piece."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from slant.article import Judgement
from slant.batch.rows import Reject
from slant.types import Json

COUNTED = ("topics", "languages", "reasons", "notes")
NO_LABEL = "not sure enough"
MOST = 1_000
"""Targets, and reasons, that are counted by name; where every row has its own, the rest are counted together."""
OTHERS, OTHER_REASONS = "(other targets)", "(other reasons)"


@dataclass(slots=True)
class Tally:
    """Counts of rows, topics, stances by target, languages, and reasons for rejection."""

    rows: int = 0
    rejected: int = 0
    topics: Counter[str] = field(default_factory=Counter)
    stances: dict[str, Counter[str]] = field(default_factory=dict)
    languages: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Count what another has counted too."""
        self.rows += other.rows
        self.rejected += other.rejected
        self.topics += other.topics
        self.languages += other.languages
        self.notes += other.notes
        for reason, n in other.reasons.items():
            self._because(reason, n)
        for target, labels in other.stances.items():
            self._of(target).update(labels)

    def count(self, judgement: Judgement, note: str | None = None) -> None:
        """Count a judgement, and what is to be known of how its row was read."""
        self.rows += 1
        self.notes.update([note] if note else [])
        self.topics.update(topic.name for topic in judgement.topics)
        self.languages[judgement.language] += 1
        for stance in judgement.stances:
            self._of(stance.target)[stance.label or NO_LABEL] += 1

    def reject(self, found: Reject) -> None:
        """Count a rejected row; of its reason, the part that does not tell of the row itself."""
        self.rejected += 1
        self._because(found.reason.split(":")[0].split(";")[0], 1)

    def to_dict(self) -> Json:
        """Return the counts as JSON values, the largest first."""
        counted = {name: dict(getattr(self, name).most_common()) for name in COUNTED}
        stances = {target: dict(labels.most_common()) for target, labels in self.stances.items()}
        return {"rows": self.rows, "rejected": self.rejected, "stances": stances, **counted}

    def _because(self, reason: str, n: int) -> None:
        self.reasons[reason if reason in self.reasons or len(self.reasons) < MOST else OTHER_REASONS] += n

    def _of(self, target: str) -> Counter[str]:
        name = target if target in self.stances or len(self.stances) < MOST else OTHERS
        return self.stances.setdefault(name, Counter())


def tally_from(content: Json) -> Tally:
    """Return what ``to_dict`` made JSON values of."""
    counters: dict[str, Any] = {name: Counter(content[name]) for name in COUNTED}
    stances = {target: Counter(labels) for target, labels in content["stances"].items()}
    return Tally(content["rows"], content["rejected"], stances=stances, **counters)
