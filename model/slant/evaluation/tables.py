"""The figures as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.markup import escape
from rich.table import Table

from slant.terminal import printable
from slant.types import Json

_MAIN = (
    "accuracy",
    "first",
    "macro_f1",
    "micro_f1",
    "side",
    "f_avg",
    "fnc_score",
    "strict",
    "lenient",
    "none",
    "ece",
    "brier",
    "majority",
)


def tables(found: Json) -> Iterator[Table]:
    """Yield the main figures, the classes, the confusion matrix, coverage, control and slices."""
    found = _shown(found)
    own = {"quotes": _quotes, "source": _sources, "targets": _proposals}
    if found.get("level") == 2:
        yield _main(found, "topics of the second level")
        yield _classes(found)
        yield _coverage(found)
        return
    if found["task"] in own:
        yield own[found["task"]](found)
        return
    yield _main(found)
    yield _classes(found)
    yield _confusion(found)
    yield _coverage(found)
    yield _precision(found)
    yield _automation(found)
    if found["label_sets"]:
        yield _label_sets(found["label_sets"])
    if found["masked"]:
        yield _main(found["masked"], "target masked")
    if found["robustness"]:
        yield _robustness(found["robustness"])
    if found["wordings"]:
        yield _wordings(found["wordings"])
    for name, part in found["slices"].items():
        yield _main(part, name)


def _shown(found: Any) -> Any:
    """Return figures with their labels as a terminal may get them: they are the data's, and its names of fields too."""
    if isinstance(found, dict):
        return {_shown(name): _shown(value) for name, value in found.items()}
    if isinstance(found, list):
        return [_shown(value) for value in found]
    return escape(printable(found)) if isinstance(found, str) else found


def _quotes(found: Json) -> Table:
    table = Table("", "part", "precision", "recall", "f1", title=f"attributions, n = {found['n']} articles")
    for name in ("bundle", "rules", "annotators"):
        for role, row in found.get(name, {}).items():
            table.add_row(name, role, *(f"{row[figure]:.3f}" for figure in ("precision", "recall", "f1")))
    return table


def _sources(found: Json) -> Table:
    table = Table("figure", "value", title=f"sources, n = {found['n']}", title_justify="left")
    flat = {name: value for name, value in found.items() if isinstance(value, float)}
    for name, value in (flat | {f"end to end: {key}": one for key, one in found["end_to_end"].items()}).items():
        table.add_row(name, f"{value:.3f}")
    return table


def _proposals(found: Json) -> Table:
    table = Table("targets", "recall", "precision", title=f"proposed targets, n = {found['n']} articles")
    for name in ("proposed", "another"):
        table.add_row(name, *(f"{found[name][figure]:.3f}" for figure in ("recall", "precision")))
    return table


def _main(found: Json, title: str = "figures") -> Table:
    table = Table("figure", "value", "95% interval", title=f"{title}, n = {found['n']}", title_justify="left")
    for name in _MAIN:
        if found.get(name) is not None:
            bounds = found.get("intervals", {}).get(name)
            table.add_row(name, f"{found[name]:.3f}", f"{bounds[0]:.3f} to {bounds[1]:.3f}" if bounds else "")
    return table


def _classes(found: Json) -> Table:
    table = Table("class", "precision", "recall", "f1", "count", title="classes", title_justify="left")
    for label, row in found["per_class"].items():
        if row["count"] or row["recall"] or row["precision"]:
            shares = (f"{row[name]:.3f}" for name in ("precision", "recall", "f1"))
            table.add_row(label, *shares, str(row["count"]))
    return table


def _confusion(found: Json) -> Table:
    used = [n for n, row in enumerate(found["confusion"]) if any(row) or any(r[n] for r in found["confusion"])]
    names = [found["labels"][n] for n in used]
    table = Table("true, down; given, across", *(name[:9] for name in names), title="confusion", title_justify="left")
    for n, name in zip(used, names, strict=True):
        table.add_row(name, *(str(found["confusion"][n][other]) for other in used))
    return table


def _precision(found: Json) -> Table:
    least = [point["confidence"] for point in next(iter(found["precision"].values()), [])]
    title = "precision (and rows) of a label given from a confidence up"
    table = Table("label", *(f"{one:.1f}" for one in least), title=title, title_justify="left")
    for label, points in found["precision"].items():
        table.add_row(label, *(f"{p['precision']:.2f} ({p['count']})" if p["count"] else "" for p in points))
    return table


def _automation(found: Json) -> Table:
    precisions = [row["precision"] for row in found["automation"]["all"]]
    title = "answers that can be taken as they are (and from which confidence up)"
    table = Table("label", *(f"{one:.0%} right" for one in precisions), title=title, title_justify="left")
    for label, rows in found["automation"].items():
        table.add_row(label, *(f"{row['share']:.0%} ({row['confidence']:.2f})" if row["share"] else "" for row in rows))
    return table


def _wordings(rows: Json) -> Table:
    names = ("accuracy", "macro_f1", "side", "ece", "consistent")
    table = Table("targets in other words", "rows", *names, title="wordings", title_justify="left")
    for name, row in rows.items():
        shares = ("" if row[figure] is None else f"{row[figure]:.3f}" for figure in names)
        table.add_row(name, str(row["n"]), *shares)
    return table


def _label_sets(points: list[Json]) -> Table:
    table = Table("promised", "held", "labels in a set", title="label sets", title_justify="left")
    for point in points:
        table.add_row(f"{point['promised']:.2f}", f"{point['held']:.3f}", f"{point['size']:.2f}")
    return table


def _robustness(rows: Json) -> Table:
    names = ("changed", "flipped", "accuracy_before", "accuracy", "macro_f1_before", "macro_f1")
    table = Table("rule", "rows", *names, title="robustness", title_justify="left")
    for rule, row in rows.items():
        shares = ("" if row[name] is None else f"{row[name]:.3f}" for name in names)
        table.add_row(rule, str(row["n"]), *shares)
    return table


def _coverage(found: Json) -> Table:
    table = Table("surest part", "accuracy", "from confidence", title="coverage", title_justify="left")
    for point in found["coverage"]:
        table.add_row(f"{point['coverage']:.0%}", f"{point['accuracy']:.3f}", f"{point['threshold']:.3f}")
    return table
