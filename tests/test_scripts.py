"""Slant in scripts and notebooks: whatever is handed in is taken where its meaning is plain, or refused in its words."""

from __future__ import annotations

import copy
import datetime
import io
import json
import pickle
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

import slant
from slant.article import AUTO, Article, Judgement
from slant.errors import (
    ArticleError,
    BundleDamaged,
    BundleError,
    BundleMissing,
    DataError,
    InputError,
    OptionError,
    TargetError,
)
from slant.inference.classifier import Classifier, load, load_again
from slant.inference.stored import DEFAULT
from support import Sample

TEXT = "The council voted on Monday to keep the toll on the harbour bridge."
MISSING = [None, float("nan"), np.float64("nan"), np.float32("nan"), pd.NA, pd.NaT]
STRANGE: list[Any] = [b"text", 5, np.int64(5), True, ["a"], {"a": 1}, Path("a.txt"), np.array(["a", "b"]), Ellipsis]


@pytest.mark.parametrize("nothing", MISSING, ids=repr)
def test_what_a_table_has_where_nothing_is_is_nothing(nothing: Any) -> None:
    assert Article(text=TEXT, title=nothing, id=nothing, html=nothing) == Article(text=TEXT)
    with pytest.raises(ArticleError, match="neither was given"):
        Article(text=nothing)


@pytest.mark.parametrize("strange", STRANGE, ids=repr)
@pytest.mark.parametrize("part", ["text", "html", "title"])
def test_what_is_no_text_is_refused_by_its_part(part: str, strange: Any) -> None:
    given = {"text": TEXT, part: strange} if part == "title" else {part: strange}
    with pytest.raises(ArticleError, match=f"{part}: wanted a string, got ") as caught:
        Article(**given)
    assert caught.value.field == part


def test_bytes_are_told_how_to_become_text() -> None:
    with pytest.raises(ArticleError, match=r"text: wanted a string, got bytes; decode it first, as content.decode\(\)"):
        Article(text=b"a")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a7", "a7"),
        (18, 18),
        (np.int64(18), 18),
        (np.float64(18.0), 18),
        (2**70, 2**70),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (datetime.date(2026, 11, 30), "2026-11-30"),
        (pd.Timestamp("2026-11-30"), "2026-11-30T00:00:00"),
    ],
    ids=repr,
)
def test_an_id_is_given_back_as_it_came(classifier: Classifier, given: Any, kept: Any) -> None:
    judgement = classifier.classify(Article(text=TEXT, id=given), topics=False)
    assert judgement.id == kept
    assert type(judgement.id) is type(kept)
    assert json.loads(json.dumps(judgement.to_dict()))["id"] == kept


@pytest.mark.parametrize("given", [b"a", ["a"], Ellipsis, float("inf"), 1.5])
def test_what_names_nothing_is_no_id(given: Any) -> None:
    with pytest.raises(ArticleError, match="id: wanted a string or a whole number, got "):
        Article(text=TEXT, id=given)


def held() -> list[Any]:
    names = ["the toll", "the bridge"]
    return [
        names,
        tuple(names),
        (name for name in names),
        np.array(names),
        np.array(names, dtype=object),
        pd.Series(names, index=[7, 3]),
        pd.Index(names),
        dict.fromkeys(names).keys(),
        map(str, names),
    ]


@pytest.mark.parametrize("targets", held(), ids=lambda held: type(held).__name__)
def test_targets_are_taken_out_of_whatever_holds_several(classifier: Classifier, targets: Any) -> None:
    found = classifier.classify(Article(text=TEXT), targets, topics=False)
    assert [stance.target for stance in found.stances] == ["the toll", "the bridge"]


@pytest.mark.parametrize("targets", held(), ids=lambda held: type(held).__name__)
def test_targets_of_many_articles_are_read_once(classifier: Classifier, targets: Any) -> None:
    found = classifier.classify_many([Article(text=TEXT)] * 2, targets, topics=False)
    assert [[stance.target for stance in one.stances] for one in found] == [["the toll", "the bridge"]] * 2


@pytest.mark.parametrize("targets", [None, (), [], np.array([]), pd.Series([], dtype=object)], ids=repr)
def test_no_targets_are_none(classifier: Classifier, targets: Any) -> None:
    assert classifier.classify(Article(text=TEXT), targets).stances == ()


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ("the toll", r'wanted a list of targets, as \["the toll"\], or "auto", got one string of 8 characters'),
        (b"the toll", "wanted a list of targets.*, got bytes"),
        (5, "got an int"),
        (float("nan"), "got nothing"),
        ({"the toll": 1}, "got a dict"),
        (np.array([["a"]]), "got a table"),
        (pd.DataFrame({"a": ["the toll"]}), "got a table"),
        ([None], "target 0: wanted a string, got nothing"),
        (["a", float("nan")], "target 1: wanted a string, got nothing"),
        (np.array([1, 2]), "target 0: wanted a string, got an int64"),
        ([b"a"], "target 0: wanted a string, got bytes"),
        ([["a"]], "target 0: wanted a string, got a list"),
    ],
    ids=str,
)
def test_what_are_no_targets_is_refused(classifier: Classifier, targets: Any, said: str) -> None:
    for call in (classifier.classify, lambda one, wanted: classifier.classify_many([one], wanted)):
        with pytest.raises(TargetError, match=said) as caught:
            call(Article(text=TEXT), targets)
        assert caught.value.field == "targets"


@pytest.mark.parametrize("article", ["text", None, {"text": "a"}, b"a", 5])
def test_what_is_no_article_is_refused(classifier: Classifier, article: Any) -> None:
    with pytest.raises(ArticleError, match=r"wanted an article, as slant.Article\(text=...\), got "):
        classifier.classify(article)
    with pytest.raises(ArticleError):
        next(classifier.classify_many([article]))


@pytest.mark.parametrize("articles", [Article(text=TEXT), "text", None, 5])
def test_what_are_not_several_articles_is_refused_at_once(classifier: Classifier, articles: Any) -> None:
    with pytest.raises(ArticleError, match="wanted several articles, as in a list, got "):
        classifier.classify_many(articles)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("topics", "yes"),
        ("topics", np.array([1, 2])),
        ("evidence", "no"),
        ("sources", None),
        ("min_confidence", "0.5"),
        ("min_confidence", float("nan")),
        ("min_confidence", True),
        ("coverage", "high"),
        ("coverage", float("nan")),
        ("on_error", "ignore"),
    ],
)
def test_an_option_that_cannot_be_is_named(classifier: Classifier, option: str, value: Any) -> None:
    with pytest.raises(OptionError) as caught:
        list(classifier.classify_many([Article(text=TEXT)], ["the toll"], **{option: value}))
    assert caught.value.field == option


@pytest.mark.parametrize("value", [np.bool_(True), np.float32(0.5), np.int64(1), 1, 0])
def test_numbers_of_other_libraries_are_numbers(classifier: Classifier, value: Any) -> None:
    flag = {"evidence": value} if value in (0, 1) else {}
    assert classifier.classify(Article(text=TEXT), ["the toll"], min_confidence=float(value), **flag).stances


def test_an_error_stands_in_the_place_of_what_cannot_be_read(classifier: Classifier) -> None:
    articles: list[Any] = [
        Article(text=TEXT, id=0),
        Article(text=" "),
        None,
        Article(html="<p></p>"),
        Article(text=TEXT, id=4),
    ]
    found = list(classifier.classify_many(iter(articles), topics=False, on_error="return"))
    assert [type(one) for one in found] == [Judgement, ArticleError, ArticleError, ArticleError, Judgement]
    assert [one.id for one in found if isinstance(one, Judgement)] == [0, 4]
    with pytest.raises(ArticleError, match="nothing to read"):
        list(classifier.classify_many(articles))


def test_an_option_that_cannot_be_is_no_fault_of_an_article(classifier: Classifier) -> None:
    with pytest.raises(OptionError):
        list(classifier.classify_many([Article(text=TEXT)], ["the toll"], coverage=2.0, on_error="return"))


def test_many_articles_are_read_no_further_than_needed(classifier: Classifier) -> None:
    def endless() -> Iterator[Article]:
        while True:
            yield Article(text=TEXT)

    assert next(classifier.classify_many(endless(), AUTO)).stances


def test_a_classifier_is_shown_in_a_line(classifier: Classifier) -> None:
    assert repr(classifier) == f"<Classifier default {slant.__version__}>"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_a_copy_of_what_never_changes_is_itself(classifier: Classifier, again: Callable[[Any], Any]) -> None:
    assert again([classifier])[0] is classifier


def test_a_classifier_is_pickled_by_the_name_of_its_bundle(samples: list[Sample]) -> None:
    wary, article = load(abstain=1.0, threads=1), samples[4].article
    kept = pickle.dumps(wary)
    assert len(kept) < 500
    again = pickle.loads(kept)
    assert (again.abstain, again.origin, again.model_id) == (1.0, wary.origin, wary.model_id)
    assert again.classify(article, ["wind farms"]) == wary.classify(article, ["wind farms"])
    joblib.dump(wary, held := io.BytesIO())
    assert joblib.load(io.BytesIO(held.getvalue())).bundle is again.bundle  # loaded once


def test_joblib_hands_a_classifier_to_its_processes(samples: list[Sample]) -> None:
    small = load(threads=1)
    articles = [sample.article for sample in samples[6:8]]
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(small.classify)(article) for article in articles)
    assert found == [small.classify(article) for article in articles]


def test_a_bundle_that_is_another_by_now_is_not_what_was_pickled(classifier: Classifier) -> None:
    assert classifier.origin is not None
    with pytest.raises(BundleDamaged, match=r"default: sha256 is .*; what was pickled had 00"):
        load_again(classifier.origin, "00", 0.0)
    with pytest.raises(BundleError, match="was not loaded from a bundle's folder"):
        pickle.dumps(Classifier(classifier.bundle))


def test_a_bundle_is_found_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "b").symlink_to(DEFAULT)
    found = load("~/b")
    assert found.origin is not None
    assert found.origin.where == str(tmp_path / "b")
    with pytest.raises(BundleMissing, match="~nobody-of-this-name/b: no such bundle folder"):
        load("~nobody-of-this-name/b")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"threads": 0}, "threads"),
        ({"threads": -1}, "threads"),
        ({"threads": "4"}, "threads"),
        ({"threads": 1.5}, "threads"),
        ({"threads": True}, "threads"),
        ({"abstain": float("nan")}, "min_confidence"),
        ({"abstain": "high"}, "min_confidence"),
        ({"where": None}, "where"),
        ({"where": 5}, "where"),
    ],
    ids=str,
)
def test_what_cannot_be_loaded_so_is_refused_before_anything_is_read(given: dict[str, Any], field: str) -> None:
    with pytest.raises(OptionError) as caught:
        load(**given)
    assert caught.value.field == field


def test_what_slant_has_is_found_by_looking() -> None:
    code = "import slant; print({'load', 'Article', 'errors', 'batch', '__version__'} <= set(dir(slant)), "
    code += "slant.errors.SlantError is slant.SlantError, callable(slant.batch.score))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 3
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(slant, "no" + "thing")


def test_a_judgement_is_made_again_of_its_values(classifier: Classifier, samples: list[Sample]) -> None:
    judgement = classifier.classify(
        samples[4].article,
        [target["target"] for target in samples[4].targets],
        topics="all",
        sources=True,
        coverage=0.9,
    )
    assert any(stance.sources for stance in judgement.stances)
    assert Judgement.from_dict(judgement.to_dict()) == judgement
    assert Judgement.from_dict(json.loads(json.dumps(judgement.to_dict()))) == judgement


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"topics": None}, "NoneType"),
        ({"read": {}}, "characters"),
        ({"colour": "red"}, "colour"),
        ({"stances": [{"target": "a"}]}, "'evidence' is missing"),
    ],
)
def test_what_is_no_judgement_is_refused(classifier: Classifier, change: dict[str, Any], said: str) -> None:
    values = classifier.classify(Article(text=TEXT)).to_dict()
    with pytest.raises(DataError, match=f"not the values of a judgement: .*{said}"):
        Judgement.from_dict(values | change)
    del values["language"]
    with pytest.raises(DataError, match="language"):
        Judgement.from_dict(values)


def test_whatever_is_wrong_is_one_of_slants_errors() -> None:
    assert all(issubclass(kind, InputError) for kind in (ArticleError, TargetError, OptionError, DataError))
