"""A bundle is used whole and unharmed, or refused by name: every kind of damage, one at a time."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from skops.io import dumps, loads

from graph_files import plain, tokenizer
from slant.article import Article
from slant.errors import (
    BundleDamaged,
    BundleError,
    BundleIncompatible,
    BundleMissing,
    BundleUntrusted,
    OptionError,
    SelfTestFailed,
)
from slant.inference.allowed import TREE
from slant.inference.bundle import graphs, load_bundle, save_bundle
from slant.inference.classifier import Classifier, load
from slant.inference.manifest import BundleFiles, digest, parse_manifest
from slant.inference.stored import DEFAULT, read_bundle
from support import Sample

FILES = sorted([*BundleFiles().hashed(), "manifest.json"])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT, tmp_path / "bundle"))


def resign(folder: Path, change: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Make the manifest vouch for the files as they now are, as somebody with ill intent would."""
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    content.pop("sha256")
    content["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in content["files"]}
    if change:
        change(content)
    path.write_text(json.dumps(content | {"sha256": digest(content)}))


def test_the_embedded_bundle_passes_its_own_test(classifier: Classifier) -> None:
    classifier.self_test()
    assert len(classifier.bundle.manifest.self_test) == 2


def test_the_embedded_bundle_stays_small() -> None:
    assert sum(path.stat().st_size for path in DEFAULT.iterdir()) < 45_000_000


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BundleMissing, match=name):
        load_bundle(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file(copy: Path, name: str) -> None:
    path = copy / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BundleDamaged, match=name):
        load_bundle(copy)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", FILES)
def test_one_flipped_byte(copy: Path, name: str, place: float) -> None:
    raw = bytearray((copy / name).read_bytes())
    raw[int(len(raw) * place)] ^= 1
    (copy / name).write_bytes(raw)
    with pytest.raises((BundleDamaged, BundleIncompatible), match=name):
        load_bundle(copy)


class Planted:
    """A type of nobody's list; unpickled by a careless loader, it would leave a trace."""

    trace: Path | None = None

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (str(self.trace),))


def test_a_foreign_type_in_the_heads_is_refused_and_not_run(copy: Path, tmp_path: Path) -> None:
    Planted.trace = tmp_path / "trace"
    head = LogisticRegression().fit(np.eye(2), [0, 1])
    head.planted = Planted()
    (copy / "heads.skops").write_bytes(dumps({"topic": None, "stance": {"estimator": head}}))
    resign(copy)
    with pytest.raises(BundleUntrusted, match=r"heads\.skops.*Planted"):
        load_bundle(copy)
    assert not Planted.trace.exists()


@pytest.mark.parametrize(
    ("field", "value"), [("left", 1_000_000), ("right", 0), ("feature_idx", 5_000), ("is_categorical", 1)]
)
def test_a_tree_that_leads_out_of_itself_is_refused(copy: Path, field: str, value: int) -> None:
    heads = loads((copy / "heads.skops").read_bytes(), trusted=[TREE])
    trees = heads["stance"]["estimator"].steps[-1][1].estimators_[-1]
    trees._predictors[7][0].nodes[field][0] = value
    (copy / "heads.skops").write_bytes(dumps(heads))
    resign(copy)
    with pytest.raises(BundleUntrusted, match=r"heads\.skops: holds a tree whose nodes lead out of it"):
        load_bundle(copy)


def test_a_tree_without_nodes_is_refused(copy: Path) -> None:
    heads = loads((copy / "heads.skops").read_bytes(), trusted=[TREE])
    heads["stance"]["estimator"].steps[-1][1].estimators_[-1]._predictors[0][0].nodes = np.zeros(3)
    (copy / "heads.skops").write_bytes(dumps(heads))
    resign(copy)
    with pytest.raises(BundleDamaged, match=r"heads\.skops: its types are trusted but it does not load"):
        load_bundle(copy)


def test_a_pickle_for_heads_is_refused_and_not_run(copy: Path, tmp_path: Path) -> None:
    import pickle

    Planted.trace = tmp_path / "trace"
    (copy / "heads.skops").write_bytes(pickle.dumps(Planted()))
    resign(copy)
    with pytest.raises(BundleDamaged, match=r"heads\.skops"):
        load_bundle(copy)
    assert not Planted.trace.exists()


def test_files_that_are_vouched_for_but_are_nothing(copy: Path) -> None:
    (copy / "encoder.onnx").write_bytes(b"not a graph")
    resign(copy)
    with pytest.raises(BundleDamaged, match="do not load"):
        load_bundle(copy)


def test_a_manifest_that_names_a_file_outside(copy: Path) -> None:
    resign(copy, lambda content: content["files"].update({"../secret": "0" * 64}))
    with pytest.raises(BundleDamaged, match=r"names a file that is no part of a bundle$"):
        load_bundle(copy)


def test_a_link_that_leads_outside(copy: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    (copy / "CARD.md").rename(outside)
    (copy / "CARD.md").symlink_to(outside)
    with pytest.raises(BundleDamaged, match=r"CARD\.md: leads out"):
        load_bundle(copy)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda content: content.update(format=99), "format 99"),
        (lambda content: content["libraries"].update({"scikit-learn": "0.1.0"}), r"scikit-learn 0\.1\.0"),
    ],
)
def test_another_format_or_library(copy: Path, change: Callable[[dict[str, Any]], None], wanted: str) -> None:
    resign(copy, change)
    with pytest.raises(BundleIncompatible, match=wanted):
        load_bundle(copy)


@pytest.mark.parametrize("raw", [b"", b"[]", b"nonsense", b'{"format": 6}', b'{"format": 6, "sha256": "0"}'])
def test_no_manifest_at_all(raw: bytes) -> None:
    with pytest.raises(BundleDamaged, match=r"m\.json"):
        parse_manifest(Path("m.json"), raw)


def test_a_bundle_that_answers_wrongly_fails_its_self_test(classifier: Classifier) -> None:
    tests = [classifier.bundle.manifest.self_test[0] | {"stance": "favor"}]
    manifest = replace(classifier.bundle.manifest, self_test=tests)
    with pytest.raises(SelfTestFailed, match="wanted"):
        Classifier(replace(classifier.bundle, manifest=manifest)).self_test()


def test_a_bundle_without_a_test_article_fails_its_self_test(classifier: Classifier) -> None:
    manifest = replace(classifier.bundle.manifest, self_test=[])
    with pytest.raises(SelfTestFailed, match="no test article"):
        Classifier(replace(classifier.bundle, manifest=manifest)).self_test()


class Broken:
    """An estimator that fails, or that gives what are no probabilities."""

    classes_ = np.arange(4)

    def __init__(self, gives: float | None) -> None:
        self.gives = gives

    def predict_proba(self, features: np.ndarray) -> np.ndarray:
        if self.gives is None:
            raise ValueError("S3CRET")
        return np.full((len(features), 4), self.gives)


@pytest.mark.parametrize("head", ["stance", "source"])
@pytest.mark.parametrize(
    ("gives", "wanted"), [(None, r"fails at an article \(ValueError\)$"), (np.nan, "no probabilities")]
)
def test_the_self_test_reaches_every_head(classifier: Classifier, head: str, gives: float | None, wanted: str) -> None:
    broken = replace(getattr(classifier.bundle, head), estimator=Broken(gives))
    with pytest.raises(BundleError, match=wanted):
        Classifier(replace(classifier.bundle, **{head: broken})).self_test()


def test_a_test_article_without_anything_to_judge_fails_the_self_test(classifier: Classifier) -> None:
    tests = [classifier.bundle.manifest.self_test[0] | {"title": "", "text": "Leave a Reply\n"}]
    manifest = replace(classifier.bundle.manifest, self_test=tests)
    with pytest.raises(SelfTestFailed, match="article 1 of 1: wanted an article that can be judged"):
        Classifier(replace(classifier.bundle, manifest=manifest)).self_test()


HOSTILE = {
    "encoder.onnx": plain({"location": "CARD.md"}),
    "hearer.onnx": plain({"location": "secret.bin"}),
    "attribution.onnx": plain({"location": "encoder.onnx", "offset": str(2**40)}),
    "tokenizer.json": tokenizer(normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_leads_astray_in_a_bundle_is_an_error_of_the_bundle(
    copy: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (copy / name).write_bytes(HOSTILE[name])
    resign(copy)
    monkeypatch.chdir(copy)
    with pytest.raises(BundleError, match=r"do not load \(|does not load$"):
        load_bundle(copy)


def test_a_swap_that_fails_leaves_the_bundle_that_was_there(
    classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, rename = graphs(read_bundle(DEFAULT)[1]), Path.rename
    save_bundle(tmp_path / "b", classifier.bundle, given, "one")

    def fails(path: Path, to: Path) -> Path:
        if to == tmp_path / "b" and not path.name.endswith("-old"):
            raise OSError("no space left")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="no space left"):
        save_bundle(tmp_path / "b", classifier.bundle, given, "two")
    assert (tmp_path / "b" / "CARD.md").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_bundle_that_could_not_be_read_is_not_written(classifier: Classifier, tmp_path: Path) -> None:
    nameless = replace(classifier.bundle, manifest=replace(classifier.bundle.manifest, name="two\nlines"))
    with pytest.raises(BundleError, match="name: wanted a line"):
        save_bundle(tmp_path / "b", nameless, graphs(read_bundle(DEFAULT)[1]), "a card")
    assert list(tmp_path.iterdir()) == []


def test_saved_and_loaded_again_it_gives_the_same_answers(
    classifier: Classifier, tmp_path: Path, samples: list[Sample]
) -> None:
    given = graphs(read_bundle(DEFAULT)[1])
    save_bundle(tmp_path / "again", classifier.bundle, given, "a card")
    again = load(tmp_path / "again")
    for sample in samples[:3]:
        one, other = (c.classify(sample.article, ["the rent cap"]) for c in (classifier, again))
        assert (one.topics, one.stances) == (other.topics, other.stances)


def test_a_bundle_replaces_a_bundle_but_nothing_else(classifier: Classifier, tmp_path: Path) -> None:
    given = graphs(read_bundle(DEFAULT)[1])
    for card in ("one", "two"):
        save_bundle(tmp_path / "b", classifier.bundle, given, card)
    assert (tmp_path / "b" / "CARD.md").read_text() == "two"
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    with pytest.raises(BundleError, match="is no bundle"):
        save_bundle(tmp_path / "photos", classifier.bundle, given, "card")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "photos"]


@pytest.mark.parametrize("device", ["cuda", "abacus"])
def test_a_device_that_is_not_there_is_told_of(device: str) -> None:
    with pytest.raises(OptionError, match=f"device '{device}': wanted one of cpu, cuda, and for cuda onnxruntime-gpu"):
        load(device=device)


def test_graphs_that_borrow_go_with_one_encoder(classifier: Classifier) -> None:
    given, encoder = graphs(read_bundle(DEFAULT)[1]), classifier.bundle.encoder
    other = replace(given, encoder=given.encoder + b"\0")
    for start in (other.tagger, other.hear):
        with pytest.raises(ValueError, match="goes with the encoder of sha256"):
            start(encoder)


def test_no_such_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleMissing, match="no such bundle folder"):
        load_bundle(tmp_path / "nowhere")


def test_the_heads_hold_library_types_only() -> None:
    state = loads((DEFAULT / "heads.skops").read_bytes(), trusted=[TREE])
    assert sorted(state) == ["source", "stance", "topic"]


def test_article_without_anything_to_read(classifier: Classifier) -> None:
    with pytest.raises(Exception, match="nothing to read"):
        classifier.classify(Article(text="Leave a Reply\n"))
