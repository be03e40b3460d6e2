"""Slant in somebody else's process: what it finds there it leaves as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from threading import Event, Thread

import pytest
from threadpoolctl import ThreadpoolController

from slant.inference.threads import one_blas_thread
from support import ROOT, SAMPLES

NO_ROOM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))  # as if there were no more room for temporary files
from slant.cli import main
main()
"""


def test_without_room_for_temporary_files_articles_are_classified_all_the_same() -> None:
    run = [sys.executable, "-c", NO_ROOM, "classify", str(SAMPLES / "08_football.txt")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["language"] == "en"


STATE = """
import csv, json, locale, logging, os, random, signal, sys, threading, warnings
import numpy, scipy.linalg, sklearn.ensemble  # a notebook of somebody who works with them
from threadpoolctl import ThreadpoolController, threadpool_limits

threadpool_limits(limits=3)
libraries = ThreadpoolController()

def state():
    return {
        "threads of BLAS and OpenMP": {one["filepath"]: one["num_threads"] for one in libraries.info()},
        "environment": dict(os.environ),
        "working directory": os.getcwd(),
        "path": sys.path,
        "field size of csv": csv.field_size_limit(),
        "locale": locale.setlocale(locale.LC_ALL),
        "signals": [str(signal.getsignal(number)) for number in signal.valid_signals()],
        "filters of warnings": [str(one) for one in warnings.filters],
        "logging": [logging.root.level, len(logging.root.handlers)],
        "random": [str(random.getstate())[:200], str(numpy.random.get_state())[:200]],
        "errors of numpy": numpy.geterr(),
        "limit of recursion": sys.getrecursionlimit(),
        "hooks": [str(sys.excepthook), str(threading.excepthook)],
    }

before = state()
import slant

classifier = slant.load()
text = open(sys.argv[1], encoding="utf-8").read()
classifier.classify(slant.Article(text=text), ["the harbour toll"], sources=True, coverage=0.9)
after = state()
print(json.dumps({name: [before[name], after[name]] for name in before if before[name] != after[name]}))
"""


def test_loading_and_classifying_change_nothing_in_the_caller_s_process() -> None:
    run = [sys.executable, "-c", STATE, str(SAMPLES / "17_toll_vote.txt")]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=ROOT / "model")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {}


@pytest.mark.parametrize("who", ["the first", "the second"])
def test_calls_that_overlap_leave_blas_as_they_found_it(who: str) -> None:
    """Two calls overlap; one or the other ends first."""
    libraries = ThreadpoolController().select(user_api="blas")
    begun, both, ended = Event(), Event(), Event()
    inside = list[list[int]]()

    def threads() -> list[int]:
        return [one["num_threads"] for one in libraries.info()]

    def first() -> None:
        with one_blas_thread():
            begun.set()
            both.wait(10)
            inside.append(threads())
            if who == "the second":
                ended.wait(10)
        if who == "the first":
            ended.set()

    def second() -> None:
        begun.wait(10)
        with one_blas_thread():
            both.set()
            if who == "the first":
                ended.wait(10)
        if who == "the second":
            ended.set()

    before = threads()
    calls = [Thread(target=first), Thread(target=second)]
    for one in calls:
        one.start()
    for one in calls:
        one.join(20)
    assert inside == [[1] * len(before)]
    assert threads() == before


def test_a_call_that_fails_leaves_blas_as_it_found_it() -> None:
    libraries = ThreadpoolController().select(user_api="blas")
    before = [one["num_threads"] for one in libraries.info()]

    @one_blas_thread()
    def fail() -> None:
        raise ValueError({one["num_threads"] for one in libraries.info()})

    for _ in range(2):  # a limit that was not let go would not be set again
        with pytest.raises(ValueError, match=r"\{1\}"):
            fail()
        assert [one["num_threads"] for one in libraries.info()] == before
