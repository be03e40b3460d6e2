"""What runs in processes of its own: reading a bundle, and judging articles with it until the service is gone."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable

from slant.article import Judgement
from slant.errors import SlantError
from slant.inference.classifier import Classifier
from slant_service.convert import to_answer, to_article, to_model, to_topics
from slant_service.errors import failure_place, of_slant, problem
from slant_service.jobs import Answered, Begun, Expired, Facts, Failed, Job, Loaded, Outcome, Refused
from slant_service.wire import Gone, Wire, pack

Load = Callable[[], Classifier]
"""What loads a bundle that was read, in any process, whatever becomes of its files."""
NICENESS = 10
"""Judging gives way to answering: probes are prompt however busy the cores are."""


def read(end: socket.socket) -> None:
    """Read a bundle for the service: what may hang, or want too much memory, does so where it can be ended.

    The only message is what reads it. The answer is ``None`` and then the ``Load``, or a ``Failed``.
    """
    wire = _wire(end)
    try:
        load: Load = wire.receive()()
        packed = pack(load)
    except Gone:
        return
    except BaseException as error:  # whatever it is, the service must hear of it
        wire.send(_failed(error))
    else:
        wire.send(None)
        wire.send(packed)


def work(end: socket.socket) -> None:
    """Serve the other end of a pair of sockets until it closes.

    The first message is what loads the classifier; all others are lists of jobs.
    """
    wire = _wire(end)
    try:
        classifier = _start(wire)
        while classifier is not None:
            for job in wire.receive():
                wire.send(Begun())
                wire.send(judge(classifier, job))
    except Gone:
        return


def judge(classifier: Classifier, job: Job) -> Outcome:
    """Return what comes of one article. Nothing that goes wrong with it reaches its neighbours."""
    if time.monotonic() > job.deadline:
        return Expired()
    try:
        judgement = _judgement(classifier, job)
        return Answered(to_answer(judgement).model_dump_json().encode(), _facts(judgement))
    except SlantError as error:
        return Refused(of_slant(error, id=job.request.id))
    except Exception as error:
        return Refused(problem(500, "internal", "the model failed", id=job.request.id), failure_place(error))


def _start(wire: Wire) -> Classifier | None:
    load: Load = wire.receive()  # held no longer than it takes: the bundle's files are in it
    try:
        classifier = load()
        classifier.self_test()
    except BaseException as error:  # whatever it is, a panic of Rust too, the service must hear of it
        wire.send(_failed(error))
        return None
    wire.send(Loaded(to_model(classifier.bundle), to_topics(classifier.bundle)))
    return classifier


def _wire(end: socket.socket) -> Wire:
    """Begin a process's work. Signals are for the service, which closes the wire."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICENESS)
    return Wire(end)


def _failed(error: BaseException) -> Failed:
    return Failed(type(error).__name__, str(error) if isinstance(error, SlantError) else failure_place(error))


def _judgement(classifier: Classifier, job: Job) -> Judgement:
    asked = job.request
    return classifier.classify(
        to_article(asked),
        asked.targets,
        topics=asked.topics,
        evidence=asked.evidence,
        sources=asked.sources,
        min_confidence=asked.min_confidence,
        coverage=asked.coverage,
        withhold=asked.withhold,
    )


def _facts(judgement: Judgement) -> Facts:
    return Facts(judgement.language, tuple(one.label for one in judgement.stances), judgement.read.windows)
