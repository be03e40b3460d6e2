"""``slant evaluate``: choose the rows, classify them, and put the figures together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from slant.data.catalog import file_sha256
from slant.data.label_map import read_label_map
from slant.data.readers import (
    StanceExample,
    TopicExample,
    quote_examples,
    source_examples,
    stance_examples,
    topic_examples,
)
from slant.data.reading import Reading
from slant.data.split import Part
from slant.data.subtopics import subtopic_examples
from slant.errors import DataError
from slant.evaluation.evaluate import figures, label_set_figures, masked_figures, slices
from slant.evaluation.perturb import RULES
from slant.evaluation.predict import Predictions, predict_stances, predict_topics
from slant.evaluation.proposals import proposal_report
from slant.evaluation.quotes import quote_report
from slant.evaluation.robustness import robustness
from slant.evaluation.sources import judge_sources, source_report
from slant.evaluation.subtopics import subtopic_report
from slant.evaluation.wordings import wording_figures
from slant.inference.classifier import Classifier
from slant.types import Json, Progress, Watch

Example = TypeVar("Example", TopicExample, StanceExample)
TASKS = ("stance", "topic", "source", "quotes", "targets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to evaluate: files, task and the rows and labels to look at."""

    data: Sequence[Path]
    task: str
    labels: Sequence[str] = ()
    slice_by: Sequence[str] = ()
    label_map: str | None = None
    part: Part | None = None
    where: Sequence[str] = ()
    masked: bool = True
    robustness: Sequence[str] = ()
    wordings: bool = False
    level: int = 1
    reading: Reading = field(default_factory=Reading)


def make_request(*, task: str, part: str | None, robustness: Sequence[str] = (), **others: Any) -> Request:
    """Return the request that the command line's words ask for.

    Raises:
        DataError: the task, the part, the level or a rule is none there is.
    """
    if task not in TASKS:
        raise DataError(f"--task {task!r}: wanted one of {', '.join(TASKS)}")
    if others.get("level", 1) not in (1, 2 if task == "topic" else 1):
        raise DataError(f"--level {others['level']}: wanted 1, or of --task topic 2")
    parts = [one.value for one in Part]
    if part is not None and part not in parts:
        raise DataError(f"--part {part!r}: wanted {', '.join(parts)}")
    strange = sorted(set(robustness) - set(RULES))
    if strange:
        raise DataError(f"--robustness {strange[0]!r}: wanted some of {', '.join(RULES)}")
    return Request(robustness=robustness, task=task, part=Part(part) if part else None, **others)


def evaluate(classifier: Classifier, request: Request, watch: Watch) -> Json:
    """Return the figures of a bundle on labelled data, as ``slant evaluate --json`` writes them.

    Raises:
        DataError: a file or row cannot be read, or an option does not fit the data.
    """
    _warn(classifier, request)
    masked, moved, wordings = None, None, None
    about: Json = {"task": request.task, "data": [path.name for path in request.data]}
    if request.task in ("source", "quotes", "targets") or request.level == 2:
        return about | _of_parts(classifier, request, watch)
    if request.task == "topic":
        if request.robustness or request.wordings:
            raise DataError("--robustness and --wordings are of stances; wanted --task stance")
        predictions = _topics(classifier, request, watch("topics", None))
    else:
        examples = _stance_rows(request)
        predictions, masked = _stances(classifier, request, examples, watch("stances", None), control=request.masked)
        predict = partial(_first, classifier, request)
        if request.robustness:
            moved = robustness(predict, request.robustness, examples, predictions, watch)
        if request.wordings:
            wordings = wording_figures(predict, examples, predictions, watch)
    found = figures(predictions)
    found["slices"] = {key: value for by in request.slice_by for key, value in slices(predictions, by).items()}
    found["masked"] = masked_figures(masked) if masked else None
    found["robustness"] = moved
    found["wordings"] = wordings
    found["label_sets"] = _label_sets(classifier, request, predictions)
    return about | found


def _warn(classifier: Classifier, request: Request) -> None:
    """Tell which files the bundle was fitted to: of what it has seen, it is surer than of anything else."""
    if request.part is Part.HELD_OUT:
        return
    fitted = {record.get("sha256") for record in classifier.bundle.manifest.training if record["task"] == request.task}
    for path in request.data:
        if path.is_file() and file_sha256(path) in fitted:
            request.reading.say(
                f"warning: {path}: the bundle was fitted to it, and such figures mean nothing; --part held-out "
                "measures on the rows that were kept apart"
            )


def _of_parts(classifier: Classifier, request: Request, watch: Watch) -> Json:
    if request.labels or request.slice_by or request.robustness or request.wordings or request.label_map:
        of = f"--task {request.task}" + (" --level 2" if request.level == 2 else "")
        raise DataError(f"--labels, --slice, --map, --robustness and --wordings are not of {of}")
    if request.task == "topic":
        examples = _wanted(subtopic_examples(request.data, request.reading), request)
        return {"level": 2} | subtopic_report(classifier, examples, watch("topics", None))
    if request.task == "quotes":
        return quote_report(classifier, quote_examples(request.data, request.reading), watch("quotes", None))
    if request.task == "targets":
        return proposal_report(
            classifier, _wanted(stance_examples(request.data, request.reading), request), watch("targets", None)
        )
    said = sorted(
        _wanted(source_examples(request.data, request.reading), request), key=lambda one: (one.title or "", one.text)
    )
    if not said:
        raise DataError("no row names a source", field="data")
    return source_report(judge_sources(classifier, said, watch("sources", len(said))))


def _label_sets(classifier: Classifier, request: Request, predictions: Predictions) -> list[Json] | None:
    """Return how label sets keep their promise; it is made for all the labels of a head that has a reference."""
    head = classifier.bundle.stance
    if request.task == "topic" or request.labels or head is None or head.reference is None:
        return None
    return label_set_figures(predictions, head.reference)


def _stance_rows(request: Request) -> list[StanceExample]:
    """Return the rows asked for, those of one article side by side: it is then read once."""
    examples = _wanted(stance_examples(request.data, request.reading), request)
    wanted = [example for example in examples if not request.labels or example.label in request.labels]
    return sorted(wanted, key=lambda example: (example.title or "", example.text))


def _stances(
    classifier: Classifier,
    request: Request,
    examples: Sequence[StanceExample],
    progress: Progress,
    *,
    control: bool,
) -> tuple[Predictions, Predictions | None]:
    found, masked = predict_stances(classifier, examples, progress, control=control)
    if not request.labels:
        return found, masked
    return found.among(request.labels), masked.among(request.labels) if masked else None


def _first(
    classifier: Classifier, request: Request, examples: Sequence[StanceExample], progress: Progress
) -> Predictions:
    return _stances(classifier, request, examples, progress, control=False)[0]


def _topics(classifier: Classifier, request: Request, progress: Progress) -> Predictions:
    label_map = read_label_map(request.label_map) if request.label_map else None
    among = {name for names in (label_map or {}).values() for name in names or ()} or None
    examples = _wanted(topic_examples(request.data, label_map, request.reading), request)
    return predict_topics(classifier, examples, progress, among)


def _wanted(examples: Iterable[Example], request: Request) -> Iterator[Example]:
    tests = [_test(spec) for spec in request.where]
    for example in examples:
        if (request.part is None or example.part is request.part) and all(test(example) for test in tests):
            yield example


def _test(spec: str) -> Callable[[TopicExample | StanceExample], bool]:
    field, equals, value = spec.partition("=")
    if not equals:
        raise DataError(f"--where {spec!r}: wanted FIELD=VALUE")
    return lambda example: str(example.fields.get(field)).lower() == value.lower()
