"""What Prometheus reads. Every label has few values, and none is the caller's text."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from slant_service.jobs import Facts
from slant_service.keys import KeyRing
from slant_service.schemas import Model

if TYPE_CHECKING:
    from slant_service.engine import Engine

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_ITEMS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The counters of one service. One process answers, whatever the number of workers, so they are whole."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        one = self.registry
        self.requests = Counter("slant_requests", "Answers, by route and status", ["route", "status"], registry=one)
        self.latency = Histogram(
            "slant_request_seconds", "From request to answer", ["route"], buckets=_SECONDS, registry=one
        )
        self.waits = Histogram("slant_queue_seconds", "An article's wait for a worker", buckets=_SECONDS, registry=one)
        self.batches = Histogram(
            "slant_batch_articles", "Articles handed to a worker at a time", buckets=_ITEMS, registry=one
        )
        self.windows = Histogram("slant_article_windows", "Windows read of an article", buckets=_ITEMS, registry=one)
        self.labels = Counter("slant_stances", "Stances given, by label", ["label"], registry=one)
        self.abstentions = Counter("slant_abstentions", "Stances without a label, for lack of confidence", registry=one)
        self.languages = Counter("slant_articles", "Articles judged, by language", ["language"], registry=one)
        self.shed = Counter("slant_shed", "Requests and articles turned away, by reason", ["reason"], registry=one)
        self.workers = Gauge(
            "slant_workers", "Worker processes that are ready, of the bundle that answers", registry=one
        )
        self.spare = Gauge("slant_workers_spare", "The same, of the bundle kept for the way back", registry=one)
        self.busy = Gauge("slant_workers_busy", "Worker processes that judge", registry=one)
        self.restarts = Counter("slant_worker_restarts", "Worker processes replaced after they died", registry=one)
        self.queue = Gauge("slant_queue_articles", "Articles that wait for a worker", registry=one)
        self.streams = Gauge("slant_streams", "Streams that are open", registry=one)
        self.pending = Gauge("slant_pending_bytes", "Bytes of bodies and lines in hand", registry=one)
        self.key_faults = Gauge("slant_keys_faults", "Lines of the file of keys that are none", registry=one)
        self.tasks = Gauge("slant_tasks", "Tasks of the event loop: they come and go with requests", registry=one)
        self.tasks.set_function(lambda: len(asyncio.all_tasks()))
        self.bundle = Info("slant_bundle", "The bundle that answers", registry=one)

    def watch(self, engine: Engine, keys: KeyRing) -> None:
        """Read from now on what there is to read of an engine and of the keys."""
        self.workers.set_function(lambda: engine.pool.ready if engine.pool else 0)
        self.spare.set_function(lambda: engine.previous.ready if engine.previous else 0)
        self.queue.set_function(lambda: len(engine.queue))
        self.streams.set_function(lambda: engine.streams.held)
        self.pending.set_function(lambda: engine.pending.held)
        self.key_faults.set_function(lambda: keys.faults)

    def count(self, facts: Facts) -> None:
        """Count an answer."""
        self.windows.observe(facts.windows)
        self.languages.labels(facts.language).inc()
        for label in facts.labels:
            if label is None:
                self.abstentions.inc()
            else:
                self.labels.labels(label).inc()

    def describe(self, model: Model) -> None:
        """Say which bundle answers from now on."""
        self.bundle.info({"name": model.name, "version": model.version, "sha256": model.sha256})

    def page(self) -> bytes:
        """Return all of them as Prometheus reads them."""
        return generate_latest(self.registry)
