"""From marked articles to what the attribution model learns from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from slant.data.readers import quote_examples
from slant.errors import DataError, TrainingError
from slant.evaluation.quote_rules import rule_attributions
from slant.evaluation.quotes import compare_attributions, scores
from slant.inference.classifier import Classifier
from slant.sources.attribution import ROLES, Attribution
from slant.sources.pieces import BREAK, piece_id, pieces_of
from slant.text.spans import Span
from slant.training.attribution.examples import Restyle, marked, marked_articles
from slant.training.attribution.recipe import read_recipe
from slant.training.samples import read_row

TEXT = "\u201cThe toll is fair,\u201d said Ana Ruiz.\n\nShe added that it pays for the bridge."
ROW = {
    "id": "a",
    "text": TEXT,
    "attributions": [
        {"source": [{"spans": [[25, 33]]}], "cue": [{"spans": [[20, 24]]}], "content": [{"spans": [[0, 19]]}]},
        {"source": [], "cue": [{"spans": [[40, 45]]}], "content": [{"spans": [[46, 75]]}]},
    ],
}


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_marked_articles_are_read_with_their_spans(tmp_path: Path) -> None:
    (example,) = quote_examples([write(tmp_path / "a.jsonl", ROW)])
    assert [span.of(TEXT) for span in example.attributions[0].source] == ["Ana Ruiz"]
    assert [one.cue[0].of(TEXT) for one in example.attributions] == ["said", "added"]
    assert example.attributions[1].source == ()


@pytest.mark.parametrize("change", [{"attributions": [{"source": [{}]}]}, {"attributions": 5}, {"text": ""}])
def test_a_row_of_another_form_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl:1: "):
        list(quote_examples([write(tmp_path / "a.jsonl", ROW | change)]))


def test_pieces_know_their_place_and_their_marks(classifier: Classifier, tmp_path: Path) -> None:
    encoder, path = classifier.bundle.encoder, write(tmp_path / "a.jsonl", ROW)
    pieces = pieces_of(encoder.tokenizer, read_row(encoder, None, TEXT))
    (found,) = marked_articles(encoder, quote_examples([path]))
    assert [TEXT[pieces.starts[n] : pieces.ends[n]] for n in found.cues] == ["said", "added"]
    content = found.parts[0, ROLES.index("content")]
    assert TEXT[pieces.starts[content][0] : pieces.ends[content][-1]] == "\u201cThe toll is fair,\u201d"
    assert found.ids.tolist().count(piece_id(encoder.tokenizer, BREAK)) == 1
    assert piece_id(encoder.tokenizer, "\u201d") in found.ids
    with pytest.raises(ValueError, match="no nonesuch"):
        piece_id(encoder.tokenizer, "nonesuch")


def test_marks_stay_with_their_pieces_when_quotation_marks_are_put_otherwise(classifier: Classifier) -> None:
    encoder = classifier.bundle.encoder
    pieces = pieces_of(encoder.tokenizer, read_row(encoder, None, TEXT))
    restyle, styles = Restyle(encoder.tokenizer), set()
    for seed in range(20):
        ids, kept = restyle(pieces.ids, np.random.default_rng(seed))
        assert len(ids) == kept.sum()
        styles.add(tuple(ids))
    assert len(styles) == 4
    assert marked(pieces, [Attribution((), (), (Span(0, 5),))]).parts.shape == (0, len(ROLES), len(pieces))


def test_agreement_is_counted_in_words_and_in_whole_attributions() -> None:
    ours = [Attribution((Span(25, 33),), (Span(20, 24),), (Span(1, 9),)), Attribution((), (), (Span(46, 75),))]
    theirs = [
        Attribution((Span(29, 33),), (Span(20, 24),), (Span(1, 18),)),
        Attribution((Span(0, 1),), (), (Span(46, 75),)),
    ]
    found = scores(compare_attributions(TEXT, ours, theirs))
    assert found["cue"]["f1"] == 1
    assert found["source"] == {"precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2}
    assert found["attribution"]["f1"] == 1 / 2
    assert scores(compare_attributions(TEXT, theirs, theirs))["attribution"]["f1"] == 1


def test_rules_find_what_stands_in_plain_form() -> None:
    text = '"The toll is fair and needed," said Ana Ruiz. According to the board, it pays. Tom Hale said it must go.'
    found = [(one.source[0].of(text), one.content[0].of(text)) for one in rule_attributions(text)]
    assert found == [
        ("Ana Ruiz.", '"The toll is fair and needed,"'),
        ("the board", "it pays."),
        ("Tom Hale", "it must go."),
    ]


def test_a_recipe_that_is_none_is_refused(tmp_path: Path) -> None:
    assert read_recipe().epochs > 0
    (tmp_path / "recipe.toml").write_text("epochs = 1")
    with pytest.raises(TrainingError, match="not a recipe"):
        read_recipe(tmp_path / "recipe.toml")
