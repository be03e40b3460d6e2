"""Where features are kept between runs, so that training that was interrupted goes on where it was."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from joblib import Memory

import slant
from slant.errors import TrainingError
from slant.features.encoder import Encoder
from slant.inference.bundle import Graphs
from slant.training.samples import FeatureCache

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache_folder() -> Path:
    """Return where features are kept between runs: ``$SLANT_CACHE``, or the user's cache folder."""
    own = os.environ.get("SLANT_CACHE")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "slant"


def private_folder(folder: Path) -> Path:
    """Return a folder of the user's own, made if it is not there: what is kept in it is run when it is read.

    Parameters
    ----------
    folder
        Where it is, or is to be.

    Raises
    ------
    TrainingError
        It belongs to somebody else, or others may write into it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.stat()
    if not hasattr(os, "geteuid") or (found.st_uid == os.geteuid() and not found.st_mode & OTHERS_WRITE):
        return folder
    raise TrainingError(
        f"{folder}: others may write into it, and what they leave there would be run; wanted a folder of your own, "
        "by chmod go-w or in SLANT_CACHE"
    )


def feature_cache(encoder: Encoder, given: Graphs) -> FeatureCache:
    """Return the cache of what an encoder finds, in a folder of the user's own."""
    return FeatureCache(encoder, _features_key(given), Memory(private_folder(cache_folder()), verbose=0))


def _features_key(given: Graphs) -> str:
    """Return a hash of all that turns text into features: the encoder's files and the code before it."""
    rooms = (Path(slant.__file__).parent / room for room in ("text", "features"))
    code = (path.read_bytes() for room in rooms for path in sorted(room.glob("*.py")))
    return hashlib.sha256(b"".join([given.encoder, given.tokenizer, *code])).hexdigest()
