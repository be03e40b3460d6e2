"""Files on the command line: how they are laid out, and standard input among them."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slant.terminal import printable

if TYPE_CHECKING:
    from slant.data.reading import Reading

STDIN = "-"
Encoding = Annotated[str | None, typer.Option(help="Of text, as cp1252; UTF-8 if not set, or what a mark tells.")]
Delimiter = Annotated[str | None, typer.Option(help="Between columns of CSV, as ; or tab; guessed if not set.")]
Escape = Annotated[str | None, typer.Option(help="In CSV, as backslash: of Spark, MySQL, Postgres.")]


def reading_of(encoding: str | None, delimiter: str | None, escape: str | None) -> Reading:
    """Return how labelled files are read: as the options say, and with what is to be said on standard error.

    Raises
    ------
    OptionError
        An option is none there is.
    """
    from slant.data.reading import Reading
    from slant.records.layout import Given

    given = Given(encoding=encoding, delimiter=delimiter, escape=escape).checked()
    return Reading(given, lambda note: typer.echo(f"slant: {printable(note)}", err=True))


@contextmanager
def kept(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield files with what standard input sends as one of them, if it is: some are read more than once."""
    if all(str(file) != STDIN for file in files):
        yield list(files)
        return
    with tempfile.TemporaryDirectory() as folder:
        sent = Path(folder, "stdin")
        with sent.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield [sent if str(one) == STDIN else one for one in files]
