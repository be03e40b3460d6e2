"""The classifier with nothing around it: articles a second, and the latency of one.

Run by the benchmark as a process of its own: python alone.py SECONDS, with BENCH_THREADS as for the services.
"""

from __future__ import annotations

import json
import os
import sys
import time
from itertools import cycle
from typing import Any

import numpy as np
from traffic import requests

import slant


def main(seconds: float) -> None:
    """Judge the benchmark's articles one after the other for some seconds."""
    threads = int(os.environ.get("BENCH_THREADS", "0")) or None
    classifier, taken = slant.load(threads=threads), list[float]()
    judge(classifier, requests()[0])
    start = time.perf_counter()
    for request in cycle(requests()):
        before = time.perf_counter()
        judge(classifier, request)
        taken.append(time.perf_counter() - before)
        if time.perf_counter() - start > seconds:
            break
    total = time.perf_counter() - start
    print(json.dumps({"answers_per_second": len(taken) / total, "p50_ms": 1e3 * float(np.median(taken))}))


def judge(classifier: Any, request: dict[str, Any]) -> None:
    """Judge one request."""
    for _ in classifier.classify_many(
        [slant.Article(text=request["text"], title=request["title"])], request["targets"]
    ):
        pass


if __name__ == "__main__":
    main(float(sys.argv[1]))
