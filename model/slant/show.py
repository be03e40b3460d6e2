"""A judgement as a person reads it in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from slant.article import Judgement, StanceScore

_COLOURS = {"favor": "green", "against": "red", "neutral": "yellow", "unrelated": "dim"}


def show(judgement: Judgement, name: str) -> None:
    """Print a judgement: topics, then each stance with its probabilities and evidence."""
    console = Console(highlight=False)
    console.rule(escape(name), align="left")
    topics = ", ".join(f"{topic.name} [dim]{topic.probability:.2f}[/]" for topic in judgement.topics)
    console.print(f"[bold]topics[/]  {topics or 'none above its threshold'}")
    for stance in judgement.stances:
        _show_stance(console, stance)
    for warning in judgement.warnings:
        console.print(f"[yellow]warning[/] {warning}")
    read = judgement.read
    console.print(f"[dim]read {read.windows} of {read.of_windows} passages, language {judgement.language}[/]")


def _show_stance(console: Console, stance: StanceScore) -> None:
    colour = _COLOURS.get(stance.label or "", "cyan")
    label = stance.label or "not sure enough"
    among = f"  one of {', '.join(stance.label_set)}" if stance.label_set else ""
    shares = "  ".join(f"{label} {share:.2f}" for label, share in stance.probabilities.items())
    console.print(
        f"[bold]{escape(stance.target)}[/]  [{colour}]{label}[/] {stance.confidence:.2f}{among}  [dim]{shares}[/]"
    )
    table = Table.grid(padding=(0, 2))
    for span in stance.evidence:
        table.add_row(
            f"  {span.label} {span.probability:.2f}",
            f"{span.start}-{span.end}",
            escape(" ".join(span.text.split())),
        )
    console.print(table)
