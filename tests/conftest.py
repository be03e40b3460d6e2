"""What tests share: the sample articles, the embedded bundle, a tiny bundle of one's own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slant.batch.careful import let_go
from slant.inference.classifier import Classifier, load
from support import SHARED, Sample, read_samples


@pytest.fixture(scope="session")
def samples() -> list[Sample]:
    """Return the sample articles."""
    return read_samples()


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """Return the classifier of the embedded bundle."""
    return load()


@pytest.fixture(scope="session")
def feature_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for cached features, shared by the tests of one run."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, feature_cache: Path) -> None:
    """Keep tests from reading this machine's settings and from writing into its cache."""
    for name in [name for name in os.environ if name.startswith("SLANT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SLANT_CACHE", str(feature_cache))
    monkeypatch.setenv("PYTHONSAFEPATH", "")  # the command line sets it, in this process too


@pytest.fixture(scope="module")
def kept_judge() -> Iterator[None]:
    """Judge in one process for all runs of a module that ask the same, where each would otherwise start its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slant.batch.run.let_go", lambda: None)
        yield
    let_go()


@pytest.fixture(scope="session")
def gold_file(tmp_path_factory: pytest.TempPathFactory, samples: list[Sample]) -> Path:
    """Return a file of the samples in the form of a gold file: ``targets`` and ``codes``."""
    path = tmp_path_factory.mktemp("gold") / "samples.jsonl"
    rows: list[dict[str, Any]] = [
        {
            "id": sample.name,
            "title": sample.article.title,
            "text": sample.text,
            "genre": sample.genre,
            "codes": sample.codes,
            "targets": [target | {"evidence": []} for target in sample.targets],
        }
        for sample in samples
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


LONG = (
    "test_batch_kill", "test_notebooks", "test_training", "test_offline", "test_docs", "test_batch_cluster", "test_attacks",
    "test_batch_faults", "test_batch_limits", "test_evaluation", "test_engine",
)  # fmt: skip
"""Files that take long for how many tests they have: they come first, so that no core waits for one of them at the end."""


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Put long files first; skip what needs the training data where it is not there."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))
    if not SHARED.is_dir():
        for item in items:
            if item.get_closest_marker("shared"):
                item.add_marker(pytest.mark.skip(reason="no training data: ../shared/data is missing"))
