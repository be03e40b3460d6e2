"""BentoML around the classifier: bentoml serve bento:Slant --port PORT."""

from __future__ import annotations

from typing import Any

import bentoml
from judge import BATCH, WORKERS, Judge


@bentoml.service(workers=WORKERS, traffic={"timeout": 120, "max_concurrency": 1_000})
class Slant:
    """The classifier behind BentoML's adaptive batching."""

    def __init__(self) -> None:
        self.judge = Judge()

    @bentoml.api(batchable=BATCH > 1, max_batch_size=max(BATCH, 2), max_latency_ms=60_000)
    def classify(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Judge the requests of a batch."""
        return [self.judge(one) for one in requests]
