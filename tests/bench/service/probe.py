"""Asks for a page ten times a second and prints the longest answer, in milliseconds: python probe.py URL SECONDS.

A process of its own: beside the load in one process it would measure how busy that is.
"""

from __future__ import annotations

import sys
import time
import urllib.request


def main(url: str, seconds: float) -> None:
    """Ask for some seconds."""
    worst, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        urllib.request.urlopen(url, timeout=30).read()
        worst = max(worst, time.perf_counter() - began)
        time.sleep(0.1)
    print(1e3 * worst)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
