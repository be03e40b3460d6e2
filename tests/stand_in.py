"""A classifier for tests of the service: it answers at once, and on demand does what a real one ought never to do.

Run as a program it is the whole service with such workers, on a port that it prints in its log.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from orders import obey
from slant.article import AnyTargets, Article, Judgement, ModelId, Read, StanceScore
from slant.errors import SelfTestFailed
from slant.inference.bundle import Bundle
from slant.inference.classifier import Classifier
from slant.inference.manifest import Manifest
from slant.inference.stored import bundle_folder, read_bundle
from slant_service.forkserver import prepare, processes
from slant_service.logs import set_up_logs
from slant_service.server import Server
from slant_service.settings import Settings
from slant_service.worker import Load


class StandIn(Classifier):
    """Does what the text orders."""

    def classify(self, article: Article, targets: AnyTargets = (), **_: Any) -> Judgement:
        """Do as the text says, and call every target neutral."""
        text = article.text or ""
        obey(text)
        shares = {"favor": 0.1, "against": 0.1, "neutral": 0.7, "unrelated": 0.1}
        stances = tuple(StanceScore(target, "neutral", 0.7, shares, ()) for target in targets or ())
        model = ModelId(self.bundle.manifest.name, "0", str(os.getpid()))
        return Judgement(article.id, "en", (), stances, Read(len(text), 1, 1), (), model)

    def self_test(self) -> None:
        """Pass, if the bundle's name does not forbid it."""
        if self.bundle.manifest.name == "wrong":
            raise SelfTestFailed("self-test: got one thing, wanted another")
        obey(self.bundle.manifest.name)


def source(where: str, threads: int) -> Load:
    """Read a bundle as the service does; return what stands in for it."""
    manifest, _ = read_bundle(bundle_folder(where))
    return partial(stand_in, manifest)


def stand_in(manifest: Manifest) -> Classifier:
    """Return one with a bundle's manifest and nothing else of it."""
    return StandIn(Bundle(manifest, None, None, None, None, None, None))  # type: ignore[arg-type]


def source_after(path: Path, where: str, threads: int) -> Load:
    """Read a bundle that loads once there is a file at the path."""
    return partial(_after, path, source(where, threads))


def _after(path: Path, load: Load) -> Classifier:
    obey(f"UNTIL {path}")
    return load()


def source_of_failure(failure: Exception, where: str, threads: int) -> Load:
    """Read a bundle that fails to load."""
    return partial(_fail, failure)


def _fail(failure: Exception) -> Classifier:
    raise failure


if __name__ == "__main__":
    processes.set_forkserver_preload(["slant_service.worker"])  # of what workers share a stand-in needs no more
    prepare()
    set_up_logs()
    Server(Settings(port=0), source).run()
