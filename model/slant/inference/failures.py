"""The one border of bundles: whatever goes wrong with one on the way in leaves as a ``BundleError``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from slant.errors import BundleDamaged, SlantError


@contextmanager
def unusable(message: str) -> Iterator[None]:
    """Turn what goes wrong within into an error of the bundle, and let Slant's own errors pass.

    The libraries that read a bundle raise types of their own, and a panic of one that is written in Rust is no
    ``Exception``. What they say may quote the file, so of the failure only its type is told.

    Parameters
    ----------
    message
        What cannot be used, and where it is.

    Raises
    ------
    BundleDamaged
        Something went wrong; its cause is chained.
    """
    try:
        yield
    except (SlantError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise BundleDamaged(f"{message} ({type(error).__name__})") from error
