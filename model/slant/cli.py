"""The command line: parse, call, print. Every rule is elsewhere.

Exit codes: 0 done; 1 a bundle cannot be used, or a service failed; 2 the command or its data is wrong;
3 some of several files could not be read, the others were answered; 130 interrupted. ``score`` has more.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from slant import __version__
from slant.cli_classify import classify, complain
from slant.cli_files import Delimiter, Encoding, Escape, kept, reading_of
from slant.cli_score import exit_code, score
from slant.cli_train import Data, train
from slant.errors import BatchError, InputError, MissingExtra, OptionError, SlantError, TrainingError
from slant.progress import progress_bars
from slant.terminal import printable

app = typer.Typer(
    name="slant",
    help="Says what a news article is about and where it stands toward any target.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.add_typer(train, name="train")
app.command()(classify)
app.command()(score)

PLOTTED = ("stance", "topic")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"slant {__version__}")
        raise typer.Exit


@app.callback()
def _slant(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 if not set.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 8000 if not set.")] = None,
    bundle: Annotated[str | None, typer.Option(help="A bundle's folder, or 'default'.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that judge articles; 1 if not set.")] = None,
    allow_anonymous: Annotated[
        bool | None, typer.Option("--allow-anonymous", help="Serve other machines without keys.")
    ] = None,
) -> None:
    """Start the HTTP service. Every other setting is a variable of the environment: SLANT_..."""
    given = {"host": host, "port": port, "bundle": bundle, "workers": workers, "allow_anonymous": allow_anonymous}
    _service("__main__").run(**{key: value for key, value in given.items() if value is not None})


@app.command()
def key(
    name: Annotated[str, typer.Argument(help="Whose it is: letters, digits, - and _.")],
    scope: Annotated[list[str] | None, typer.Option(help="classify or admin; classify if not set.")] = None,
) -> None:
    """Make an API key. The line to keep goes to standard output, the secret, once, to standard error."""
    secret, made = _service("keys").new_key(name, scope or ["classify"])
    typer.echo(made.line())
    typer.echo(secret, err=True)


def _service(module: str) -> Any:
    """Return a module of the service, by name: slant does not depend on its service."""
    from importlib import import_module

    try:
        return import_module(f"slant_service.{module}")
    except ImportError as error:
        raise MissingExtra("service", str(error.name)) from error


@app.command()
def evaluate(
    bundle: Annotated[str, typer.Argument(help="A bundle's folder, or 'default'.")],
    data: Data,
    task: Annotated[str, typer.Option(help="stance, topic, source, quotes or targets.")],
    level: Annotated[int, typer.Option(help="Of --task topic: 2 for the topics beneath the main ones.")] = 1,
    labels: Annotated[str, typer.Option(help="Score among these only, as favor,against.")] = "",
    slice_by: Annotated[list[str] | None, typer.Option("--slice", help="Figures by each value of a field.")] = None,
    label_map: Annotated[str | None, typer.Option("--map", help="FILE:SET, foreign labels to topics.")] = None,
    part: Annotated[str | None, typer.Option(help="Only this part: train, calibration or held-out.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="Only rows with FIELD=VALUE.")] = None,
    masked: Annotated[bool, typer.Option(help="Add the target-masked control.")] = True,
    robustness: Annotated[bool, typer.Option("--robustness", help="Change articles and targets by rule too.")] = False,
    wordings: Annotated[bool, typer.Option("--wordings", help="Ask for the rows' other wordings too.")] = False,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page with plots to this file.")] = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    escape: Escape = None,
) -> None:
    """Measure a bundle on labelled data."""
    from rich.console import Console

    from slant.evaluation.perturb import RULES
    from slant.evaluation.report import write_report
    from slant.evaluation.run import evaluate as run
    from slant.evaluation.run import make_request
    from slant.evaluation.tables import tables
    from slant.inference.classifier import load

    if report and (task not in PLOTTED or level == 2):
        raise OptionError(f"--report draws {' and '.join(PLOTTED)}, of level 1; of the others there is --json")
    request = make_request(
        data=data,
        reading=reading_of(encoding, delimiter, escape),
        task=task,
        labels=[label for label in labels.split(",") if label],
        slice_by=slice_by or [],
        label_map=label_map,
        part=part,
        where=where or [],
        masked=masked,
        robustness=tuple(RULES) if robustness else (),
        wordings=wordings,
        level=level,
    )
    with kept(data) as files, progress_bars() as watch:
        found = run(load(bundle), replace(request, data=files), watch)
    for table in tables(found):
        Console().print(table)
    if as_json:
        as_json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if report:
        report.write_text(write_report(found, bundle), encoding="utf-8")


@app.command()
def info(bundle: Annotated[str, typer.Argument(help="A bundle's folder, or 'default'.")] = "default") -> None:
    """Show a bundle's card, after checking the sha256 of its files."""
    from slant.inference.manifest import BundleFiles
    from slant.inference.stored import bundle_folder, read_bundle

    manifest, content = read_bundle(bundle_folder(bundle))
    typer.echo(f"sha256 {manifest.sha256}\n")
    typer.echo(printable(content[BundleFiles().card.name].decode("utf-8", "replace")))


def main() -> None:
    """Run the command line; whatever Slant refuses is one line on standard error.

    Python looks for the modules of a process that is started with ``-c`` or ``-m`` in the working directory first. What
    lies there is data, and none of the processes that a command starts may take it for code.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    warnings.filterwarnings("ignore", "(?s).*joblib will operate in serial mode")  # where no memory can be shared
    try:
        app()
    except (InputError, TrainingError) as error:
        complain(str(error))
        sys.exit(2)
    except BatchError as error:
        complain(str(error))
        sys.exit(exit_code(error))
    except (SlantError, OSError) as error:
        complain(str(error))
        sys.exit(1)
