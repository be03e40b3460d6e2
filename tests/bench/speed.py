"""How much Slant adds to its encoder, how long a cold start takes, how much memory the service holds.

Run: make bench. Ratios are of one run on one machine; a shared machine's seconds mean little.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent))

from slant.article import Article
from slant.inference.classifier import Classifier, load
from support import SAMPLES, read_samples, read_vote

ROUNDS = 40


class Recorder:
    """Stands before an ONNX session and keeps what it was asked."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.feeds: list[Any] = []

    def get_outputs(self) -> Any:
        """Return the session's outputs."""
        return self.session.get_outputs()

    def run(self, outputs: Any, feed: Any) -> Any:
        """Run the session."""
        self.feeds.append(feed)
        return self.session.run(outputs, feed)


def article_of(words: int) -> Article:
    """Return a real article of about this many words, from two samples on one target."""
    text = "\n".join(sample.text for sample in read_samples()[1:3])
    return Article(text=" ".join(text.split(" ")[:words]))


def over_encoder() -> None:
    """Print the time of ``classify`` over the time of its own encoder calls, run alone, in turns."""
    classifier, article, targets = load(), article_of(600), ["the rent cap"]
    session = classifier.bundle.encoder.session
    recorder = Recorder(session)
    recording = replace(classifier.bundle.encoder, session=recorder)
    Classifier(replace(classifier.bundle, encoder=recording)).classify(article, targets)
    whole, alone = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        classifier.classify(article, targets)
        middle = time.perf_counter()
        for feed in recorder.feeds:
            session.run(None, feed)
        whole.append(middle - start)
        alone.append(time.perf_counter() - middle)
    one, other = statistics.median(whole), statistics.median(alone)
    print(f"one article, 600 words, 1 target: {1e3 * one:.1f} ms; its {len(recorder.feeds)} encoder calls alone "
          f"{1e3 * other:.1f} ms; ratio {one / other:.3f}")  # fmt: skip


def with_sources() -> None:
    """Print the time of ``classify`` with sources over that without, in turns: two targets of which all speak."""
    classifier, samples = load(), read_samples()
    vote = " ".join((read_vote()[0].text or "").split(" ")[:150])
    text = "\n\n".join([vote, samples[3].text, samples[4].text])
    article, targets = Article(text=text), ["the harbour toll", "the wind farm"]
    ratios, found = list[float](), 0
    for _ in range(ROUNDS // 2):
        start = time.perf_counter()
        classifier.classify(article, targets)
        middle = time.perf_counter()
        found = len(classifier.classify(article, targets, sources=True).sources)
        ratios.append((time.perf_counter() - middle) / (middle - start))
    print(f"sources, {len(text.split())} words, {len(targets)} targets, {found} sources: "
          f"{statistics.median(ratios):.2f} times as long")  # fmt: skip


def cold_start() -> None:
    """Print the seconds from the shell to the first label, files in the page cache."""
    command = [sys.executable, "-m", "slant", "classify", str(SAMPLES / "08_football.txt"), "--target", "the referee"]
    seconds = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    print(f"cold start to first label: median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s")


def service_memory() -> None:
    """Print the memory of the service and its worker, shared pages once, after every sample was posted to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([sys.executable, "-m", "slant_service"], stderr=log, stdout=log,
                                   env=os.environ | {"SLANT_PORT": str(port)})  # fmt: skip
        try:
            _post_samples(f"http://127.0.0.1:{port}")
            main = psutil.Process(process.pid)
            size = sum(one.memory_full_info().pss for one in (main, *main.children(recursive=True)))
            print(f"service memory after 48 articles: {size / 2**20:.0f} MB PSS")
        finally:
            process.terminate()
            process.wait()


def _post_samples(base: str) -> None:
    import json

    deadline = time.monotonic() + 60
    while not _answers(f"{base}/readyz"):
        if time.monotonic() > deadline:
            raise TimeoutError("the service was not ready within a minute")
        time.sleep(0.1)
    for sample in read_samples() * 3:
        body = json.dumps({"text": sample.text, "targets": ["the rent cap", "nuclear power"]}).encode()
        request = urllib.request.Request(f"{base}/v1/classify", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request).read()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


if __name__ == "__main__":
    over_encoder()
    with_sources()
    cold_start()
    service_memory()
