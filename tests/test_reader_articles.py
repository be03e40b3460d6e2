"""From labelled rows to questions: wordings, evidence, sources, and what may be read for each."""

from __future__ import annotations

from collections.abc import Sequence

from slant.data.readers import StanceExample
from slant.text.spans import Span
from slant.training.reader.articles import labelled_articles, labelled_pairs
from slant.training.reader.recipe import RECIPES, Family, read_recipe

TEXT = "The toll is unfair. It must go, said Ida Holm. Rovers won the cup on Sunday."


def tokenise(texts: Sequence[str]) -> list[list[int]]:
    """Return a piece for every word: its length."""
    return [[len(word) for word in text.split()] for text in texts]


def example(target: str, label: str, phrase: str | None = None, **fields: object) -> StanceExample:
    start = TEXT.index(phrase) if phrase else 0
    evidence = (Span(start, start + len(phrase)),) if phrase else ()
    same, turned = fields.pop("same", ()), fields.pop("turned", ())
    return StanceExample("1", "A title", TEXT, target, label, evidence, fields, same, turned)  # type: ignore[arg-type]


def test_every_wording_is_a_question_with_the_label_it_must_have() -> None:
    target = example(
        "The toll!", "against", "unfair", same=("road pricing",), turned=("scrapping the toll",), sure=False
    )
    further = {(TEXT, "The toll!"): (("a charge for drivers",), ("free roads",))}
    [article] = labelled_articles(tokenise, [target], [], further)
    asked = [one for one in article.questions if one.family == "article"]
    assert [(one.label, one.turned) for one in asked] == [
        ("against", False),
        ("against", False),
        ("against", False),
        ("favor", True),
        ("favor", True),
    ]
    assert asked[0].pieces == [4]  # "toll", as targets are read
    assert {one.group for one in asked} == {0}
    assert {one.weight for one in asked} == {0.5}
    assert {one.marked for one in asked} == {(0,)}


def test_a_marked_sentence_is_asked_about_alone() -> None:
    [article] = labelled_articles(tokenise, [example("the toll", "against", "unfair")], [], {})
    [window] = [one for one in article.questions if one.family == "window"]
    assert window.reads == (0,)


def test_sources_are_asked_of_their_own_words_and_of_what_they_do_not_speak_of() -> None:
    targets = [example("the toll", "against", "unfair"), example("the war", "unrelated")]
    source = example("the toll", "against", "It must go", name="Ida Holm")
    [article] = labelled_articles(tokenise, targets, [source], {})
    [said] = [one for one in article.questions if one.family == "source"]
    assert said.reads == (1,)
    assert said.pieces == tokenise(["toll, says Ida Holm"])[0]
    assert [(one.label, one.reads) for one in article.silent] == [("unrelated", (1,))]


def test_the_rarer_labels_of_a_set_keep_their_rows() -> None:
    labels = ["favor"] * 3 + ["against"] * 40 + ["neutral"] * 40 + ["odd"] * 9
    rows = [StanceExample(str(n), None, f"text {n}", "t", label, None, {}) for n, label in enumerate(labels)]
    family = Family(name="comment", labels=["favor", "against", "neutral"], sets={"a": 23})
    pairs = labelled_pairs(tokenise, family, {"a": rows})
    counts = [sum(one.question.label == label for one in pairs) for label in family.labels]
    assert counts == [3, 10, 10]


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    recipe = read_recipe(RECIPES["large"])
    assert recipe.rate(0) < 0.05
    assert recipe.rate(recipe.warm_up) == recipe.rate(recipe.steps - recipe.fall) == 1.0
    assert 0 < recipe.rate(recipe.steps - 1) < 0.01


def test_recipes_share_their_families_and_name_every_output() -> None:
    large, small = (read_recipe(path) for path in RECIPES.values())
    assert large.families == small.families
    assert large.sha256 != small.sha256
    assert len(set(large.columns)) == len(large.columns)
    assert {"article:unrelated", "source:neutral", "kind:comment"} <= set(large.columns)
