"""The commands of ``slant train``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from slant.cli_files import Delimiter, Encoding, Escape, kept, reading_of
from slant.errors import MissingExtra
from slant.progress import progress_bars
from slant.terminal import printable
from slant.types import Json

train = typer.Typer(help="Fit heads to your own rows and write a new bundle.", no_args_is_help=True)

Data = Annotated[
    list[Path],
    typer.Argument(help="Files of labelled rows: JSON Lines, CSV or Parquet; - reads what is sent."),
]
Out = Annotated[Path, typer.Option("--out", help="The folder of the new bundle.")]
Name = Annotated[str, typer.Option("--name", help="The new bundle's name.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a bundle that is there.")]
Base = Annotated[str, typer.Option("--base", help="The bundle whose encoder, and other head, it takes over.")]


@train.command("topic")
def train_topic(
    data: Data,
    out: Out,
    name: Name = "own",
    base: Base = "default",
    label_map: Annotated[str | None, typer.Option("--map", help="FILE:SET, foreign labels to topics.")] = None,
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    escape: Escape = None,
) -> None:
    """Fit a topic head: rows with text, label (or labels, or codes) and, if you have it, title."""
    from slant.data.label_map import read_label_map
    from slant.training.build import train_topic as run

    reading, names = reading_of(encoding, delimiter, escape), read_label_map(label_map) if label_map else None
    options: Json = {"name": name, "base": base, "reading": reading, "overwrite": overwrite}
    with kept(data) as files, progress_bars() as watch:
        manifest = run(files, out, watch=watch, label_map=names, **options)
    _report_training(out, manifest.figures.get("topic", {}))


@train.command("measure")
def train_measure(
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder; it is written again with the figures.")],
    folder: Annotated[Path, typer.Argument(help="The folder with the catalog's files.")],
) -> None:
    """Measure a bundle on the public dev sets and write the figures into its card."""
    from slant.training.measure import measure

    with progress_bars() as watch:
        manifest = measure(bundle, folder, watch)
    for name, found in manifest.figures["dev"].items():
        typer.echo(f"{name}: {found['figure']} {found[found['figure']]:.3f}, ece {found['ece']:.3f}")


@train.command("stance")
def train_stance(
    data: Data,
    out: Out,
    name: Name = "own",
    base: Base = "default",
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    escape: Escape = None,
) -> None:
    """Fit a stance head: rows with text, target, label and, if you have it, title."""
    from slant.training.build import train_stance as run

    options: Json = {"name": name, "base": base, "overwrite": overwrite}
    reading = reading_of(encoding, delimiter, escape)
    with kept(data) as files, progress_bars() as watch:
        manifest = run(files, out, watch=watch, reading=reading, **options)
    _report_training(out, manifest.figures.get("stance", {}))


@train.command("attribution")
def train_attribution(
    data: Data,
    out: Out,
    encoder: Annotated[Path | None, typer.Option(help="The folder of the encoder that it goes with.")] = None,
    recipe: Annotated[Path | None, typer.Option(help="Another recipe.toml than the one that comes along.")] = None,
) -> None:
    """Train the model that finds who says what (needs the train extra): rows with text and attributions."""
    run = _with_torch("attribution.train", "train_attribution")
    from slant.training.attribution.recipe import RECIPE, read_recipe
    from slant.training.build import graphs_of

    _log()
    with progress_bars() as watch:
        typer.echo(f"written to {run(read_recipe(recipe or RECIPE), graphs_of(encoder), data, out, watch)}")


@train.command("source")
def train_source(
    data: Data,
    out: Out,
    name: Name = "own",
    base: Base = "default",
    overwrite: Overwrite = False,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    escape: Escape = None,
) -> None:
    """Fit a source head: rows with text and sources (name, target, stance, quotes), or holder, target and label.

    A stance is favor, against, neutral or unrelated. Quotes are the source's words as they stand in the text, or where
    they do: {"start": 0, "end": 9}.
    """
    from slant.training.build import train_source as run

    options: Json = {"name": name, "base": base, "overwrite": overwrite}
    reading = reading_of(encoding, delimiter, escape)
    with kept(data) as files, progress_bars() as watch:
        manifest = run(files, out, watch=watch, reading=reading, **options)
    _report_training(out, manifest.figures.get("source", {}))


@train.command("encoder")
def train_encoder(
    folder: Annotated[Path, typer.Argument(help="The folder with the catalog's files.")],
    out: Out,
    recipe: Annotated[Path | None, typer.Option(help="Another recipe.toml than the one that comes along.")] = None,
) -> None:
    """Train the encoder on the public sets of slant.data.catalog (needs the train extra); goes on after a cut."""
    run = _with_torch("encoder.train", "train_encoder")
    from slant.training.encoder.recipe import RECIPE, read_recipe

    _log()
    with progress_bars() as watch:
        typer.echo(f"encoder written to {run(read_recipe(recipe or RECIPE), folder, out, watch)}")


@train.command("hearer")
def train_hearer(
    folder: Annotated[Path, typer.Argument(help="The folder with the catalog's files.")],
    out: Out,
    models: Annotated[Path | None, typer.Option(help="A folder with an encoder and attribution model.")] = None,
    recipe: Annotated[Path | None, typer.Option(help="Another recipe than the hearer.toml that comes along.")] = None,
) -> None:
    """Tune the trained encoder to what sources say (needs the train extra); goes on after a cut."""
    run = _with_torch("encoder.hearer", "train_hearer")
    from slant.training.build import graphs_of
    from slant.training.encoder.hearer import HEARER
    from slant.training.encoder.recipe import read_recipe

    _log()
    with progress_bars() as watch:
        written = run(read_recipe(recipe or HEARER), graphs_of(models), folder, out, watch)
    typer.echo(f"written to {written}")


@train.command("reader")
def train_reader(
    folder: Annotated[Path, typer.Argument(help="The folder with the catalog's files.")],
    out: Out,
    recipe: Annotated[str, typer.Option(help="large, small, or a recipe of your own.")] = "large",
) -> None:
    """Train a reader: articles are read once, and asked many questions (needs the train extra); goes on after a cut."""
    run = _with_torch("reader.make", "train_reader")
    from slant.training.reader.recipe import RECIPES, read_recipe

    _log()
    with progress_bars() as watch:
        run(read_recipe(RECIPES.get(recipe, Path(recipe))), folder, out, watch)
    typer.echo(f"readers written to {out}")


@train.command("default")
def train_default(
    folder: Annotated[Path, typer.Argument(help="The folder with the catalog's files.")],
    out: Out,
    models: Annotated[Path | None, typer.Option(help="A folder with trained models, as encoder.onnx.")] = None,
    only_source: Annotated[bool, typer.Option("--only-source", help="Keep the topic and the stance head.")] = False,
) -> None:
    """Fit the embedded bundle again, to the public sets of slant.data.catalog."""
    from slant import __version__
    from slant.training.build import train_default as run
    from slant.training.build import train_default_source

    with progress_bars() as watch:
        if only_source:
            manifest = train_default_source(folder, out, version=__version__, models=models, watch=watch)
        else:
            manifest = run(folder, out, version=__version__, models=models, watch=watch)
    for task in ("topic", "stance", "source"):
        _report_training(out, manifest.figures[task])


def _with_torch(module: str, name: str) -> Callable[..., Any]:
    """Return a function of the training rooms that need the train extra."""
    try:
        found: Callable[..., Any] = getattr(import_module(f"slant.training.{module}"), name)
    except ImportError as error:
        raise MissingExtra("train", str(error.name)) from error
    return found


def _log() -> None:
    import logging

    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("slant").setLevel(logging.INFO)


def _report_training(out: Path, figures: dict[str, dict[str, float]]) -> None:
    for name, row in figures.items():
        typer.echo(f"{printable(name)}, held out: " + ", ".join(f"{key} {value:.3g}" for key, value in row.items()))
    typer.echo(f"bundle written to {out}")
