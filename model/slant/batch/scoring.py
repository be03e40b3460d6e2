"""Batch scoring as one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from joblib import cpu_count

from slant.article import AUTO, MOST_TARGETS, Targets, Topics, check_targets
from slant.batch.asked import Asked, Columns, Format
from slant.batch.judge import Load, load_asked
from slant.batch.order import SECONDS, Order, Reporter
from slant.batch.plan import PIECE
from slant.batch.run import Summary, run
from slant.batch.spread import Crew
from slant.batch.store import Store
from slant.batch.tally import Tally
from slant.errors import OptionError, TargetError
from slant.inference.caution import Caution
from slant.inference.given import is_auto
from slant.inference.stored import bundle_folder, read_bundle
from slant.inference.topics import check_topics
from slant.records.layout import Given
from slant.systems import check_system

LONGEST = 86_400
"""Seconds that an article may be allowed at most."""


class Silent:
    """A reporter that keeps what it hears to itself."""

    def say(self, note: str) -> None:
        """Hear."""

    def begin(self, rows: int, done: int) -> None:
        """Hear."""

    def advance(self, tally: Tally) -> None:
        """Hear."""


def score(
    inputs: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    targets: Targets = (),
    columns: Columns | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    escape: str | None = None,
    topics: Topics = True,
    evidence: bool = False,
    sources: bool = False,
    min_confidence: float | None = None,
    format: Format = "parquet",
    flat: bool = False,
    keep: bool = False,
    csv_safe: bool = True,
    bundle: str | Path = "default",
    device: str = "cpu",
    workers: int | None = None,
    cluster: str | None = None,
    fresh: bool = False,
    piece_bytes: int = PIECE,
    article_timeout: float = SECONDS,
    reporter: Reporter | None = None,
    command: str = "slant.batch.score",
    load: Load = load_asked,
) -> Summary:
    """Judge every row of files, folders or patterns, on this machine or in a store that fsspec knows.

    Each piece of the input, ``piece_bytes`` long or so, becomes a part in the folder ``out``; rows that cannot be
    judged go to ``out/_rejects`` with the reason. Called again after a cut, it does what is left; ``fresh`` begins anew
    where an earlier run was. An article that takes longer than ``article_timeout`` seconds to judge is rejected.
    ``encoding``, ``delimiter`` and ``escape`` say how text is laid out where that is not found out rightly.
    ``csv_safe`` puts an apostrophe before text in CSV that a spreadsheet would take for a formula.

    Raises
    ------
    InputError
        The input, a target or an option is wrong.
    BundleError
        The bundle cannot be used.
    Changed
        ``out`` holds another run, or something else.
    Locked
        Another run is at work in ``out``.
    Incomplete
        Some pieces cannot be read or written; what is done is kept.
    """
    check_system("batch scoring")
    if not 0 < article_timeout <= LONGEST:
        raise OptionError(
            f"article_timeout is {article_timeout!r}; wanted seconds, more than 0 and at most {LONGEST}",
            field="article_timeout",
        )
    wanted = AUTO if is_auto(targets) else tuple(dict.fromkeys(check_targets(targets)))
    if len(wanted) > MOST_TARGETS:
        raise TargetError(f"{len(wanted)} targets; at most {MOST_TARGETS} are judged", field="targets")
    Caution(min_confidence=min_confidence or 0.0).check(None)
    check_topics(topics)
    manifest, _ = read_bundle(bundle_folder(bundle))
    asked = Asked(
        targets=wanted,
        topics=topics,
        evidence=evidence,
        sources=sources,
        min_confidence=min_confidence,
        format=format,
        flat=flat,
        keep=keep,
        csv_safe=csv_safe,
        device=device,
        columns=columns or Columns(),
        given=Given(encoding=encoding, delimiter=delimiter, escape=escape).checked(),
        bundle=str(bundle),
        sha256=manifest.sha256,
        labels=tuple(manifest.stances),
    )
    order = Order(
        inputs=[str(one) for one in ([inputs] if isinstance(inputs, str | Path) else inputs)],
        out=Store(str(out)),
        asked=asked,
        crew=Crew(workers or cpu_count(), cluster),
        load=load,
        reporter=reporter or Silent(),
        fresh=fresh,
        size=piece_bytes,
        seconds=article_timeout,
        command=command,
    )
    return run(order)
