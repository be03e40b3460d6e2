"""Labelled rows as people have them: read as batch scoring reads them, and what is doubtful of them is told."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import slant.training.build as build
from reading import packed
from slant.data.catalog import file_sha256
from slant.data.readers import quote_examples, source_examples, stance_examples, topic_examples
from slant.data.reading import Reading, doubts, labels_shown, near_equal
from slant.errors import DataError
from slant.evaluation.run import evaluate, make_request
from slant.inference.classifier import Classifier
from slant.training.fit import FEW, few_threads
from slant.types import Progress
from test_cli import Shell, slant

__all__ = ["slant"]
ROWS = [
    {"text": f"Snow fell in café {n}, they said", "target": "snow", "label": "yes" if n % 2 else "no"}
    for n in range(40)
]


def quiet(step: str, total: int | None) -> Progress:
    return lambda done: None


def csv_of(rows: list[dict[str, Any]], **options: Any) -> str:
    return str(pd.DataFrame(rows).to_csv(index=False, **options))


def parquet(rows: list[dict[str, Any]]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), content)
    return content.getvalue()


FORMS: dict[str, bytes] = {
    "mark.csv": csv_of(ROWS).encode("utf-8-sig"),
    "semicolons.csv": csv_of(ROWS, sep=";").encode(),
    "tabs.tsv": csv_of(ROWS, sep="\t").encode(),
    "unicode_text.txt": csv_of(ROWS, sep="\t", lineterminator="\r\n").encode("utf-16"),
    "packed.csv.gz": packed(csv_of(ROWS).encode()),
    "rows.parquet": parquet(ROWS),
    "bytes.parquet": parquet([row | {"text": str(row["text"]).encode()} for row in ROWS]),
    "array.json": json.dumps(ROWS).encode(),
    "lines.jsonl": "\n".join(json.dumps(row) for row in ROWS).encode(),
    "index.csv": pd.DataFrame(ROWS).to_csv().encode(),
}


@pytest.mark.parametrize("name", FORMS)
def test_labelled_rows_are_read_in_every_form(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FORMS[name])
    found = list(stance_examples([tmp_path / name], Reading()))
    assert [(one.text, one.target, one.label) for one in found] == [tuple(row.values()) for row in ROWS]


@pytest.mark.parametrize(
    ("given", "wanted"), [(1, "1"), (0, "0"), (-1, "-1"), (1.0, "1"), (True, "true"), (" pro\t", "pro")]
)
def test_labels_are_text_without_white_space_around_them(given: Any, wanted: str, tmp_path: Path) -> None:
    row = {"text": "a", "target": "b", "label": given}
    (tmp_path / "in.jsonl").write_text(json.dumps(row))
    (tmp_path / "in.parquet").write_bytes(parquet([row]))
    for name in ("in.jsonl", "in.parquet"):
        assert [one.label for one in stance_examples([tmp_path / name])] == [wanted]
        assert [one.labels for one in topic_examples([tmp_path / name])] == [(wanted,)]


@pytest.mark.parametrize("label", ["", " ", None, float("nan"), [], {}])
def test_a_row_without_a_label_is_named_with_its_fields(label: Any, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": "a", "target": "b", "label": label}))
    with pytest.raises(DataError, match=r"in\.jsonl:1: wanted a label in label; the label is blank in label"):
        list(stance_examples([tmp_path / "in.jsonl"]))
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": "a", "target": "b", "stanze": "pro"}))
    with pytest.raises(DataError, match=r"wanted a label in label; the row has stanze, target, text"):
        list(stance_examples([tmp_path / "in.jsonl"]))


def test_a_few_bad_rows_are_left_out_and_told(tmp_path: Path) -> None:
    lines = [json.dumps(row) for row in ROWS] + ['{"text": "x", "target": "y", "label": ""}', "broken"]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    notes = list[str]()
    assert len(list(stance_examples([tmp_path / "in.jsonl"], Reading(say=notes.append)))) == len(ROWS)
    (note,) = notes
    assert note.startswith(
        f"{tmp_path}/in.jsonl: 2 of its 42 rows are left out; the first: in.jsonl:41: wanted a label"
    )
    with pytest.raises(DataError, match=r"in\.jsonl:41: wanted a label"):
        list(stance_examples([tmp_path / "in.jsonl"]))


def test_too_many_bad_rows_are_refused_with_the_first(tmp_path: Path) -> None:
    bad = "".join(f"{n},t,\n" for n in range(5))
    (tmp_path / "in.csv").write_text("text,target,label\n" + "a,b,c\n" * 50 + bad)
    with pytest.raises(
        DataError, match=r"5 of its 55 rows are not as wanted, and at most 5% .*first: in\.csv:52: .*in\.csv:54"
    ):
        list(stance_examples([tmp_path / "in.csv"], Reading()))


def test_near_equal_labels_few_rows_and_repeated_ones_are_doubted() -> None:
    assert near_equal(["pro", "PRO", "pro!", "con", "1", "-1", "+1"]) == [["PRO", "pro", "pro!"]]
    assert labels_shown(["a", "b", "a"]) == "labels: a 2, b 1"
    texts = [f"Text {n % 15}" for n in range(300)]
    said = doubts(["a", "b", "A"] * 100, texts, [(text, n % 3) for n, text in enumerate(texts)])
    assert said == [
        "'A' and 'a' are taken for different labels",
        "15 of 300 rows are different ones: what is repeated teaches nothing",
        "15 rows are few: figures of fewer than 200 mean little",
    ]
    texts = [f"Text {n}" for n in range(400)]
    assert doubts(["a", "b"] * 200, texts, texts) == []
    assert doubts(["a"] * 397 + ["b"] * 3, texts, texts) == ["few rows of b (3): wanted 10 or more of each label"]


SAID = 'Ana Ruiz said: "The toll is fair." Tom Hale called the toll a scandal.'


@pytest.mark.parametrize("quotes", [["The toll is fair."], [{"start": 16, "end": 33}], [[16, 33]], []])
def test_sources_in_the_form_that_the_help_names_first_are_read(quotes: Any, tmp_path: Path) -> None:
    row = {"text": SAID, "sources": [{"name": "Ana Ruiz", "target": "the toll", "stance": "favor", "quotes": quotes}]}
    (tmp_path / "in.jsonl").write_text(json.dumps(row))
    (one,) = source_examples([tmp_path / "in.jsonl"])
    assert (one.fields["name"], one.target, one.label) == ("Ana Ruiz", "the toll", "favor")
    assert [SAID[span.start : span.end] for span in one.evidence or ()] == ["The toll is fair."] * bool(quotes)


@pytest.mark.parametrize("quotes", ["never said", {"start": 5}, [9], 7])
def test_quotes_that_are_none_are_named(quotes: Any, tmp_path: Path) -> None:
    row = {"text": SAID, "sources": [{"name": "Ana", "target": "the toll", "stance": "favor", "quotes": [quotes]}]}
    (tmp_path / "in.jsonl").write_text(json.dumps(row))
    with pytest.raises(DataError, match=r"in\.jsonl:1: wanted words of the text, or their start and end; got "):
        list(source_examples([tmp_path / "in.jsonl"]))
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": SAID, "sources": "Ana"}))
    with pytest.raises(DataError, match=r"in\.jsonl:1: wanted a list of objects in sources"):
        list(source_examples([tmp_path / "in.jsonl"]))
    with pytest.raises(DataError, match=r"in\.jsonl:1: attributions are not lists of spans"):
        list(quote_examples([tmp_path / "in.jsonl"]))


def test_a_source_head_is_learnt_from_that_form_and_has_slants_labels(tmp_path: Path) -> None:
    said = (("Ana Ruiz", "favor", "praised the toll as fair"), ("Tom Hale", "against", "called the toll a scandal"))
    rows = [
        {"text": f"{name} {words}, in hall {n}.",
         "sources": [{"name": name, "target": "the toll", "stance": label, "quotes": [words]}]}
        for n in range(6) for name, label, words in said
    ]  # fmt: skip
    data, notes = tmp_path / "in.jsonl", list[str]()
    data.write_text("\n".join(map(json.dumps, rows)))
    reading = Reading(say=notes.append)
    manifest = build.train_source([data], tmp_path / "own", name="own", base="default", watch=quiet, reading=reading)
    assert manifest.training[-1]["rows"] == 12
    assert "12 labelled rows; labels: favor 6, against 6" in notes
    data.write_text(data.read_text().replace('"favor"', '"pro"'))
    with pytest.raises(DataError, match="label 'pro': wanted favor, against, neutral, unrelated"):
        build.train_source([data], tmp_path / "other", name="own", base="default", watch=quiet)


def test_a_bundle_is_not_overwritten_unless_that_is_asked_for(
    slant: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, data = tmp_path / "out", tmp_path / "in.csv"
    data.write_bytes(FORMS["semicolons.csv"])
    out.mkdir()
    (out / "thesis.txt").touch()
    arguments = ("train", "stance", str(data), "--out", str(out))
    code, _, err = slant(*arguments)
    assert (code, err) == (2, f"slant: {out}: exists and is no bundle; wanted a folder that is not there yet\n")
    (out / "manifest.json").touch()
    code, _, err = slant(*arguments)
    assert (code, err) == (2, f"slant: {out}: holds a bundle already; --overwrite replaces it\n")
    monkeypatch.setattr(build, "_base", lambda name: sys.exit(9))
    code, _, err = slant(*arguments, "--overwrite")
    assert code == 9
    assert err.splitlines() == [
        f"slant: {data}: its columns are told apart by ';'",
        "slant: 40 labelled rows; labels: no 20, yes 20",
        "slant: warning: 40 rows are few: figures of fewer than 200 mean little",
    ]


def test_figures_of_what_a_bundle_was_fitted_to_are_warned_of(classifier: Classifier, tmp_path: Path) -> None:
    data, notes = tmp_path / "in.csv", list[str]()
    data.write_bytes(FORMS["mark.csv"])
    training = classifier.bundle.manifest.training
    training.append({"task": "stance", "sha256": file_sha256(data)})
    try:
        for part, told in ((None, True), ("train", True), ("held-out", False)):
            notes.clear()
            reading = Reading(say=notes.append)
            request = make_request(data=[data], task="stance", part=part, labels=["none"], reading=reading)
            with pytest.raises(DataError):  # no row has such a label
                evaluate(classifier, request, quiet)
            assert any("warning: " in note and "the bundle was fitted to it" in note for note in notes) == told
    finally:
        training.pop()


def test_few_rows_are_fitted_with_one_thread() -> None:
    from threadpoolctl import threadpool_info

    before = {one["filepath"]: one["num_threads"] for one in threadpool_info()}
    with few_threads(FEW - 1):
        assert {one["num_threads"] for one in threadpool_info()} == {1}
    with few_threads(FEW):
        assert {one["filepath"]: one["num_threads"] for one in threadpool_info()} == before


def test_standard_input_is_trained_on(slant: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sent:
        buffer = io.BytesIO(FORMS["tabs.tsv"])

    monkeypatch.setattr("sys.stdin", Sent)
    monkeypatch.setattr(build, "_base", lambda name: sys.exit(9))
    code, _, err = slant("train", "stance", "-", "--out", str(tmp_path / "out"))
    assert code == 9
    assert "slant: 40 labelled rows; labels: no 20, yes 20" in err
