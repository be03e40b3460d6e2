"""``slant score``: its options, what it shows while it runs, and its exit codes.

Exit codes: 0 all rows judged; 1 the bundle cannot be used, or the cluster cannot be reached; 2 the command or the input
is wrong; 3 all done, some rows or files rejected; 4 not all could be done; 5 the folder holds another run; 6 another
is at work in it; 130 interrupted. After 4 and 130 the same command goes on where it was.
"""

from __future__ import annotations

import json
import shlex
import signal
import sys
from contextlib import nullcontext
from enum import StrEnum
from typing import Annotated, Any, NoReturn

import typer

from slant.article import ALL, AUTO, Targets, Topics
from slant.cli_files import Delimiter, Encoding, Escape
from slant.errors import BatchError, Changed, Incomplete, Locked, MissingExtra, OptionError

CODES: dict[type[BatchError], int] = {Incomplete: 4, Changed: 5, Locked: 6}
REJECTED, INTERRUPTED = 3, 130


class Form(StrEnum):
    """How the output is written."""

    parquet = "parquet"
    jsonl = "jsonl"
    csv = "csv"


def score(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Files, folders, patterns, s3://...; - reads what is sent."),
    ],
    out: Annotated[str, typer.Option(help="The folder that the output goes to.")],
    target: Annotated[list[str] | None, typer.Option("--target", "-t", help="What a stance is toward.")] = None,
    targets_column: Annotated[str | None, typer.Option(help="Column of each row's own targets.")] = None,
    auto_targets: Annotated[
        bool, typer.Option("--auto-targets", help="Propose up to five for each row that names none.")
    ] = False,
    topics: Annotated[bool, typer.Option("--topics/--no-topics", help="Say what articles are about.")] = True,
    all_topics: Annotated[
        bool, typer.Option("--all-topics", help="Add the probability of every topic of the first level.")
    ] = False,
    evidence: Annotated[bool, typer.Option("--evidence", help="Add the passages that show a stance.")] = False,
    sources: Annotated[bool, typer.Option("--sources", help="Add who says what, and where each stands.")] = False,
    form: Annotated[Form, typer.Option("--format", help="CSV is always flat.")] = Form.parquet,
    flat: Annotated[bool, typer.Option("--flat", help="A row for each article and target.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Pass the other columns on, as JSON.")] = False,
    csv_safe: Annotated[
        bool, typer.Option("--csv-safe/--no-csv-safe", help="An apostrophe before what a spreadsheet would calculate.")
    ] = True,
    id_column: Annotated[str | None, typer.Option(help="Guessed if not set, as are the next three.")] = None,
    text_column: Annotated[str | None, typer.Option()] = None,
    title_column: Annotated[str | None, typer.Option()] = None,
    html_column: Annotated[str | None, typer.Option()] = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    escape: Escape = None,
    min_confidence: Annotated[float | None, typer.Option(help="Below this confidence a stance gets no label.")] = None,
    bundle: Annotated[str, typer.Option(help="A bundle's folder, or 'default'.")] = "default",
    device: Annotated[str, typer.Option(help="cpu, or cuda where onnxruntime-gpu is installed.")] = "cpu",
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each core if not set.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, as tcp://host:8786.")] = None,
    piece: Annotated[int, typer.Option(min=1, help="Kilobytes of input done, or lost in a cut, as one.")] = 1024,
    article_timeout: Annotated[
        float, typer.Option(min=0.001, max=86_400, help="Seconds that one article may take; a longer one is rejected.")
    ] = 60.0,
    resume: Annotated[
        bool, typer.Option("--resume/--fresh", help="Go on with the run in the folder, or begin anew.")
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but what goes wrong.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Judge every row of files of any size. Cut at any moment, the same command goes on where it was."""
    batch = _batch()
    console = batch.console
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a machine that is taken away ends a run as Ctrl-C does
    try:
        with nullcontext(batch.scoring.Silent()) if quiet else console.reporting() as reporter:
            summary = batch.score(
                inputs,
                out,
                targets=chosen_targets(target, auto_targets),
                columns=batch.Columns(
                    id=id_column, text=text_column, title=title_column, html=html_column, targets=targets_column
                ),
                encoding=encoding,
                delimiter=delimiter,
                escape=escape,
                topics=chosen_topics(topics, all_topics),
                evidence=evidence,
                sources=sources,
                min_confidence=min_confidence,
                format=form.value,
                flat=flat,
                keep=keep,
                csv_safe=csv_safe,
                bundle=bundle,
                device=device,
                workers=workers,
                cluster=cluster,
                fresh=not resume,
                piece_bytes=piece * 1024,
                article_timeout=article_timeout,
                reporter=reporter,
                command=_command(),
            )
    except KeyboardInterrupt:
        _interrupted()
    if as_json:
        typer.echo(json.dumps(summary.to_dict()))  # in ASCII: it may be a terminal that reads it
    elif not quiet:
        console.show(summary, out)
    if summary.tally.rejected or summary.bad_files:
        raise typer.Exit(REJECTED)


def chosen_targets(named: list[str] | None, auto: bool) -> Targets:
    """Return the targets of a command, or that they are to be proposed.

    Raises:
        OptionError: both were asked for.
    """
    if named and auto:
        raise OptionError(f"wanted --target or --auto-targets, got both, the first with {named[0]!r}", field="targets")
    return AUTO if auto else named or []


def chosen_topics(some: bool, every: bool) -> Topics:
    """Return which topics a command wants.

    Raises
    ------
    OptionError
        None and all of them.
    """
    if every and not some:
        raise OptionError("wanted --no-topics or --all-topics, got both", field="topics")
    return ALL if every else some


def exit_code(error: BatchError) -> int:
    """Return the exit code of a run that did not end."""
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), 1)


def _batch() -> Any:
    """Return the batch package, whose libraries are not always installed."""
    try:
        import slant.batch
        import slant.batch.console
    except ImportError as error:
        raise MissingExtra("batch", str(error.name)) from error
    return slant.batch


def _command() -> str:
    """Return the command that was typed, without the wish to begin anew: typed again, it goes on."""
    return shlex.join(["slant", *(word for word in sys.argv[1:] if word != "--fresh")])


def _interrupted() -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    typer.echo(f"slant: interrupted; what is done is kept; to go on, type:\n{_command()}", err=True)
    raise typer.Exit(INTERRUPTED)
