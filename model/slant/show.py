"""A judgement as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape as escape_markup
from rich.table import Table

from slant.article import Judgement, Source, StanceScore, TopicScore, Words
from slant.terminal import printable

_COLOURS = {"favor": "green", "against": "red", "neutral": "yellow", "unrelated": "dim"}


def show(judgement: Judgement, name: str) -> None:
    """Print a judgement: topics, then each stance with its probabilities, evidence and sources."""
    console = Console(highlight=False)
    console.rule(_line(name), align="left")
    given = ", ".join(_topic(topic, judgement) for topic in judgement.topics if topic.given and topic.level == 1)
    console.print(f"[bold]topics[/]  {given or 'none above its threshold'}")
    others = ", ".join(_named(topic) for topic in judgement.topics if not topic.given)
    if others:
        console.print(f"[dim]others[/]  {others}")
    for stance in judgement.stances:
        _show_stance(console, stance)
    if judgement.sources and not judgement.stances:
        _show_sources(console, judgement.sources)
    for warning in judgement.warnings:
        console.print(f"[yellow]warning[/] {warning}")
    read = judgement.read
    console.print(f"[dim]read {read.windows} of {read.of_windows} passages, language {judgement.language}[/]")


def _topic(topic: TopicScore, judgement: Judgement) -> str:
    """Return a topic, and in brackets those beneath it."""
    beneath = ", ".join(_named(one) for one in judgement.topics if one.given and one.broader == topic.code)
    return _named(topic) + (f" ({beneath})" if beneath else "")


def _named(topic: TopicScore) -> str:
    return f"{_line(topic.name)} [dim]{topic.probability:.2f}[/]"


def _show_stance(console: Console, stance: StanceScore) -> None:
    colour = _COLOURS.get(stance.label or "", "cyan")
    label = _line(stance.label or "not sure enough")
    among = f"  one of {_line(', '.join(stance.label_set))}" if stance.label_set else ""
    shares = "  ".join(f"{_line(label)} {share:.2f}" for label, share in stance.probabilities.items())
    console.print(
        f"[bold]{_line(stance.target)}[/]  [{colour}]{label}[/] {stance.confidence:.2f}{among}  [dim]{shares}[/]"
    )
    table = Table.grid(padding=(0, 2))
    for span in stance.evidence:
        table.add_row(f"  {_line(span.label)} {span.probability:.2f}", f"{span.start}-{span.end}", _line(span.text))
    console.print(table)
    if stance.sources:
        console.print(_table_of_sources(stance))


def _table_of_sources(stance: StanceScore) -> Table:
    table = _table("source", "role", "stance", "words")
    for one in stance.sources:
        label = _line(one.label or "not sure enough")
        colour = _COLOURS.get(one.label or "", "cyan")
        table.add_row(
            _line(one.name), _line(one.role or ""), f"[{colour}]{label}[/] {one.confidence:.2f}", _said(one.spans)
        )
    return table


def _show_sources(console: Console, sources: Sequence[Source]) -> None:
    table = _table("source", "role", "words")
    for one in sources:
        table.add_row(_line(one.name), _line(one.role or ""), _said(one.spans))
    console.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE, show_edge=False, pad_edge=False)
    for name in columns:
        table.add_column(name, ratio=3 if name == "words" else None, max_width=None if name == "words" else 28)
    return table


def _said(spans: Sequence[Words]) -> str:
    return "\n".join(_line(span.text) for span in spans)


def _line(text: str) -> str:
    """Return a text of others as one line, which is neither obeyed nor taken for markup."""
    return escape_markup(printable(" ".join(text.split())))
