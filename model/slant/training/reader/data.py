"""What a reader is trained on, from a folder with the files of the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slant.data.catalog import ARTICLE_SETS, PAIR_SETS, STANCE_SETS, WITHHELD_FILES, DataSet
from slant.data.readers import StanceExample, rows, source_examples, stance_examples
from slant.data.split import Part, text_key, text_keys
from slant.errors import DataError
from slant.training.reader.articles import LabelledArticle, Pair, Tokenise, labelled_articles, labelled_pairs
from slant.training.reader.recipe import Recipe
from slant.types import Watch

NO_CLAIM = "non_claim"
"""The mark of IAM's rows that take no side but are filed under one."""


@dataclass(frozen=True, slots=True)
class ReaderData:
    """Articles by what they are for, and the pairs of every family that has some."""

    articles: Mapping[Part, Sequence[LabelledArticle]]
    pairs: Mapping[str, Sequence[Pair]]


def read_data(recipe: Recipe, folder: Path, tokenise: Tokenise, watch: Watch) -> ReaderData:
    """Read what a recipe wants.

    Parameters
    ----------
    recipe : Recipe
        Its families name sets of the catalog.
    folder : Path
        Holds the catalog's files.
    tokenise : callable
        Returns the piece ids of each of some texts.
    watch : Watch
        Shows the progress.

    Raises
    ------
    DataError
        A file is missing, or a row of it is not in the documented form.
    """
    step = watch("reader: data", len(ARTICLE_SETS) + len(recipe.families))
    withheld = _withheld(folder)
    articles: dict[Part, list[LabelledArticle]] = {part: [] for part in Part}
    for about in ARTICLE_SETS:
        file = folder / about.file
        wordings = _wordings(folder / about.wordings, [file]) if about.wordings else {}
        targets = _kept(stance_examples([file]), withheld)
        sources = _kept(source_examples([file]), withheld)
        for article in labelled_articles(tokenise, targets, sources, wordings):
            articles[article.part].append(article)
        step(1)
    sets = {about.name: about for about in (*STANCE_SETS, *PAIR_SETS)}
    pairs = dict[str, Sequence[Pair]]()
    for family in recipe.families:
        if family.sets:
            examples = {name: _training_rows(folder, sets[name], withheld) for name in family.sets}
            pairs[family.name] = labelled_pairs(tokenise, family, examples)
        step(1)
    return ReaderData(articles, pairs)


def _training_rows(folder: Path, about: DataSet, withheld: frozenset[str]) -> list[StanceExample]:
    """Return the rows of a set that neither heads are fitted to nor anything is measured on."""
    parts = {Part.TRAIN} if about.held_out else {Part.TRAIN, Part.HELD_OUT}
    kept = _kept(stance_examples([folder / about.file]), withheld)
    return [example for example in kept if example.part in parts and example.fields.get("kind") != NO_CLAIM]


def _kept(examples: Iterable[StanceExample], withheld: frozenset[str]) -> list[StanceExample]:
    return [example for example in examples if text_key(example.text) not in withheld]


def _withheld(folder: Path) -> frozenset[str]:
    """Return the keys of texts that are measured on."""
    files = [folder / name for name in WITHHELD_FILES]
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise DataError(f"{missing[0]}: no such file; the folder must hold what slant.data.catalog lists")
    return text_keys(str(row.get("text", "")) for path in files for _, row in rows(path))


def _wordings(path: Path, articles: Iterable[Path]) -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    """Return the wordings that a file of its own has for the targets of articles, by text and target."""
    texts = {str(row["id"]): str(row["text"]) for file in articles for _, row in rows(file)}
    return {
        (texts[str(row["id"])], str(row["target"])): (list(row.get("same") or []), list(row.get("turned") or []))
        for _, row in rows(path)
        if str(row["id"]) in texts
    }
