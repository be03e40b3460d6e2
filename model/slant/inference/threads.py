"""One thread for the small matrices of an answer, and afterwards as many again as the caller had.

BLAS has one number of threads for the whole process, and its threads would fight with the encoder's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock

from threadpoolctl import ThreadpoolController

_held = Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS at one thread within, unless a call in another thread does so already.

    Who sets the limit lifts it. If each of two calls that overlap restored what it had found, the one that ends last
    would restore the limit of the other, for good.
    """
    if not _held.acquire(blocking=False):
        yield
        return
    try:
        with _blas().limit(limits=1):
            yield
    finally:
        _held.release()


@lru_cache(maxsize=1)
def _blas() -> ThreadpoolController:
    """Return the BLAS libraries of this process: to look for them takes milliseconds, an article's worth."""
    return ThreadpoolController().select(user_api="blas")
