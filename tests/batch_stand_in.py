"""Batch scoring with a stand-in for the classifier, which answers at once and always the same.

Run as a program it is a whole run: python batch_stand_in.py INPUT OUT, with workers or a cluster's address.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any

import slant.batch.locks
import slant.batch.store
from orders import obey
from slant.article import Article, Judgement, ModelId, Read, StanceScore
from slant.batch import score
from slant.batch.asked import Asked
from slant.batch.console import reporting


class StandIn:
    """Does what the text orders, and answers by the text's hash."""

    def self_test(self) -> None:
        """Pass."""

    def classify(self, article: Article, targets: Sequence[str] = (), **_: Any) -> Judgement:
        text = article.text or article.html or ""
        obey(text)
        stances = tuple(_stance(text, target) for target in targets)
        return Judgement(article.id, "en", (), stances, Read(len(text), 1, 1), (), ModelId("stand-in", "0", ""))


def _stance(text: str, target: str) -> StanceScore:
    share = hashlib.sha256(f"{text}|{target}".encode()).digest()[0] / 510
    shares = {"favor": share, "against": 0.5 - share, "neutral": 0.4, "unrelated": 0.1}
    label = max(shares, key=shares.__getitem__)
    return StanceScore(target, label, shares[label], shares, ())


def load(asked: Asked) -> StandIn:
    """Return one; it needs no bundle."""
    return StandIn()


def main() -> None:
    """Score what the command line says."""
    import batch_stand_in  # workers find what is in a module, not what is in a program

    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("out")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cluster")
    parser.add_argument("--piece", type=int, default=1_000)
    parser.add_argument("--lease", type=float, help="seconds for which the dead hold a lock in a store")
    given = parser.parse_args()
    if given.lease:
        vars(slant.batch.store)["lease"] = partial(slant.batch.locks.lease, seconds=given.lease)
    with reporting() as reporter:
        score(
            given.input, given.out, targets=["the toll"], workers=given.workers, cluster=given.cluster, keep=True,
            piece_bytes=given.piece, reporter=reporter, load=batch_stand_in.load,
        )  # fmt: skip


if __name__ == "__main__":
    main()
