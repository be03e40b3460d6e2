"""One HTML page with the figures and their plots: no script, nothing loaded from elsewhere."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING

from slant.errors import MissingExtra
from slant.types import Json

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
table {{ border-collapse: collapse; margin: 1rem 0 }} td, th {{ padding: .2rem .8rem; text-align: right;
border-bottom: 1px solid #ddd }} td:first-child, th:first-child {{ text-align: left }}
svg {{ max-width: 100%; height: auto }}
</style>
<h1>{title}</h1><p>{about}</p>
{body}
</html>
"""
_MAIN = ("n", "accuracy", "macro_f1", "side", "f_avg", "fnc_score", "strict", "lenient", "ece", "brier", "majority")
_WORDINGS = ("n", "accuracy", "macro_f1", "side", "ece", "consistent")
_MOVED = ("n", "changed", "flipped", "accuracy_before", "accuracy", "macro_f1_before", "macro_f1")


def write_report(found: Json, bundle: str) -> str:
    """Return the page for the figures of one evaluation of ``bundle``.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    about = f"Task {found['task']}, {found['n']} rows of {', '.join(found['data'])}."
    runs = {"all": found} | ({"target masked": found["masked"]} if found["masked"] else {}) | found["slices"]
    body = "\n".join(
        [
            _table(_MAIN, runs),
            _plots(found),
            _table(("precision", "recall", "f1", "count"), found["per_class"]),
            _table(_MOVED, found["robustness"]) if found["robustness"] else "",
            _table(_WORDINGS, found["wordings"]) if found["wordings"] else "",
        ]
    )
    return _PAGE.format(title=html.escape(f"{bundle}: {found['task']}"), about=html.escape(about), body=body)


def _table(columns: tuple[str, ...], rows: Json) -> str:
    used = [column for column in columns if any(row.get(column) is not None for row in rows.values())]
    head = "".join(f"<th>{html.escape(column)}</th>" for column in ("", *used))
    lines = (
        f"<tr><td>{html.escape(name)}</td>" + "".join(f"<td>{_cell(row.get(column))}</td>" for column in used) + "</tr>"
        for name, row in rows.items()
    )
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>"


def _cell(value: float | int | None) -> str:
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:.3f}"


def _plots(found: Json) -> str:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("notebooks", "matplotlib") from error
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    coverage, reliability, confusion = figure.subplots(1, 3)
    _draw_coverage(coverage, found)
    _draw_reliability(reliability, found)
    _draw_confusion(confusion, found)
    page = io.StringIO()
    figure.savefig(page, format="svg", metadata={"Date": None})
    return page.getvalue()[page.getvalue().index("<svg") :]


def _draw_coverage(axes: Axes, found: Json) -> None:
    axes.plot([p["coverage"] for p in found["coverage"]], [p["accuracy"] for p in found["coverage"]], marker="o")
    axes.set(
        title="Accuracy on the surest part",
        xlabel="part of the rows answered",
        ylabel="accuracy",
        ylim=(0, 1.02),
    )


def _draw_reliability(axes: Axes, found: Json) -> None:
    bins = found["reliability"]
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.plot([b["confidence"] for b in bins], [b["accuracy"] for b in bins], marker="o")
    axes.set(
        title=f"Calibration, ECE {found['ece']:.3f}",
        xlabel="confidence",
        ylabel="accuracy",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )


def _draw_confusion(axes: Axes, found: Json) -> None:
    used = [n for n, row in enumerate(found["confusion"]) if any(row) or any(r[n] for r in found["confusion"])]
    counts = [[found["confusion"][n][m] for m in used] for n in used]
    names = [found["labels"][n][:14] for n in used]
    axes.imshow([[c / max(sum(row), 1) for c in row] for row in counts], cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(used)), names, rotation=60, ha="right")
    axes.set_yticks(range(len(used)), names)
    axes.set(title="True (down) and given (across)")
    for y, row in enumerate(counts):
        for x, count in enumerate(row):
            axes.text(x, y, str(count), ha="center", va="center", color="white" if 2 * count > sum(row) else "black")
