"""The report as one page of plots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt


def plot(report: dict[str, Any], path: Path) -> None:
    """Draw what the report holds."""
    figure, axes = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
    drawn = [(_throughput, "peers"), (_tails, "peers"), (_memory, "peers"), (_overload, "overload")]
    for axis, (draw, part) in zip(axes.flat, drawn, strict=True):
        axis.set_visible(part in report)
        if part in report:
            draw(axis, report[part])
    plt.rcParams["svg.hashsalt"] = "slant"
    figure.suptitle(f"Slant's service and its peers around the same classifier, {report['cores']} cores, one run")
    figure.savefig(path)
    plt.close(figure)


def _throughput(axis: Any, peers: dict[str, Any]) -> None:
    axis.bar(list(peers), [one["answers_per_second"] for one in peers.values()])
    axis.set(title="At saturation", ylabel="articles a second")


def _tails(axis: Any, peers: dict[str, Any]) -> None:
    for name, one in peers.items():
        points = list(one["at"].values())
        axis.plot([point["rate"] for point in points], [point["p99_ms"] for point in points], "o-", label=name)
    axis.set(title="At equal throughput", xlabel="articles a second, open loop", ylabel="p99, ms", yscale="log")
    axis.legend()


def _memory(axis: Any, peers: dict[str, Any]) -> None:
    axis.bar(list(peers), [one["mb"] for one in peers.values()])
    axis.set(title="Memory, all processes", ylabel="MB (PSS)")


def _overload(axis: Any, overload: dict[str, Any]) -> None:
    names = ("before", "storm", "after")
    axis.bar(names, [overload[name]["p99_ms"] for name in names])
    axis.set(title=f"Four times too much: goodput {overload['goodput']:.2f} of peak", ylabel="p99 of answers, ms")
