"""A user's own labels, from a few hundred rows: no torch, no GPU, a bundle that loads and answers."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from slant.article import Article
from slant.data.readers import stance_examples
from slant.data.split import Part, part_of
from slant.errors import DataError, TrainingError
from slant.inference.classifier import Classifier, load
from slant.inference.stored import DEFAULT
from slant.training.build import train_source, train_stance, train_topic
from slant.training.cache import private_folder
from slant.training.measure import Evaluation, measure
from slant.training.sets import silent_targets
from slant.types import Progress

TOPICS = {
    "gardening": (
        "The gardener planted {} roses and tulips in the wet soil of her garden.",
        "Prune the {} apple trees in winter.",
    ),
    "sailing": (
        "The yacht crossed the bay with {} sails set in a strong westerly wind.",
        "The skipper of boat {} tacked at the buoy.",
    ),
}
STANCES = {
    "pro": "Reading {n}: cycle lanes are wonderful, safe and cheap, and the city should build many more of them.",
    "contra": "Reading {n}: cycle lanes are a terrible, costly nuisance, and the city should rip every one of them out.",
}


def quiet(step: str, total: int | None) -> Progress:
    return lambda done: None


@pytest.fixture(scope="module")
def topic_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("topics") / "mine.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "section"])
        for n in range(100):
            for label, (one, two) in TOPICS.items():
                writer.writerow([f"{one.format(n)} {two.format(n)}", label, "weekend"])
    return path


@pytest.fixture(scope="module")
def stance_jsonl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stances") / "mine.jsonl.gz"
    rows = [
        {"text": text.format(n=n), "target": "cycle lanes", "label": label}
        for n in range(100)
        for label, text in STANCES.items()
    ]
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, topic_csv: Path, stance_jsonl: Path) -> Classifier:
    folder = tmp_path_factory.mktemp("bundles")
    train_topic([topic_csv], folder / "one", name="mine", base="default", watch=quiet)
    train_stance([stance_jsonl], folder / "both", name="mine", base=str(folder / "one"), watch=quiet)
    return load(folder / "both")


def test_features_are_kept_where_nobody_else_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = private_folder(tmp_path / "parent" / "cache")
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    own.chmod(0o755)
    assert private_folder(own) == own
    for shared in (0o775, 0o777, 0o1777, 0o702):
        own.chmod(shared)
        with pytest.raises(TrainingError, match=r"others may write into it.*chmod go-w or in SLANT_CACHE"):
            private_folder(own)
    own.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: own.stat().st_uid + 1)
    with pytest.raises(TrainingError, match="others may write into it"):
        private_folder(own)


def test_training_takes_no_features_from_a_shared_folder(
    topic_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("SLANT_CACHE", str(shared))
    with pytest.raises(TrainingError, match="others may write into it"):
        train_topic([topic_csv], tmp_path / "out", name="mine", base="default", watch=quiet)
    assert list(shared.iterdir()) == []


def test_own_labels_are_learnt(own: Classifier) -> None:
    own.self_test()
    judgement = own.classify(
        Article(
            text="She pruned the roses in her garden. I think cycle lanes are wonderful and the city should build more."
        ),
        ["cycle lanes"],
    )
    assert judgement.topics[0].name == "gardening"
    assert judgement.stances[0].label == "pro"
    assert judgement.model.name == "mine"


def test_the_manifest_names_both_data_files_and_their_figures(own: Classifier, topic_csv: Path) -> None:
    manifest = own.bundle.manifest
    records = [record for record in manifest.training if record["task"] in ("topic", "stance")]
    assert len(records) < len(manifest.training)
    assert [record["task"] for record in records] == ["topic", "stance"]
    assert records[0]["set"] == topic_csv.name
    assert records[0]["rows"] == 200
    assert len(records[0]["sha256"]) == 64
    assert manifest.figures["stance"]["mine.jsonl.gz"]["macro_f1"] > 0.9
    assert manifest.figures["topic"][topic_csv.name]["strict"] > 0.9


def test_a_bundle_is_measured_and_its_card_says_how_good_it_is(
    tmp_path: Path, gold_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(DEFAULT, tmp_path / "bundle")
    before = load(tmp_path / "bundle").bundle.manifest
    rules = ["target turned round"]
    about: dict[str, Any] = {
        "name": "samples",
        "about": "our own",
        "file": gold_file.name,
        "word_counts": 0.4,
        "published": "nobody",
    }
    stances = Evaluation(**about, figure="macro_f1", slices=["genre"], robustness=rules)
    topics = Evaluation(**(about | {"name": "topics"}), figure="strict", task="topic")
    monkeypatch.setattr("slant.training.measure.evaluations", lambda: [stances, topics])
    manifest = measure(tmp_path / "bundle", gold_file.parent, quiet)
    load(tmp_path / "bundle").self_test()
    assert manifest.sha256 != before.sha256
    assert manifest.files["encoder.onnx"] == before.files["encoder.onnx"]
    assert manifest.figures["dev"]["samples"]["n"] == 32
    card = (tmp_path / "bundle" / "CARD.md").read_text(encoding="utf-8")
    for said in ("genre=opinion", "target turned round", "nobody", "Label sets", "| topics | our own | 16 | strict |"):
        assert said in card


def test_a_source_head_of_ones_own(tmp_path: Path) -> None:
    """Rows come in both forms: with a list of sources, and of one sentence with its holder."""
    said = {"favor": "praised the toll as fair", "against": "called the toll a scandal"}
    rows = list[dict[str, Any]]()
    for n in range(20):
        for (label, words), name in zip(said.items(), ("Ana Ruiz", "Tom Hale"), strict=True):
            text, quotes = f"{name} {words}, and item {n} was next.", [{"start": 0, "end": len(name) + len(words) + 1}]
            listed = {"sources": [{"name": name, "target": "the toll", "stance": label, "quotes": quotes}]}
            held = {"holder": name, "target": "the toll", "label": label}
            rows.append({"text": text} | (held if n % 2 else listed))
    data = tmp_path / "mine.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    manifest = train_source([data], tmp_path / "own", name="own", base="default", watch=quiet)
    assert manifest.training[-1]["task"] == "source"
    assert manifest.figures["source"]["mine.jsonl"]["macro_f1_marked"] > 0.9
    bundle = load(tmp_path / "own")
    text = "Ana Ruiz praised the toll as fair. Tom Hale called the toll a scandal."
    (stance,) = bundle.classify(Article(text=text), ["the toll"], sources=True).stances
    assert {one.name: one.label for one in stance.sources} == {"Ana Ruiz": "favor", "Tom Hale": "against"}
    empty = tmp_path / "empty.jsonl"
    empty.write_text("[]")
    with pytest.raises(TrainingError, match="sources are learnt from two labels or more; the data has none"):
        train_source([empty], tmp_path / "none", name="none", base="default", watch=quiet)


@pytest.mark.parametrize(
    "said",
    [
        {"holder": "Ana Ruiz", "target": "the toll", "label": "pro"},
        {"sources": [{"name": "Ana Ruiz", "target": "the toll", "stance": "pro", "quotes": []}]},
    ],
)
def test_a_source_stands_where_slant_has_a_name_for_it(said: dict[str, Any], tmp_path: Path) -> None:
    data = tmp_path / "mine.jsonl"
    data.write_text(json.dumps({"text": "Ana Ruiz praised the toll."} | said) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"mine\.jsonl:1.*'pro': wanted favor, against, neutral, unrelated"):
        train_source([data], tmp_path / "out", name="own", base="default", watch=quiet)
    assert not (tmp_path / "out").exists()


def test_a_row_with_sources_may_list_targets_that_it_says_nothing_of(tmp_path: Path) -> None:
    data, text = tmp_path / "mine.jsonl", "Ana Ruiz praised the toll."
    source = {"name": "Ana Ruiz", "target": "the toll", "stance": "favor", "quotes": []}
    rows = [{"text": text, "sources": [source]}, {"text": text, "sources": [], "targets": [
        {"target": "the ferry", "stance": "unrelated"}, {"target": "the toll", "stance": "favor"}]}]  # fmt: skip
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert silent_targets([data]) == {text: ["the ferry"]}
    with pytest.raises(
        DataError, match="wanted a non-empty string in target"
    ):  # where stances are learnt, they are missed
        list(stance_examples([data]))


def test_training_loads_no_torch(topic_csv: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from slant.training.build import train_topic;"
        f"train_topic([Path({str(topic_csv)!r})], Path({str(tmp_path / 'b')!r}), name='t', base='default',"
        "watch=lambda s, n: lambda d: None);"
        "sys.exit(any(m in sys.modules for m in ('torch', 'transformers', 'fastapi')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert "mine.csv" in (tmp_path / "b" / "CARD.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("a.jsonl", '{"text": "x"}\n', r"a\.jsonl:1: wanted a non-empty string in target"),
        ("a.jsonl", '{"text": "x", "target": "y", "label": "z"}\nnonsense\n', r"a\.jsonl:2: not JSON"),
        ("a.jsonl", "[1]\n", r"a\.jsonl: no line of it is an object of JSON"),
        (
            "a.jsonl",
            '{"text": "x", "target": "y", "label": "z"}\n[1]\n',
            r"a\.jsonl:2: wanted a JSON object, got a list",
        ),
        ("a.csv", "text,target,label\nx,y,z,zz\n", r"a\.csv:2: it has 4 columns; the header has 3"),
        ("a.txt", "x", r"\.jsonl or \.csv .* not \.txt"),
        ("a.jsonl.gz", "not gzip", r"a\.jsonl\.gz: no line of it is an object of JSON"),
        ("a.jsonl.gz", "\x1f\x8b cut", r"a\.jsonl\.gz: cannot be read"),
    ],
)
def test_bad_data_is_named(tmp_path: Path, name: str, content: str, wanted: str) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(DataError, match=wanted):
        train_stance([path], tmp_path / "out", name="x", base="default", watch=quiet)
    assert not (tmp_path / "out").exists()


def test_one_label_is_too_few(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,target,label\n" + "Snow fell today.,snow,pro\n" * 20, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"two labels or more.*pro"):
        train_stance([path], tmp_path / "out", name="x", base="default", watch=quiet)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: no such file"):
        train_topic([tmp_path / "none.csv"], tmp_path / "out", name="x", base="default", watch=quiet)


def test_copies_of_a_text_are_in_the_same_part() -> None:
    parts = [part_of(f"Article number {n} about the harbour.") for n in range(2_000)]
    assert part_of("Some Text,\n here!") is part_of("some text here")
    assert 0.17 < parts.count(Part.HELD_OUT) / 2_000 < 0.23
    assert 0.12 < parts.count(Part.CALIBRATION) / 2_000 < 0.18
