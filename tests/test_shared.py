"""What only the training data can show: the embedded bundle's figures on dev sets, the catalog's hashes."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path
from typing import Any

import pytest

from slant.data.catalog import STANCE_SETS, TOPIC_SETS, file_sha256
from slant.data.readers import stance_examples
from slant.data.split import Part
from slant.evaluation.run import evaluate, make_request
from slant.inference.classifier import Classifier
from slant.types import Json
from support import SHARED

pytestmark = pytest.mark.shared
MAPPING = SHARED / "topic" / "iptc_mapping.json"


def part_of(file: str, folder: Path, step: int = 2) -> str:
    """Write every so many-th row of a file, which is enough for a test; return the new file's path."""
    path = folder / "part.jsonl"
    with gzip.open(SHARED / file) as rows:
        path.write_bytes(b"".join(itertools.islice(rows, 0, None, step)))
    return str(path)


def run(classifier: Classifier, file: str, task: str, **options: Any) -> Json:
    request = make_request(data=[SHARED / file], task=task, part=options.pop("part", None), **options)
    return evaluate(classifier, request, lambda step, total: lambda done: None)


def test_the_catalog_states_the_hashes_of_the_files() -> None:
    for about in {about.file: about for about in (*TOPIC_SETS, *STANCE_SETS)}.values():
        assert file_sha256(SHARED / about.file) == about.sha256, about.name


def test_topics_of_wikinews(classifier: Classifier) -> None:
    found = run(classifier, "gold/wikinews_gold.dev.jsonl.gz", "topic")
    assert found["strict"] >= 0.80
    assert found["lenient"] >= 0.91


@pytest.mark.parametrize(
    ("file", "key", "part", "bar"),
    [("topic/masakhanews_eng.dev", "masakhanews_eng", None, 0.86), ("topic/bbc.train", "bbc", "held-out", 0.96)],
)
def test_topics_through_the_mapping(
    classifier: Classifier, tmp_path: Path, file: str, key: str, part: str | None, bar: float
) -> None:
    some = part_of(f"{file}.jsonl.gz", tmp_path)
    found = run(classifier, some, "topic", label_map=f"{MAPPING}:{key}", part=part)
    assert found["accuracy"] >= bar


def test_stances_look_at_the_target(classifier: Classifier) -> None:
    found = run(classifier, "gold/stance_gold.dev.jsonl.gz", "stance")
    assert found["n"] == 156
    assert found["macro_f1"] > 0.70
    assert found["masked"]["macro_f1"] < found["macro_f1"] - 0.2


def test_stances_toward_targets_never_seen(classifier: Classifier, tmp_path: Path) -> None:
    labels, some = ["favor", "against", "neutral"], part_of("stance/vast.dev.jsonl.gz", tmp_path, 3)
    found = run(classifier, some, "stance", labels=labels, where=["seen=0"], masked=False)
    assert found["macro_f1"] > 0.65
    assert found["ece"] <= 0.08


def test_bodies_held_out_by_their_authors_are_held_out() -> None:
    for example in stance_examples([SHARED / "stance" / "fnc1.train.jsonl.gz"]):
        if example.fields.get("holdout_body") is True:
            assert example.part is Part.HELD_OUT
