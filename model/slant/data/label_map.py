"""The labels of a foreign set of topics, as names of Slant's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from slant.errors import DataError

LabelMap = Mapping[str, "list[str] | None"]
"""A foreign label to the names of its topics, main one first; ``None`` where it maps to none."""


def read_label_map(spec: str) -> LabelMap:
    """Read ``FILE:SET``, a JSON file ``{set: {label: [topic name, ...] or null}}`` and one of its sets.

    Raises:
        DataError: the file is missing, is not such JSON, or has no such set.
    """
    name, _, key = spec.rpartition(":")
    try:
        sets = json.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"--map {spec!r}: wanted FILE:SET, a JSON file and a set in it: {error}") from error
    if not isinstance(sets, dict) or not isinstance(sets.get(key), dict):
        known = ", ".join(sorted(sets)) if isinstance(sets, dict) else "none"
        raise DataError(f"--map {spec!r}: no set {key!r} in {name}; it has {known}")
    found: LabelMap = sets[key]
    return found


def map_labels(where: str, names: list[str], label_map: LabelMap) -> list[str]:
    """Return the topics that labels map to, in order.

    Raises:
        DataError: the map knows none of the labels; ``where`` names the row.
    """
    known = [name for name in names if name in label_map]
    if names and not known:
        raise DataError(f"{where}: label {names[0]!r} is not in the map", field="label")
    return [topic for name in known for topic in label_map[name] or ()]
