"""Something that waits in place of work, so that many workers fit on few cores."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from slant.article import Article, Judgement, ModelId, Read
from slant.batch.asked import Asked

SECONDS = 0.02
"""For each row."""


class Waiting:
    """Judges nothing, slowly."""

    def self_test(self) -> None:
        """Pass."""

    def classify(self, article: Article, targets: Sequence[str] = (), **_: Any) -> Judgement:
        """Wait."""
        time.sleep(SECONDS)
        return Judgement(article.id, "en", (), (), Read(0, 1, 1), (), ModelId("waiting", "0", ""))


def load(asked: Asked) -> Waiting:
    """Return one."""
    return Waiting()
