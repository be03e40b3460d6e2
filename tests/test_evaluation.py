"""The figures, against values worked out by hand; and evaluation from file to page."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from slant.data.readers import StanceExample
from slant.data.split import Part
from slant.errors import DataError
from slant.evaluation import metrics, perturb
from slant.evaluation.report import write_report
from slant.evaluation.run import evaluate, make_request
from slant.evaluation.tables import tables
from slant.heads.calibrate import fit_temperature, with_temperature
from slant.heads.topic import with_sigmoids
from slant.inference.classifier import Classifier
from slant.labels import STANCES
from slant.text.spans import Span
from slant.training.calibration import fit_sigmoids, fit_thresholds
from slant.types import Json, Progress
from support import ROOT, read_vote

FAVOR, AGAINST, NEUTRAL, UNRELATED = range(4)


def quiet(step: str, total: int | None) -> Progress:
    return lambda done: None


def run(classifier: Classifier, path: Path, task: str = "stance", **options: Any) -> Json:
    return evaluate(classifier, make_request(data=[path], task=task, part=options.pop("part", None), **options), quiet)


def test_ece_of_a_known_case() -> None:
    confidence, correct = np.array([0.95, 0.95, 0.55, 0.55]), np.array([1.0, 0.0, 1.0, 0.0])
    assert metrics.expected_calibration_error(confidence, correct) == pytest.approx(0.5 * 0.45 + 0.5 * 0.05)


def test_brier_of_a_known_case() -> None:
    assert metrics.brier(np.array([0, 1]), np.array([[1.0, 0.0], [0.5, 0.5]])) == pytest.approx(0.25)


def test_f_avg_leaves_out_the_third_class() -> None:
    truth = np.array([FAVOR, FAVOR, AGAINST, NEUTRAL])
    given_ = np.array([FAVOR, NEUTRAL, AGAINST, AGAINST])
    assert metrics.f_avg(truth, given_, STANCES) == pytest.approx((2 / 3 + 2 / 3) / 2)


def test_fnc_score_of_a_known_case() -> None:
    truth = np.array([UNRELATED, FAVOR, AGAINST, NEUTRAL])
    given_ = np.array([UNRELATED, FAVOR, FAVOR, UNRELATED])
    assert metrics.fnc_score(truth, given_, STANCES) == pytest.approx((0.25 + 1.0 + 0.25) / 3.25)


def test_the_side_looks_at_one_sided_answers_to_one_sided_rows_alone() -> None:
    truth = np.array([FAVOR, FAVOR, AGAINST, AGAINST, NEUTRAL, FAVOR])
    given_ = np.array([FAVOR, AGAINST, AGAINST, NEUTRAL, FAVOR, FAVOR])
    assert metrics.side(truth, given_, STANCES) == pytest.approx(3 / 4)
    assert metrics.side(truth[4:5], given_[4:5], STANCES) is None


def test_automation_takes_the_surest_answers_as_far_as_they_are_right() -> None:
    right = np.array([1.0] * 40 + [0.0] * 10)
    confidence = np.linspace(0.99, 0.5, 50)
    found = metrics.automation(right, np.array([FAVOR] * 50), confidence, STANCES)
    assert found["favor"] == found["all"]
    assert "against" not in found
    assert found["all"][0]["share"] == pytest.approx(44 / 50)  # 40 of 44 are right, 40 of 45 are not 0.9
    assert found["all"][0]["confidence"] == pytest.approx(confidence[43])
    assert found["all"][1]["share"] == pytest.approx(42 / 50)


def test_automation_never_parts_answers_of_one_confidence_nor_trusts_a_handful() -> None:
    right, one = np.array([1.0] * 30 + [0.0] * 10), np.zeros(40, dtype=np.int64)
    assert metrics.automation(right, one, np.full(40, 0.8), STANCES)["all"][0]["share"] == 0.0
    assert metrics.automation(right[:10], one[:10], np.full(10, 0.8), STANCES)["all"][0]["confidence"] is None


def test_coverage_ends_at_the_accuracy() -> None:
    curve = metrics.coverage_curve(np.array([0.9, 0.8, 0.7, 0.6]), np.array([1.0, 1.0, 0.0, 0.0]))
    assert [curve[4]["accuracy"], curve[-1]["accuracy"]] == [1.0, 0.5]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_fast_macro_f1_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    truth, given_ = np.array(pairs).T
    wanted = f1_score(truth, given_, labels=np.unique(truth), average="macro", zero_division=0)
    assert metrics.fast_macro_f1(truth, given_, 4) == pytest.approx(wanted)
    assert metrics.macro_f1(truth, given_) == pytest.approx(wanted)


def test_an_interval_draws_whole_articles() -> None:
    right = np.repeat([1.0, 0.0], 50)
    alone = metrics.interval(lambda rows: float(right[rows].mean()), 100)
    grouped = metrics.interval(lambda rows: float(right[rows].mean()), 100, ["a"] * 50 + ["b"] * 50)
    assert grouped == [0.0, 1.0]
    assert 0.35 < alone[0] < 0.5 < alone[1] < 0.65


def test_temperature_undoes_overconfidence() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(4_000, 3))
    truth = np.array([random.choice(3, p=row) for row in with_temperature(logits, 1.0)])
    assert fit_temperature(3 * logits, truth) == pytest.approx(3.0, rel=0.1)


def test_sigmoids_keep_order_and_mean() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(3_000, 2)) * [1.0, 4.0]
    truth = (random.random((3_000, 2)) < 1 / (1 + np.exp(-logits / [1.0, 4.0]))).astype(float)
    probabilities = with_sigmoids(logits, fit_sigmoids(logits, truth))
    assert probabilities.mean(axis=0) == pytest.approx(truth.mean(axis=0), abs=0.01)
    assert (np.argsort(probabilities, axis=0) == np.argsort(logits, axis=0)).all()


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_a_threshold_stays_in_its_bounds_and_a_higher_one_never_adds(rows: list[tuple[float, bool]]) -> None:
    probabilities, truth = (np.array(column, dtype=float)[:, None] for column in zip(*rows, strict=True))
    threshold = fit_thresholds(probabilities, truth)
    assert 0.25 <= threshold[0] <= 0.6
    assert (probabilities >= threshold + 0.1).sum() <= (probabilities >= threshold).sum()


def test_stances_from_a_gold_file(classifier: Classifier, gold_file: Path) -> None:
    found = run(classifier, gold_file, slice_by=["genre"])
    assert found["n"] == 32
    assert sum(map(sum, found["confusion"])) == 32
    assert found["per_class"]["unrelated"]["recall"] >= 0.9
    assert found["masked"]["macro_f1"] < found["macro_f1"] - 0.1
    assert found["slices"]["genre=news"]["n"] + found["slices"]["genre=opinion"]["n"] + 2 == 32
    low, high = found["intervals"]["macro_f1"]
    assert low <= found["macro_f1"] <= high


def test_wordings_are_compared_with_their_own_target(classifier: Classifier, tmp_path: Path) -> None:
    path = tmp_path / "wordings.jsonl"
    text = "The council must scrap the toll at once. The toll is unfair, and it hurts every family in the town."
    target = {"target": "the toll", "stance": "against", "same": ["toll"], "turned": ["opposition to the toll"]}
    path.write_text(json.dumps({"text": text, "targets": [target]}) + "\n", encoding="utf-8")
    found = run(classifier, path, masked=False, wordings=True)
    plain = found["accuracy"]
    assert found["wordings"]["turned"]["consistent"] == 1.0  # read by rule
    assert found["wordings"]["turned"]["accuracy"] == plain
    assert found["wordings"]["same"]["n"] == 1
    assert "targets in other words" in [column.header for table in tables(found) for column in table.columns]


def test_wordings_that_are_no_list_are_refused(classifier: Classifier, tmp_path: Path) -> None:
    path = tmp_path / "wordings.jsonl"
    path.write_text(json.dumps({"text": "A toll.", "targets": [{"target": "t", "stance": "favor", "same": "x"}]}))
    with pytest.raises(DataError, match="wanted a list of non-empty strings in same"):
        run(classifier, path, wordings=True)


def test_among_some_labels_only(classifier: Classifier, gold_file: Path) -> None:
    found = run(classifier, gold_file, labels=["favor", "against"], masked=False)
    assert found["n"] == 5
    assert found["labels"] == ["favor", "against"]
    assert found["masked"] is None


def test_topics_from_a_gold_file(classifier: Classifier, gold_file: Path) -> None:
    found = run(classifier, gold_file, "topic")
    assert found["n"] == 16
    assert found["strict"] <= found["lenient"]
    assert found["lenient"] >= 0.85


def test_topics_through_a_map(classifier: Classifier, tmp_path: Path) -> None:
    rows = [{"text": "The striker scored twice in the cup final.", "label": "S"}, {"text": "Rain.", "label": "none"}]
    data = tmp_path / "foreign.jsonl.gz"
    with gzip.open(data, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    mapping = tmp_path / "map.json"
    mapping.write_text(json.dumps({"mine": {"S": ["sport"], "H": ["health"], "none": None}}))
    found = run(classifier, data, "topic", label_map=f"{mapping}:mine")
    assert (found["n"], found["accuracy"], found["strict"]) == (1, 1.0, None)


def test_rows_of_furniture_and_endless_targets_are_counted(classifier: Classifier, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        {"text": "Leave a Reply", "target": "snow", "label": "favor"},
        {"text": "Snow.", "target": "x" * 999, "label": "favor"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(classifier, path)["n"] == 2
    path.write_text(json.dumps({"text": "Leave a Reply", "codes": ["sport"]}) + "\n")
    assert run(classifier, path, "topic")["strict"] == 0.0


def test_parts_and_conditions(classifier: Classifier, gold_file: Path) -> None:
    total = sum(_count(classifier, gold_file, part=part.value) for part in Part)
    assert total == 32
    assert run(classifier, gold_file, where=["genre=opinion"], masked=False)["n"] == 10


def _count(classifier: Classifier, path: Path, **options: Any) -> int:
    try:
        return int(run(classifier, path, masked=False, **options)["n"])
    except DataError as error:
        assert "no labelled row" in str(error)  # noqa: PT017 - an empty part is no failure
        return 0


def test_the_report_is_one_page_with_plots(classifier: Classifier, gold_file: Path) -> None:
    page = write_report(run(classifier, gold_file, slice_by=["genre"]), "default")
    assert page.count("<svg") == 1
    assert "genre=opinion" in page
    assert "<script" not in page
    assert 'src="http' not in page


def example(**given_: Any) -> StanceExample:
    text = "The council should scrap the toll. It is unfair. The mayor disagrees with that."
    about = {"id": "a", "title": "The Toll", "text": text, "target": "the toll", "label": "against"}
    return StanceExample(**(about | {"evidence": (Span(0, 34),), "fields": {}} | given_))


def test_rules_change_what_they_say_and_nothing_else() -> None:
    found = {name: rule(example()) for name, rule in perturb.RULES.items()}
    labels = {name: other.label for name, other in found.items() if other}
    turning = {"target turned round", "target turned round, words never trained on", "evidence negated"}
    assert {name for name, label in labels.items() if label == "favor"} == turning
    assert set(labels) == set(perturb.RULES)
    of_target = {name for name, other in found.items() if other and other.text == example().text}
    assert of_target == {name for name in perturb.RULES if name.startswith("target")}
    texts = {name: other.text for name, other in found.items() if other}
    assert texts["evidence negated"].startswith("The council should not scrap the toll.")
    assert example().text in texts["boilerplate added"]
    assert sorted(texts["sentences shuffled"].split()) == sorted(example().text.split())
    assert texts["first half only"] == "The council should scrap the toll."
    assert perturb.negated(example(text="The council should not scrap it.", evidence=(Span(0, 32),))) == example(
        text="The council should scrap it.", label="favor", evidence=None
    )


def test_rules_leave_out_what_they_cannot_change_safely() -> None:
    neutral, short = example(label="neutral"), example(text="Scrap the toll.", evidence=None)
    left_out = {name for name, rule in perturb.RULES.items() if rule(neutral) is None}
    assert left_out == {"target turned round", "target turned round, words never trained on", "evidence negated"}
    left_out = {name for name, rule in perturb.RULES.items() if rule(short) is None}
    assert left_out == {"evidence negated", "sentences shuffled", "first half only"}


def test_robustness_of_a_gold_file(classifier: Classifier, gold_file: Path) -> None:
    rules = ["target turned round", "boilerplate added", "lower case"]
    found = run(classifier, gold_file, robustness=rules, where=["genre=opinion"], masked=False)["robustness"]
    assert list(found) == rules
    assert found["boilerplate added"]["n"] == 10
    assert found["boilerplate added"]["changed"] == 0.0
    assert found["target turned round"]["n"] == 5
    assert found["target turned round"]["flipped"] == 1.0


def test_label_sets_and_precision_are_measured(classifier: Classifier, gold_file: Path) -> None:
    found = run(classifier, gold_file, masked=False)
    assert [point["promised"] for point in found["label_sets"]] == [0.8, 0.9, 0.95]
    sizes = [point["size"] for point in found["label_sets"]]
    assert 1 <= sizes[0] <= sizes[1] <= sizes[2] <= 4
    for label, points in found["precision"].items():
        counts = [point["count"] for point in points]
        assert counts == sorted(counts, reverse=True)
        assert points[0]["precision"] == found["per_class"][label]["precision"]


@pytest.fixture(scope="module")
def sources_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the sample that has sources, each with the paragraph that names it, and one sentence."""
    article, rows = read_vote()
    text = article.text or ""
    sources = [row | {"quotes": [paragraph(text, row["name"])]} for row in rows]
    holder = {
        "text": "The docker calls the toll unfair.",
        "holder": "the docker",
        "target": "the toll",
        "label": "against",
    }
    path = tmp_path_factory.mktemp("sources") / "sources.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ({"text": text, "sources": sources}, holder)))
    return path


def paragraph(text: str, name: str) -> dict[str, int]:
    start = text.index(name)
    return {"start": start, "end": text.index("\n", start)}


def test_sources_are_measured_with_names_given_and_found(classifier: Classifier, sources_file: Path) -> None:
    found = run(classifier, sources_file, "source")
    assert found["n"] == 6
    assert found["end_to_end"]["found"] >= 5 / 6
    assert 0 <= found["end_to_end"]["right_of_listed"] <= 1
    assert found["favor_against_f1"] > found["article_copied_f1"]
    assert {table.row_count for table in tables(found)} == {7}


def test_attributions_are_measured_beside_rules_and_annotators(classifier: Classifier, tmp_path: Path) -> None:
    text = '"The toll is unfair and it must go," said Ana Ruiz. Tom Hale told reporters that it pays for the bridge.'
    marks = [
        ("Ana Ruiz", "said", '"The toll is unfair and it must go,"'),
        ("Tom Hale", "told", "that it pays for the bridge"),
    ]
    spans = [[[{"spans": [[text.index(part), text.index(part) + len(part)]]}] for part in mark] for mark in marks]
    row = {"text": text, "attributions": [dict(zip(("source", "cue", "content"), one, strict=True)) for one in spans]}
    path = tmp_path / "quotes.jsonl"
    path.write_text(f"{json.dumps(row)}\n" * 2, encoding="utf-8")
    found = run(classifier, path, "quotes")
    assert found["n"] == 1
    assert found["bundle"]["attribution"]["f1"] == found["annotators"]["attribution"]["f1"] == 1
    assert 0 < found["rules"]["content"]["f1"] < 1
    assert {table.row_count for table in tables(found)} == {12}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"task": "mood"}, "'mood': wanted one of stance, topic, source, quotes"),
        ({"part": "half"}, "'half': wanted train, calibration, held-out"),
        ({"labels": ["favor", "maybe"]}, "wanted some of favor"),
        ({"slice_by": ["colour"]}, "'colour' has 0 values"),
        ({"where": ["genre"]}, "wanted FIELD=VALUE"),
        ({"robustness": ["irony"]}, "'irony': wanted some of target in other words"),
        ({"robustness": ["lower case"], "task": "topic"}, "wanted --task stance"),
        ({"label_map": "nowhere.json:x", "task": "topic"}, "wanted FILE:SET"),
        ({"task": "source"}, "no row names a source"),
        ({"task": "source", "labels": ["favor"]}, "are not of --task source"),
        ({"task": "quotes"}, "attributions are not lists of spans"),
    ],
)
def test_an_option_that_does_not_fit_is_named(
    classifier: Classifier, gold_file: Path, options: dict[str, Any], wanted: str
) -> None:
    with pytest.raises(DataError, match=wanted):
        run(classifier, gold_file, **options)


def test_a_foreign_label_is_named(classifier: Classifier, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "Snow fell.", "target": "snow", "label": "agree"}\n')
    with pytest.raises(DataError, match="'agree' is none of the bundle's: favor"):
        run(classifier, path)


def test_int8_agrees_with_the_float_encoder(classifier: Classifier) -> None:
    """Probabilities of the float graph, kept as a file: it is four times the size of the one shipped."""
    kept = json.loads((ROOT / "tests" / "parity.json").read_text())
    from parity import probabilities

    found = probabilities(classifier)
    assert found.keys() == kept["probabilities"].keys()
    gaps = np.abs([np.subtract(found[name], kept["probabilities"][name]) for name in found])
    assert gaps.max() <= kept["largest"]
    assert gaps.mean() <= kept["mean"]
