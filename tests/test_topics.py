"""Topics on two levels: the head's arrays, what an answer gives, and how all of it is measured."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from typer.testing import CliRunner

from slant.article import Article
from slant.batch import score
from slant.cli import app
from slant.data.readers import TopicExample
from slant.data.subtopics import concept_examples, narrower_names, subtopic_examples, with_narrower
from slant.errors import DataError, OptionError, TrainingError
from slant.evaluation.run import evaluate, make_request
from slant.evaluation.subtopics import names_to_places, subtopic_figures
from slant.evaluation.tables import tables
from slant.features.counts import Counts, count_pieces
from slant.heads.topic import OLD_SCALE, TopicHead, TopicLevel, tfidf, with_sigmoids
from slant.inference.classifier import Classifier, load
from slant.inference.stored import DEFAULT
from slant.inference.topics import topic_scores
from slant.labels import SUBTOPICS, TOPICS, Topic
from slant.training.build import train_topic
from slant.training.calibration import fit_lower_thresholds
from slant.training.measure import Evaluation, measure
from slant.training.samples import TopicSamples
from slant.training.topic import (
    FEWEST_ROWS,
    C,
    fit_topic_head,
    read_truth,
    subtopic_labels,
    subtopic_truth,
    topic_features,
)
from slant_service.app import create_app
from slant_service.client import Client
from slant_service.schemas import Answer
from slant_service.settings import Settings
from support import is_problem, ready
from two_levels import CRIME, DOPED, SPORT, make_bundle, quiet, write_rows

UPPER = (Topic("a", "one"), Topic("b", "two"))
LOWER = (Topic("a1", "one one", "a"), Topic("a2", "one two", "a"), Topic("b1", "two one", "b"))


@pytest.fixture(scope="module")
def two_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("two"))


@pytest.fixture(scope="module")
def two(two_folder: Path) -> Classifier:
    return load(two_folder)


def level(labels: tuple[Topic, ...], thresholds: list[float], width: int = 5) -> TopicLevel:
    """Return a level whose probabilities hang on a lead of two values and three pieces."""
    random = np.random.default_rng(len(labels))
    n = len(labels)
    coefficients = random.normal(size=(width, n)).astype(np.float32)
    return TopicLevel(labels, coefficients, np.zeros(n), np.tile([1.0, 0.0], (n, 1)), np.array(thresholds))


def small_head() -> TopicHead:
    return TopicHead(np.ones(3, dtype=np.float32), level(UPPER, [0.5, 0.5]), level(LOWER, [0.3, 0.3, 0.3]))


# The arrays


def test_vocabulary_of_both_levels() -> None:
    assert len(TOPICS) == 17
    assert len(SUBTOPICS) == len({topic.code for topic in SUBTOPICS}) == len({topic.name for topic in SUBTOPICS}) == 121
    assert {topic.broader for topic in SUBTOPICS} == {topic.code for topic in TOPICS}
    assert {topic.level for topic in TOPICS} == {1}
    assert {topic.level for topic in SUBTOPICS} == {2}


def test_the_arrays_score_as_the_estimators_did_that_older_bundles_hold() -> None:
    random = np.random.default_rng(0)
    counts = csr_matrix(random.poisson(0.4, size=(60, 30)).astype(np.float32))
    leads, truth = random.normal(size=(60, 4)).astype(np.float32), random.integers(0, 2, size=60)
    weigher = TfidfTransformer(sublinear_tf=True).fit(counts)
    features = hstack([weigher.transform(counts), csr_matrix(OLD_SCALE * leads)], format="csr")
    estimator = LogisticRegression().fit(features, truth)
    estimator.coef_ = np.vstack([estimator.coef_, -estimator.coef_]).astype(np.float32)
    estimator.intercept_ = np.array([0.5, -0.5], dtype=np.float32)
    sigmoids, thresholds = np.array([[2.0, 0.1], [1.0, 0.0]]), np.array([0.4, 0.6])
    state = {"labels": [["a", "one"], ["b", "two"]], "tfidf": weigher, "estimator": estimator}
    head = TopicHead.from_state(state | {"sigmoids": sigmoids, "thresholds": thresholds})
    wanted = with_sigmoids(features @ estimator.coef_.T + estimator.intercept_, sigmoids)
    first, second = head.probabilities(counts, leads)
    assert first == pytest.approx(wanted, abs=1e-5)
    assert second.shape == (60, 0)
    assert head.first.labels == UPPER
    assert not any(type(part).__module__.startswith("sklearn") for part in (head.idf, head.first.coefficients))


def test_an_article_without_a_piece_has_no_words_but_still_its_lead() -> None:
    counts = count_pieces([[], [2, 0, 2]], 3)
    assert [part.tolist() for part in counts] == [[0, 2], [1.0, 2.0], [0, 0, 2]]
    words = tfidf(counts, np.array([1.0, 9.0, 2.0], dtype=np.float32))
    assert np.square(words.data).sum() == pytest.approx(1.0)
    first, _ = small_head().probabilities(counts, np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32))
    assert ((first > 0) & (first < 1)).all()


def test_pieces_beyond_the_vocabulary_are_refused() -> None:
    for pieces in ([3], [-1]):
        with pytest.raises(ValueError, match="beyond the vocabulary"):
            count_pieces([pieces], 3)


def test_extreme_scores_are_probabilities_without_a_warning() -> None:
    found = with_sigmoids(np.array([[-1e6, 0.0, 1e6]]), np.tile([3.0, 0.0], (3, 1)))
    assert found.tolist() == [[0.0, 0.5, 1.0]]


def test_a_state_is_plain_arrays_and_makes_the_same_head() -> None:
    head, counts = small_head(), count_pieces([[0, 1, 1], [2]], 3)
    leads = np.array([[1.0, 0.5], [0.0, -1.0]], dtype=np.float32)
    again = TopicHead.from_state(head.state())
    for one, other in zip(head.probabilities(counts, leads), again.probabilities(counts, leads), strict=True):
        assert (one == other).all()
    assert (again.first.labels, again.second and again.second.labels) == (UPPER, LOWER)
    plain: list[Any] = [head.state()]
    while plain:
        part = plain.pop()
        plain += part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
        assert isinstance(part, (dict, list, str, np.ndarray)) or part is None


def test_a_lower_topic_without_one_above_it_is_refused() -> None:
    with pytest.raises(ValueError, match="'c'"):
        TopicHead(np.ones(3), level(UPPER, [0.5, 0.5]), level((Topic("c1", "three one", "c"),), [0.5]))


def test_serving_topics_takes_numpy_alone() -> None:
    code = (
        "import sys, slant.heads.topic, slant.inference.topics;"
        "sys.exit(bool({'scipy', 'sklearn', 'joblib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# What an answer gives


def test_a_lower_topic_is_given_only_beneath_a_given_one_and_is_never_likelier() -> None:
    head, random = small_head(), np.random.default_rng(1)
    counts = count_pieces(random.integers(0, 3, size=(200, 6)).tolist(), 3)
    first, second = head.probabilities(counts, random.normal(size=(200, 2)).astype(np.float32))
    upper, lower = head.given(first, second)
    assert (second <= first[:, head.above]).all()
    assert lower.any()
    assert (upper[:, head.above] >= lower).all()
    assert (second[~upper[:, head.above]] >= 0.3).any()  # likely enough, but beneath a topic that is not given


def test_scores_are_likeliest_first_and_all_of_them_on_demand() -> None:
    head = small_head()
    first, second = np.array([0.9, 0.45]), np.array([0.9, 0.2, 0.4])
    given = topic_scores(head, first, second, every=False)
    assert [(one.code, one.level, one.broader, one.given) for one in given] == [
        ("a", 1, None, True),
        ("a1", 2, "a", True),
    ]
    every = topic_scores(head, first, second, every=True)
    assert [(one.code, one.given) for one in every] == [("a", True), ("a1", True), ("b", False)]
    assert [one.probability for one in every] == [0.9, 0.9, 0.45]


def test_a_bundle_of_one_level_answers_that_level(classifier: Classifier) -> None:
    assert classifier.bundle.topic is not None
    assert classifier.bundle.topic.second is None
    article = Article(text="The team won the cup final after the captain scored a late goal. The coach was proud.")
    some, every = (classifier.classify(article, topics=wanted).topics for wanted in (True, "all"))
    assert some[0].name == "sport"
    assert {(one.level, one.broader, one.given) for one in some} == {(1, None, True)}
    assert {one.code for one in every} == {topic.code for topic in TOPICS}
    assert [one for one in every if one.given] == list(some)
    assert [one.probability for one in every] == sorted((one.probability for one in every), reverse=True)
    assert classifier.classify(article, topics=False).topics == ()


def test_a_bundle_of_two_levels_answers_both(two: Classifier) -> None:
    topics = two.classify(Article(text=DOPED)).topics
    assert [(one.name, one.level) for one in topics] == [("sport", 1), ("drug use in sport", 2)]
    assert topics[1].broader == topics[0].code == "medtop:15000000"
    assert topics[1].probability <= topics[0].probability
    every = two.classify(Article(text=DOPED), topics="all").topics
    assert len([one for one in every if one.level == 1]) == 17
    assert [one for one in every if one.given] == list(topics)
    assert {one.level for one in every if not one.given} == {1}


@pytest.mark.parametrize("wanted", ["some", None, 2, ["all"]])
def test_other_wishes_are_refused(classifier: Classifier, wanted: Any) -> None:
    with pytest.raises(OptionError, match="topics is True, False or 'all'; got"):
        classifier.classify(Article(text="A goal was scored."), topics=wanted)


# Every face of it


def test_over_http(two_folder: Path) -> None:
    with TestClient(create_app(Settings(bundle=str(two_folder)))) as client:
        ready(client)
        answer = client.post("/v1/classify", json={"text": DOPED, "topics": "all"})
        topics = answer.json()["topics"]
        assert topics == [one.model_dump() for one in Answer.model_validate(answer.json()).topics]
        assert [(one["level"], one["broader"], one["given"]) for one in topics[:2]] == [
            (1, None, True),
            (2, "medtop:15000000", True),
        ]
        assert len(topics) == 18
        problem = is_problem(client.post("/v1/classify", json={"text": "a", "topics": "some"}), 422, "invalid-request")
        assert [error["field"] for error in problem["errors"]] == ["topics"]
        known = client.get("/v1/topics").json()
        assert {one["level"] for one in known} == {1, 2}
        assert {one["broader"] for one in known if one["level"] == 2} == {"medtop:02000000", "medtop:15000000"}
        assert {"code": "medtop:20001104", "name": "drug use in sport", "broader": "medtop:15000000"} in client.get(
            "/v1/model"
        ).json()["topics"]


def test_an_answer_from_before_there_were_two_levels_is_read() -> None:
    topic = {"code": "medtop:15000000", "name": "sport", "probability": 0.9}
    read = {"characters": 1, "windows": 1, "of_windows": 1}
    model = {"name": "default", "version": "0", "sha256": ""}
    answer = {"id": None, "language": "en", "topics": [topic], "stances": [], "read": read, "warnings": []}
    found = Answer.model_validate(answer | {"model": model, "text": None, "sources": []})
    assert (found.topics[0].level, found.topics[0].broader, found.topics[0].given) == (1, None, True)
    assert Client.__name__ == "Client"


def test_in_the_shell(two_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(DOPED, encoding="utf-8")
    command = ["classify", str(tmp_path / "a.txt"), "--bundle", str(two_folder), "--json"]
    row = json.loads(CliRunner().invoke(app, [*command, "--all-topics"]).stdout)
    assert len(row["topics"]) == 18
    assert [one["name"] for one in row["topics"] if one["given"]] == ["sport", "drug use in sport"]
    found = CliRunner().invoke(app, ["score", str(tmp_path), "--out", "x", "--no-topics", "--all-topics"])
    assert isinstance(found.exception, OptionError)


def test_in_batch(two_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "1", "text": DOPED}) + "\n", encoding="utf-8")
    made: dict[str, Any] = {"bundle": two_folder, "workers": 1}
    score(tmp_path / "in.jsonl", tmp_path / "nested", topics="all", **made)
    (row,) = pq.read_table(tmp_path / "nested" / "part-000000.parquet").to_pylist()
    assert len(row["topics"]) == 18
    assert [(one["name"], one["level"]) for one in row["topics"] if one["given"]] == [
        ("sport", 1),
        ("drug use in sport", 2),
    ]
    score(tmp_path / "in.jsonl", tmp_path / "flat", topics="all", format="csv", **made)
    text = (tmp_path / "flat" / "part-000000.csv").read_text(encoding="utf-8")
    (flat,) = csv.DictReader(io.StringIO(text))
    assert (flat["topics"], flat["subtopics"]) == ("medtop:15000000", "medtop:20001104")
    assert json.loads(flat["topic_scores"]) == row["topics"]


def test_batch_refuses_other_wishes_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="topics is True"):
        score(tmp_path, tmp_path / "out", topics="some")  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


# Data and training


def example(labels: tuple[str, ...], narrower: tuple[str, ...] | None, *, complete: bool = True) -> TopicExample:
    return TopicExample("1", None, "text", labels, complete, {}, narrower)


def test_the_lower_level_is_known_where_somebody_looked_for_it() -> None:
    labels = tuple(topic for topic in SUBTOPICS if topic.name in ("judiciary", "crime", "sport event", "election"))
    examples = [
        example((CRIME,), ("judiciary",)),
        example((CRIME, SPORT), ("judiciary", "sport event")),
        example((CRIME,), ("election",)),  # a reader named one beneath no topic of the row
        example((CRIME,), None),
    ]
    truth = dict(zip((topic.name for topic in labels), subtopic_truth(examples, labels).T, strict=True))
    nan = np.nan
    np.testing.assert_array_equal(truth["judiciary"], [1, 1, 0, nan])
    np.testing.assert_array_equal(truth["crime"], [0, 0, 0, nan])
    np.testing.assert_array_equal(truth["sport event"], [nan, 1, nan, nan])
    np.testing.assert_array_equal(truth["election"], [nan, nan, 1, nan])


def test_topics_with_too_few_articles_are_left_to_the_one_above() -> None:
    rare = [example((CRIME,), ("law",))] * (FEWEST_ROWS - 1)
    defined = [example((CRIME,), ("law",), complete=False)] * FEWEST_ROWS
    known = [example((CRIME, SPORT), ("judiciary",))] * FEWEST_ROWS
    assert [topic.name for topic in subtopic_labels([*rare, *defined, *known], TOPICS)] == ["judiciary"]
    assert [topic.name for topic in read_truth([*rare, *known]).sublabels] == ["judiciary"]


def test_a_lower_level_lies_beneath_iptcs_topics_only(tmp_path: Path) -> None:
    rows = [
        {"text": f"Row {n}.", "labels": [label], "names2": ["law"]}
        for n in range(20)
        for label in ("sport", "gardening")
    ]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(TrainingError, match="'gardening' is none"):
        train_topic([path], tmp_path / "out", name="x", base="default", watch=quiet)


@pytest.mark.parametrize("names", [[], ["sport"], ["judiciary", 3], 7])
def test_names_that_are_none_of_the_lower_level_are_refused(tmp_path: Path, names: Any) -> None:
    path = tmp_path / "names.jsonl"
    path.write_text(json.dumps({"id": "a", "names2": names}) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"names\.jsonl:1: .* names2"):
        narrower_names([path])


def test_names_join_their_articles_by_id(tmp_path: Path) -> None:
    texts, names = tmp_path / "texts.jsonl", tmp_path / "names.jsonl.gz"
    texts.write_text('{"id": "a", "text": "One.", "codes": ["sport"]}\n{"id": "b", "text": "Two."}\n', encoding="utf-8")
    with gzip.open(names, "wt", encoding="utf-8") as file:
        file.write('{"id": "a", "names2": "sport event|sport event"}\n')
    (found,) = subtopic_examples([names, texts])
    assert (found.text, found.narrower) == ("One.", ("sport event",))
    joined = with_narrower([example((SPORT,), None)], {"1": ("sport event",)})
    assert joined[0].narrower == ("sport event",)


def test_definitions_are_examples_of_both_levels(tmp_path: Path) -> None:
    about: dict[str, Any] = {"definition": "What it is.", "retired": None, "top_name": "sport"}
    concepts = [
        about | {"code": "medtop:15000000", "name": "sport", "level": 1, "parent": None},
        about | {"code": "medtop:20001108", "name": "sport event", "level": 2, "parent": "medtop:15000000"},
        about | {"code": "x", "name": "a cup", "level": 3, "parent": "medtop:20001108"},
        about | {"code": "y", "name": "a retired one", "level": 2, "parent": "medtop:15000000"},
    ]
    path = tmp_path / "concepts.json"
    path.write_text(json.dumps(concepts), encoding="utf-8")
    found = {one.title: one.narrower for one in concept_examples([path])}
    assert found == {"sport": None, "sport event": ("sport event",), "a cup": ("sport event",), "a retired one": None}


def test_the_main_topic_of_an_article_comes_out_first() -> None:
    both, neither = example((CRIME, SPORT), None), example(("weather",), None)
    truth = read_truth([both] * 30 + [neither] * 30)
    counts = csr_matrix(np.repeat(np.eye(2, dtype=np.float32), 30, axis=0))
    head = fit_topic_head(TopicSamples(counts, np.zeros((60, 3), dtype=np.float32)), truth, np.ones(60))
    names = [topic.name for topic in head.first.labels]
    first, second = head.probabilities(counts[:1], np.zeros((1, 3), dtype=np.float32))
    ranked = [names[place] for place in np.argsort(-first[0])]
    assert ranked[:2] == [CRIME, SPORT]
    assert first[0, names.index(SPORT)] > 0.4 > first[0, names.index("weather")]
    assert second.shape == (1, 0)
    assert head.first.coefficients.dtype == np.float16


def test_a_lead_counts_as_much_as_when_the_head_was_fitted() -> None:
    random = np.random.default_rng(0)
    leads = random.normal(size=(80, 3)).astype(np.float32)
    samples = TopicSamples(csr_matrix(random.poisson(1, size=(80, 4)).astype(np.float32)), leads)
    truth = read_truth([example((SPORT if lead[0] > 0 else CRIME,), None) for lead in leads])
    head = fit_topic_head(samples, truth, np.ones(80))
    fitted = LogisticRegression(C=C, tol=1e-6, max_iter=400)
    features, place = topic_features(samples, head.idf), [label.name for label in head.first.labels].index(SPORT)
    wanted = fitted.fit(features, leads[:, 0] > 0).decision_function(features)
    found = head.first.logits(tfidf(samples.counts, head.idf), leads)[:, place]
    assert found == pytest.approx(wanted, abs=0.02)  # half precision


def test_rare_topics_take_the_threshold_of_all() -> None:
    random = np.random.default_rng(0)
    truth = (random.random((400, 3)) < [0.4, 0.4, 0.005]).astype(float)
    probabilities = np.clip(truth * [0.5, 0.2, 0.5] + random.random((400, 3)) * 0.15, 0, 1)
    strong, weak, rare = fit_lower_thresholds(probabilities, truth, np.ones((400, 3), dtype=bool))
    assert 0.15 < rare < 0.2 < strong < 0.6  # all are told apart best by 0.175, the strong one alone also by more
    assert weak == pytest.approx(rare)
    hidden = fit_lower_thresholds(probabilities, truth, np.zeros((400, 3), dtype=bool))
    assert np.ptp(hidden) == pytest.approx(0.0)


def test_the_figures_and_the_card_tell_of_the_lower_level(two_folder: Path, two: Classifier) -> None:
    figures = two.bundle.manifest.figures["topic"]["rows.jsonl"]
    assert figures["second level: first"] > 0.9
    assert figures["micro-F1"] > 0.9
    assert "beneath them 4 of the second level" in (two_folder / "CARD.md").read_text(encoding="utf-8")


def test_both_levels_are_measured_where_a_bundle_has_both(
    two_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", 6)
    about: dict[str, Any] = {"about": "our own", "file": rows.name, "task": "topic"}
    lower = Evaluation(name="lower", figure="first", level=2, **about)
    upper = Evaluation(name="upper", figure="strict", **about)
    monkeypatch.setattr("slant.training.measure.evaluations", lambda: [upper, lower])
    for folder, names in ((two_folder, {"upper", "lower"}), (DEFAULT, {"upper"})):
        copy = shutil.copytree(folder, tmp_path / folder.name)
        assert set(measure(copy, tmp_path, quiet).figures["dev"]) == names
    card = (tmp_path / two_folder.name / "CARD.md").read_text(encoding="utf-8")
    assert "| lower | our own | 24 | first | **1.000**" in card


# Evaluation


def test_figures_of_the_lower_level() -> None:
    below = tuple(topic for topic in SUBTOPICS if topic.name in ("judiciary", "crime", "sport event"))
    upper = tuple(topic for topic in TOPICS if topic.name in (CRIME, SPORT))
    head = TopicHead(np.ones(3), level(upper, [0.5, 0.5]), level(below, [0.3, 0.3, 0.3]))
    assert [topic.name for topic in below] == ["crime", "judiciary", "sport event"]
    first = np.array([[0.9, 0.1], [0.9, 0.8], [0.2, 0.1], [0.9, 0.9]])
    second = np.array([[0.5, 0.6, 0.1], [0.1, 0.2, 0.7], [0.1, 0.15, 0.05], [0.05, 0.1, 0.2]])
    named = [("judiciary",), ("crime", "sport event"), ("judiciary",), ("law",)]
    truth = np.array([names_to_places(names) for names in named])
    found = subtopic_figures(head, truth, first, second)
    assert found["first"] == 0.75  # the third by the likeliest of all, for none is given; the fourth wrongly
    assert found["none"] == 0.5
    assert found["micro_f1"] == pytest.approx(2 * 2 / (3 + 5))
    assert found["macro_f1"] is None  # no topic has five articles
    assert found["per_class"]["law"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "count": 1}
    assert found["per_class"]["crime"]["count"] == 1
    many = subtopic_figures(
        head, np.repeat(truth, 5, axis=0), np.repeat(first, 5, axis=0), np.repeat(second, 5, axis=0)
    )
    assert many["macro_f1"] == pytest.approx(np.mean([0.0, 2 / 3, 1.0, 0.0]))  # crime, judiciary, sport event, law
    low, high = many["intervals"]["macro_f1"]
    assert low <= many["macro_f1"] <= high


def test_evaluate_the_lower_level(two: Classifier, tmp_path: Path) -> None:
    request = make_request(data=[write_rows(tmp_path / "rows.jsonl", 8)], task="topic", part=None, level=2)
    found = evaluate(two, request, quiet)
    assert (found["n"], found["level"]) == (32, 2)
    assert found["first"] > 0.9
    assert found["macro_f1"] > 0.9
    titles = [table.title for table in tables(found)]
    assert titles[0] == "topics of the second level, n = 32"


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"task": "stance", "level": 2}, "--level 2: wanted 1"),
        ({"task": "topic", "level": 3}, "--level 3: wanted 1, or of --task topic 2"),
        ({"task": "topic", "level": 2, "slice_by": ["id"]}, "are not of --task topic --level 2"),
    ],
)
def test_bad_requests_are_named(two: Classifier, tmp_path: Path, options: dict[str, Any], wanted: str) -> None:
    with pytest.raises(DataError, match=wanted):
        evaluate(two, make_request(data=[write_rows(tmp_path / "r.jsonl", 1)], part=None, **options), quiet)


def test_a_bundle_or_data_without_a_lower_level_is_told(
    classifier: Classifier, two: Classifier, tmp_path: Path
) -> None:
    request = make_request(data=[write_rows(tmp_path / "r.jsonl", 1)], task="topic", part=None, level=2)
    with pytest.raises(DataError, match="tells no topics of the second level"):
        evaluate(classifier, request, quiet)
    (tmp_path / "plain.jsonl").write_text('{"text": "One.", "label": "sport"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="no row names a topic of the second level in names2"):
        evaluate(two, make_request(data=[tmp_path / "plain.jsonl"], task="topic", part=None, level=2), quiet)


def test_counts_are_what_a_sparse_matrix_holds() -> None:
    counts = count_pieces([[4, 4, 1], [], [0]], 5)
    assert isinstance(counts, Counts)
    matrix = csr_matrix((counts.data, counts.indices, counts.indptr), shape=(3, 5))
    assert matrix.toarray().tolist() == [[0, 1, 0, 0, 2], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]]
