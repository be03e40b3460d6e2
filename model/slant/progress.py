"""How far a long work has come, as a person sees it in a terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from slant.types import Progress, Watch


@contextlib.contextmanager
def progress_bars() -> Iterator[Watch]:
    """Yield a watch that draws progress bars on standard error, where that is a terminal."""
    from rich.console import Console  # long to load, and most commands draw nothing
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:

        def watch(step: str, total: int | None) -> Progress:
            task = bars.add_task(step, total=total)
            return lambda done: bars.advance(task, done)

        yield watch
