"""What every peer serves: the same classifier, one article a call, on one core each, as Slant's own workers do."""

from __future__ import annotations

import os
from typing import Any

THREADS, WORKERS = int(os.environ.get("BENCH_THREADS", "1")), int(os.environ.get("BENCH_WORKERS", "2"))
BATCH, WAIT_MS = int(os.environ.get("BENCH_BATCH", "4")), float(os.environ.get("BENCH_WAIT_MS", "5"))


class Judge:
    """A classifier that reads requests and writes answers as plain values."""

    def __init__(self) -> None:
        import slant

        self.classifier = slant.load(threads=THREADS)

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the judgement of one article."""
        import slant

        article = slant.Article(text=request["text"], title=request.get("title"))
        return self.classifier.classify(article, request.get("targets", [])).to_dict()
