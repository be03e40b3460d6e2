"""Heads from anybody, as they are loaded: types, trees and shapes that would lead astray."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from skops.io import dumps
from threadpoolctl import threadpool_limits

import slant.inference.allowed as allowed
from slant.errors import BundleDamaged, BundleError, BundleUntrusted
from slant.features.counts import count_pieces
from slant.inference.heads import Heads, read_heads

VOCABULARY, WIDTH, FEATURES = 12, 3, 4
HEADS = Path("heads.skops")


@lru_cache
def _rows() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    features = random.normal(size=(90, FEATURES))
    return features, np.argmax(features[:, :3], axis=1)


def boosted() -> Any:
    """Return a few trees over ``FEATURES`` features and three labels, to be changed as one likes."""
    return copy.deepcopy(_boosted())


@lru_cache
def _boosted() -> HistGradientBoostingClassifier:
    with threadpool_limits(1):  # threads of OpenMP that wait would starve the other tests
        return HistGradientBoostingClassifier(max_iter=2, early_stopping=False, random_state=0).fit(*_rows())


@lru_cache
def _regression() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(*_rows())


def stance(**changed: Any) -> dict[str, Any]:
    """Return the state of a head of three labels."""
    plain = {
        "labels": ["for", "against", "beside"],
        "estimator": _regression(),
        "weights": np.ones(VOCABULARY, dtype=np.float32),
        "opinion": np.array([1, 2, 3]),
        "temperature": 1.5,
        "reference": {"probabilities": np.full((9, 3), 1 / 3, dtype=np.float32), "truth": np.arange(9) % 3},
    }
    return plain | changed


def topic(**changed: Any) -> dict[str, Any]:
    """Return the state of a head of two topics."""
    estimator = LogisticRegression()
    estimator.classes_, estimator.n_features_in_ = np.arange(2), VOCABULARY + WIDTH
    estimator.coef_, estimator.intercept_ = np.zeros((2, VOCABULARY + WIDTH), np.float32), np.zeros(2, np.float32)
    plain = {
        "labels": [["t:1", "one"], ["t:2", "two"]],
        "tfidf": TfidfTransformer().fit(csr_matrix(np.eye(VOCABULARY))),
        "estimator": estimator,
        "sigmoids": np.array([[1.0, 0.0]] * 2),
        "thresholds": np.full(2, 0.5),
    }
    return plain | changed


def heads(**states: Any) -> Heads:
    return read_heads(HEADS, dumps(states), vocabulary=VOCABULARY, width=WIDTH)


def test_heads_that_are_sound_are_read() -> None:
    one, two, three = heads(topic=topic(), stance=stance(estimator=boosted()), source=stance(weights=np.zeros(0)))
    assert one is not None
    assert two is not None
    assert three is not None
    assert np.allclose(two.probabilities(np.zeros((1, FEATURES))).sum(), 1)
    assert heads(topic=None, stance=None) == (None, None, None)


@pytest.mark.parametrize(
    "thing",
    [
        SVC(),
        DecisionTreeClassifier().fit(*_rows()),
        csr_matrix(np.eye(3)),
        np.random.RandomState(0),
        np.ma.masked_array([1.0, 2.0], [True, False]),
        np.dtype(float),
        np.add,
        {1.5: "a"},
        {"a": bytearray(b"b")},
        slice(1, 2),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_a_type_that_heads_are_not_made_of_is_refused(thing: Any) -> None:
    with pytest.raises(BundleUntrusted, match=r"^heads\.skops: holds .*, which slant does not load"):
        heads(stance=stance(labels=thing))


TREES: dict[str, Callable[[Any], object]] = {
    "left beyond the tree": lambda trees: nodes(trees).__setitem__(("left"), 1_000_000),
    "right before itself": lambda trees: nodes(trees)["right"].__setitem__(0, 0),
    "a feature that is not there": lambda trees: nodes(trees)["feature_idx"].__setitem__(0, FEATURES),
    "a feature before the first": lambda trees: nodes(trees)["feature_idx"].__setitem__(0, -1),
    "a feature far before the first": lambda trees: nodes(trees)["feature_idx"].__setitem__(0, -(2**40)),
    "a category": lambda trees: nodes(trees)["is_categorical"].__setitem__(0, 1),
    "a threshold that is no number": lambda trees: nodes(trees)["num_threshold"].__setitem__(0, np.nan),
    "a value that is no number": lambda trees: nodes(trees).__setitem__("value", np.nan),
    "a value without end": lambda trees: nodes(trees).__setitem__("value", np.inf),
    "no node": lambda trees: setattr(trees._predictors[0][0], "nodes", nodes(trees)[:0]),
    "a beginning that is no number": lambda trees: trees._baseline_prediction.__setitem__((0, 0), np.nan),
    "something before the trees": lambda trees: setattr(trees, "_preprocessor", StandardScaler()),
    "categories": lambda trees: setattr(trees, "is_categorical_", np.ones(FEATURES, dtype=bool)),
}


def nodes(trees: Any) -> Any:
    return trees._predictors[0][0].nodes


@pytest.mark.parametrize("change", TREES)
def test_a_tree_that_leads_astray_is_refused_before_it_is_followed(change: str) -> None:
    trees = boosted()
    TREES[change](trees)
    with pytest.raises(BundleUntrusted, match="a tree whose nodes lead out of it"):
        heads(stance=stance(estimator=make_pipeline(StandardScaler(), trees)))


def without_idf() -> TfidfTransformer:
    plain = TfidfTransformer().fit(csr_matrix(np.eye(VOCABULARY)))
    del plain.idf_
    return plain


def weighted(*shape: int) -> LogisticRegression:
    estimator = topic()["estimator"]
    estimator.coef_ = np.zeros(shape, np.float32)
    return estimator


STANCES: dict[str, dict[str, Any]] = {
    "no labels": {"labels": []},
    "one label": {"labels": ["for"]},
    "a label twice": {"labels": ["for", "for", "beside"]},
    "a label that is a number": {"labels": ["for", "against", 3]},
    "labels that are no list": {"labels": 3},
    "fewer labels than the estimator has": {"labels": ["for", "against"]},
    "an estimator that is none": {"estimator": "for"},
    "an estimator that is not fitted": {"estimator": LogisticRegression()},
    "weights of another vocabulary": {"weights": np.ones(VOCABULARY - 1, dtype=np.float32)},
    "weights that are no numbers": {"weights": np.full(VOCABULARY, np.nan)},
    "weights that are texts": {"weights": np.array(["a"] * VOCABULARY)},
    "an opinion before the first feature": {"opinion": np.array([-1, 0, 1])},
    "an opinion behind the last feature": {"opinion": np.array([1, 2, FEATURES])},
    "an opinion of one label": {"opinion": np.array([1])},
    "an opinion between features": {"opinion": np.array([0.5, 1.5, 2.5])},
    "a temperature that is no number": {"temperature": float("nan")},
    "a temperature of nothing": {"temperature": 0.0},
    "a temperature below": {"temperature": -1.0},
    "a temperature that is a text": {"temperature": "hot"},
    "a truth that is no label": {"reference": {"probabilities": np.ones((1, 3)), "truth": np.array([3])}},
    "a truth below": {"reference": {"probabilities": np.ones((1, 3)), "truth": np.array([-1])}},
    "a truth too few": {"reference": {"probabilities": np.ones((2, 3)), "truth": np.array([1])}},
    "shares of another head": {"reference": {"probabilities": np.ones((1, 2)), "truth": np.array([1])}},
    "more than a head has": {"secret": 1},
}
TOPICS: dict[str, dict[str, Any]] = {
    "no labels": {"labels": []},
    "labels without names": {"labels": [["t:1"], ["t:2"]]},
    "labels that are numbers": {"labels": [[1, 2], [3, 4]]},
    "frequencies of another vocabulary": {"tfidf": TfidfTransformer().fit(csr_matrix(np.eye(VOCABULARY + 1)))},
    "no frequencies": {"tfidf": without_idf()},
    "an estimator of fewer pieces": {"estimator": weighted(2, VOCABULARY)},
    "an estimator of more topics": {"estimator": weighted(3, VOCABULARY + WIDTH)},
    "an estimator of one row": {"estimator": weighted(2 * (VOCABULARY + WIDTH))},
    "a curve too few": {"sigmoids": np.array([[1.0, 0.0]])},
    "no threshold": {"thresholds": np.zeros(0)},
    "thresholds that are no numbers": {"thresholds": np.full(2, np.nan)},
}


@pytest.mark.parametrize("change", STANCES)
def test_a_stance_head_whose_parts_do_not_go_together(change: str) -> None:
    with pytest.raises((BundleDamaged, BundleUntrusted), match=r"^heads\.skops: "):
        heads(stance=stance(**STANCES[change]))


@pytest.mark.parametrize("change", TOPICS)
def test_a_topic_head_whose_parts_do_not_go_together(change: str) -> None:
    with pytest.raises((BundleDamaged, BundleUntrusted), match=r"^heads\.skops: "):
        heads(topic=topic(**TOPICS[change]))


def test_an_estimator_that_gives_no_probabilities_is_refused() -> None:
    estimator = LogisticRegression().fit(*_rows())
    estimator.coef_ = estimator.coef_[:, :2]
    with pytest.raises(BundleDamaged, match=r"^heads\.skops: the parts of a head do not go together"):
        heads(stance=stance(estimator=estimator))


def packed(**parts: bytes) -> bytes:
    """Return a file as skops writes it, of these parts."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name.replace("_", "."), content)
    return raw.getvalue()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"PK\x03\x04" + bytes(100),
        packed(),
        packed(schema_json=b"[" * 100_000),
        packed(schema_json=b"{}"),
        packed(schema_json=b'{"__loader__": ["JsonNode"], "__class__": "str", "__module__": "builtins"}'),
        dumps({"stance": stance()})[:-400],
        dumps([stance()]),
    ],
)
def test_what_is_no_file_of_heads(raw: bytes) -> None:
    with pytest.raises(BundleError, match=r"^heads\.skops: "):
        read_heads(HEADS, raw, vocabulary=VOCABULARY, width=WIDTH)


def test_a_file_that_is_small_until_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowed, "MOST_BYTES", 1_000_000)
    raw = packed(schema_json=b"{}", zeros_npy=bytes(1_000_000))
    assert len(raw) < 2_000
    with pytest.raises(BundleDamaged, match="unpacked it has more than"):
        read_heads(HEADS, raw, vocabulary=VOCABULARY, width=WIDTH)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_that_stands_twice() -> None:
    raw = io.BytesIO(dumps({"stance": None}))
    with zipfile.ZipFile(raw, "a") as file:
        file.writestr("schema.json", b"{}")
    with pytest.raises(BundleDamaged, match="names one part twice"):
        read_heads(HEADS, raw.getvalue(), vocabulary=VOCABULARY, width=WIDTH)


def test_pieces_beyond_the_vocabulary_are_not_counted() -> None:
    for beyond in (VOCABULARY, 2 * 10**9, -1):
        with pytest.raises(ValueError, match="beyond the vocabulary"):
            count_pieces([[0, beyond]], VOCABULARY)
    assert count_pieces([[0, VOCABULARY - 1], []], VOCABULARY).data.sum() == 2
