"""How labelled files are read for a caller: what is said of them, and how many bad rows may be left out."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from slant.data.split import text_key
from slant.errors import DataError
from slant.records.layout import Given

MOST_BAD = 0.05
"""Share of a file's rows that may be left out; with more of them it is not the file that was meant."""
SHOWN = 3
"""Bad rows that are shown."""
FEW_ROWS, FEW_TEXTS, FEW_OF_LABEL = 200, 100, 10
"""Below these, what is learnt and measured means little."""
MOST_LABELS = 12
"""Labels that are shown with their counts."""
_NO_LETTER = re.compile(r"[\W_]+")
_SIGNED = re.compile(r"[-+](?=[\d.])")


def _silent(_: str) -> None:
    """Hear."""


@dataclass(slots=True)
class Reading:
    """What the caller says of files, who is told what, and the rows of the file in hand that were left out."""

    given: Given = field(default_factory=Given)
    say: Callable[[str], None] = _silent
    rows: int = 0
    bad: list[str] = field(default_factory=list)

    def leave_out(self, error: DataError) -> None:
        """Count a row that cannot be used."""
        self.bad.append(str(error))

    def check(self, path: Path) -> None:
        """Tell how many rows of a file were left out.

        Raises
        ------
        DataError
            They were too many.
        """
        rows, bad, self.rows, self.bad = self.rows, self.bad, 0, []
        if not bad:
            return
        first = "; ".join(bad[:SHOWN])
        if len(bad) > MOST_BAD * rows:
            raise DataError(
                f"{path}: cannot be read: {len(bad)} of its {rows} rows are not as wanted, and at most {MOST_BAD:.0%} "
                f"are left out; the first: {first}",
                field="data",
            )
        self.say(f"{path}: {len(bad)} of its {rows} rows are left out; the first: {first}")


def labels_shown(labels: Iterable[str]) -> str:
    """Return labels with their counts, the most frequent first."""
    counts = Counter(labels)
    shown = ", ".join(f"{label} {count}" for label, count in counts.most_common(MOST_LABELS))
    more = len(counts) - MOST_LABELS
    return f"labels: {shown}" + (f" and {more} more" if more > 0 else "")


def doubts(labels: Sequence[str], texts: Sequence[str], rows: Sequence[object]) -> list[str]:
    """Return what makes it doubtful that anything can be learnt from rows.

    Parameters
    ----------
    labels
        The label of each row.
    texts
        The text of each.
    rows
        Something of each that two rows share only if they say the same.
    """
    found = [f"{_all(names)} are taken for different labels" for names in near_equal(labels)]
    counts = Counter(labels)
    few = [f"{label} ({count})" for label, count in counts.items() if count < FEW_OF_LABEL]
    distinct, different = len({text_key(text) for text in texts}), len(set(rows))
    if few:
        found.append(f"few rows of {', '.join(few[:MOST_LABELS])}: wanted {FEW_OF_LABEL} or more of each label")
    if different < 0.8 * len(rows):
        found.append(f"{different} of {len(rows)} rows are different ones: what is repeated teaches nothing")
    if different < FEW_ROWS:
        found.append(f"{different} rows are few: figures of fewer than {FEW_ROWS} mean little")
    elif distinct < FEW_TEXTS:
        found.append(f"{distinct} different texts are few: figures of fewer than {FEW_TEXTS} mean little")
    return found


def near_equal(labels: Iterable[str]) -> list[list[str]]:
    """Return labels that differ only in case, spaces or punctuation, those that are alike together."""
    alike = defaultdict[str, set[str]](set)
    for label in labels:
        alike[_core(label)].add(label)
    return [sorted(names) for names in alike.values() if len(names) > 1]


def _core(label: str) -> str:
    """Return what is left of a label without case and punctuation; the sign of a number stays."""
    low = label.casefold().strip()
    sign = low[0] if _SIGNED.match(low) else ""
    return sign + _NO_LETTER.sub("", low) or low


def _all(names: Sequence[str]) -> str:
    return " and ".join(repr(name) for name in names)
