"""Rows of a user's own, before anything is learnt from them: what is told of them, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slant.data.catalog import DataSet, file_sha256
from slant.data.reading import Reading, doubts, labels_shown
from slant.errors import OptionError
from slant.inference.manifest import BundleFiles
from slant.training.sets import TrainingSet


def own_set(path: Path, examples: list[Any]) -> TrainingSet[Any]:
    """Return the set that a user's file is."""
    about = DataSet(path.name, path.name, "the user's own file", "-", "the user's own", file_sha256(path), typical=True)
    return TrainingSet(about, examples)


def tell(reading: Reading, rows: Sequence[tuple[Any, ...]]) -> None:
    """Tell which labels there are, and what makes it doubtful that they can be learnt. Rows begin with text, label."""
    if rows:
        labels = [row[1] for row in rows]
        reading.say(f"{len(rows)} labelled rows; {labels_shown(labels)}")
        for doubt in doubts(labels, [row[0] for row in rows], rows):
            reading.say(f"warning: {doubt}")


def check_out(out: Path, *, overwrite: bool) -> None:
    """Make sure that a bundle may be written to a folder, before hours are spent on it.

    Raises
    ------
    OptionError
        It holds a bundle that is not to be overwritten, or something else.
    """
    if not out.exists():
        return
    if not (out / BundleFiles().manifest.name).is_file():
        raise OptionError(f"{out}: exists and is no bundle; wanted a folder that is not there yet", field="out")
    if not overwrite:
        raise OptionError(f"{out}: holds a bundle already; --overwrite replaces it", field="out")
