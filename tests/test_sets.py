"""Training sets: which rows a head is fitted to."""

from __future__ import annotations

from slant.data.catalog import DataSet
from slant.data.readers import StanceExample
from slant.data.split import Part
from slant.training.sets import TrainingSet


def _example(n: int, text: str) -> StanceExample:
    return StanceExample(id=str(n), title=None, text=text, fields={}, target=f"thing {n}", label="favor", evidence=())


def _set(limit: int | None, *, encoded: bool) -> TrainingSet[StanceExample]:
    examples = [_example(n, f"Article {n % 50} says something.") for n in range(1_000)]
    about = DataSet("a set", "a.jsonl", "nowhere", "-", "none", "", limit=limit)
    return TrainingSet(about, examples, encoded=encoded)


def test_a_limited_set_keeps_whole_articles_side_by_side() -> None:
    whole, kept = _set(None, encoded=False), _set(100, encoded=False).for_heads()
    for part in Part:
        rows = kept.of(part)
        texts = [example.text for example in rows]
        assert texts == sorted(texts)
        assert min(100, len(whole.of(part))) <= len(rows) < 120
        assert all(texts.count(text) == 20 for text in texts)
    assert kept.examples == _set(100, encoded=False).for_heads().examples


def test_heads_are_not_fitted_to_what_the_encoder_was_trained_on() -> None:
    whole = _set(None, encoded=True)
    kept = whole.for_heads()
    assert whole.of(Part.TRAIN)
    assert not kept.of(Part.TRAIN)
    assert len(kept.of(Part.CALIBRATION)) == len(whole.of(Part.CALIBRATION))
