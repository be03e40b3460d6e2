"""The classifier behind the service: loaded once, self-tested, called off the event loop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from anyio import CapacityLimiter, Event, to_thread

from slant.article import Judgement
from slant.errors import SlantError
from slant.inference.classifier import Classifier, load
from slant_service import schemas
from slant_service.convert import to_article
from slant_service.errors import NotReady, log_failure
from slant_service.settings import Settings

log = logging.getLogger("slant_service")


class Engine:
    """Holds the classifier, from when its bundle has passed its self-test."""

    def __init__(self, settings: Settings, loader: Callable[[], Classifier] | None = None) -> None:
        self._loader = loader or partial(load, settings.bundle, threads=settings.threads)
        self._limiter = CapacityLimiter(settings.concurrency)
        self._classifier: Classifier | None = None
        self._failure = "the bundle is still being loaded"
        self.started = Event()
        """Set once loading has ended, well or badly."""

    @property
    def classifier(self) -> Classifier:
        """Return the classifier.

        Raises:
            NotReady: it is not loaded, or its self-test failed.
        """
        if self._classifier is None:
            raise NotReady(self._failure)
        return self._classifier

    def check(self) -> None:
        """Raise ``NotReady`` unless a self-tested classifier is there."""
        _ = self.classifier

    async def start(self) -> None:
        """Load the bundle and run its self-test; a failure is logged and told by ``/readyz``."""
        try:
            self._classifier = await to_thread.run_sync(self._load, limiter=self._limiter)
        except SlantError as error:
            self._failure = f"the bundle cannot be used: {type(error).__name__}"
            log.error("%s: %s", type(error).__name__, error)
        except Exception as error:  # whatever it is, the service must say that it is not ready
            self._failure = f"the bundle cannot be used: {type(error).__name__}"
            log_failure(error)
        finally:
            self.started.set()

    async def classify(self, request: schemas.Request) -> Judgement:
        """Classify one article in a worker thread.

        Raises:
            NotReady: there is no classifier yet.
            InputError: the article cannot be read.
        """
        judge = partial(
            self.classifier.classify,
            to_article(request),
            request.targets,
            topics=request.topics,
            evidence=request.evidence,
            min_confidence=request.min_confidence,
            coverage=request.coverage,
        )
        return await to_thread.run_sync(judge, limiter=self._limiter)

    def _load(self) -> Classifier:
        classifier = self._loader()
        classifier.self_test()
        return classifier
