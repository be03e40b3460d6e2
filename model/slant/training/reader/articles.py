"""From labelled rows to what a reader learns from: articles with their questions, and pairs of a text and one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from slant.data.readers import StanceExample
from slant.data.split import Part
from slant.features.blocks import QUESTION, SENTENCE, TITLE
from slant.labels import OPPOSITE
from slant.targets.normalization import normalize_target
from slant.text.clean import clean, normalise
from slant.text.sentences import sentences
from slant.text.spans import Span
from slant.training.reader.recipe import Family
from slant.types import TokenIds

NAME = 60
"""The most characters of a source's name."""
PAIR = 300
"""The most pieces of a pair's text."""
SHOWN = 3
"""Sentences, the first that a reader marked, that are asked about alone."""
UNSURE = 0.5
"""Weight of a row its reader was unsure of, and of one that is made unrelated."""

Tokenise = Callable[[Sequence[str]], list[TokenIds]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an article, and the answer.

    ``reads`` are the sentences that may be read for it, all if it is None; ``marked`` those that a reader marked.
    Questions of one ``group`` are wordings of one target; in those that are ``turned`` the sides change places.
    """

    pieces: TokenIds
    family: str
    label: str
    weight: float = 1.0
    reads: tuple[int, ...] | None = None
    marked: tuple[int, ...] = ()
    group: int | None = None
    turned: bool = False


@dataclass(frozen=True, slots=True)
class LabelledArticle:
    """An article's pieces, sentence by sentence, and its questions; ``silent`` ask sources of what they do not say."""

    title: TokenIds
    sentences: list[TokenIds]
    questions: list[Question]
    silent: list[Question]
    part: Part
    pool: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A text that is read whole, and one question."""

    text: TokenIds
    question: Question


def ask_source(target: str, name: str) -> str:
    """Return what is asked to learn where a source stands."""
    return f"{normalize_target(target)}, says {name[:NAME]}"


def labelled_articles(
    tokenise: Tokenise,
    targets: Iterable[StanceExample],
    sources: Iterable[StanceExample],
    wordings: Mapping[tuple[str, str], tuple[Sequence[str], Sequence[str]]],
) -> list[LabelledArticle]:
    """Return the articles of a set with all their questions.

    Parameters
    ----------
    tokenise : callable
        Returns the piece ids of each of some texts.
    targets, sources : iterable of StanceExample
        Where articles stand toward targets; where their sources do.
    wordings : mapping
        For a text and a target of it, further wordings of the target and of its opposite.
    """
    by_text: dict[str, tuple[list[StanceExample], list[StanceExample]]] = {}
    for example in targets:
        by_text.setdefault(example.text, ([], []))[0].append(example)
    for example in sources:
        by_text.setdefault(example.text, ([], []))[1].append(example)
    articles = (_article(tokenise, text, *rows, wordings) for text, rows in by_text.items())
    return [article for article in articles if article.sentences and article.questions]


def _article(
    tokenise: Tokenise,
    text: str,
    targets: list[StanceExample],
    sources: list[StanceExample],
    wordings: Mapping[tuple[str, str], tuple[Sequence[str], Sequence[str]]],
) -> LabelledArticle:
    first = (targets or sources)[0]
    cleaned = clean(text)
    spans = sentences(cleaned)
    asked = list[tuple[str, Question]]()
    for group, example in enumerate(targets):
        asked += _of_target(example, group, spans, wordings.get((text, example.target), ((), ())))
    unrelated = [example.target for example in targets if example.label == "unrelated"]
    spoken = [(example, _marked(spans, example.evidence)) for example in sources]
    for example, reads in spoken:
        if reads:
            name = str(example.fields.get("name", "the source"))
            asked.append((ask_source(example.target, name), Question([], "source", example.label, reads=reads)))
    silent = [
        (ask_source(target, str(example.fields.get("name", ""))), Question([], "source", "unrelated", UNSURE, reads))
        for example, reads in spoken
        for target in unrelated
        if reads
    ]
    return LabelledArticle(
        tokenise([normalise(first.title or "")])[0][:TITLE],
        [pieces[:SENTENCE] for pieces in tokenise([span.of(cleaned) for span in spans])],
        _with_pieces(tokenise, asked),
        _with_pieces(tokenise, silent),
        first.part,
        str(first.fields.get("pool", "allsides")),
    )


def _of_target(
    example: StanceExample, group: int, spans: Sequence[Span], more: tuple[Sequence[str], Sequence[str]]
) -> Iterator[tuple[str, Question]]:
    """Yield a target in its own words, in others and turned round, and asked of single marked sentences."""
    weight = UNSURE if example.fields.get("sure") is False else 1.0
    marked = _marked(spans, example.evidence)
    plain = Question([], "article", example.label, weight, marked=marked, group=group)
    yield normalize_target(example.target), plain
    for wording in (*example.same, *more[0]):
        yield normalize_target(wording), plain
    opposite = replace(plain, label=OPPOSITE.get(example.label, example.label), turned=True)
    for wording in (*example.turned, *more[1]):
        yield normalize_target(wording), opposite
    for sentence in marked[:SHOWN]:
        yield normalize_target(example.target), Question([], "window", example.label, weight, reads=(sentence,))


def _marked(spans: Sequence[Span], evidence: Sequence[Span] | None) -> tuple[int, ...]:
    return tuple(n for n, span in enumerate(spans) if any(span.overlaps(one) for one in evidence or ()))


def _with_pieces(tokenise: Tokenise, asked: Sequence[tuple[str, Question]]) -> list[Question]:
    pieces = tokenise([text for text, _ in asked])
    return [replace(question, pieces=ids[:QUESTION]) for ids, (_, question) in zip(pieces, asked, strict=True)]


def labelled_pairs(tokenise: Tokenise, family: Family, examples: Mapping[str, Sequence[StanceExample]]) -> list[Pair]:
    """Return a family's pairs, of each of its sets at most as many rows as the recipe wants, the same ones each time.

    Where a set has more, the rarer labels keep their rows.

    Parameters
    ----------
    tokenise : callable
        Returns the piece ids of each of some texts.
    family : Family
        Its ``sets`` say how many rows of each are wanted.
    examples : mapping
        The rows of each set, by its name.
    """
    chosen = [
        example for name, most in family.sets.items() for example in _balanced(examples[name], family.labels, most)
    ]
    texts = tokenise([normalise(example.text[: 10 * PAIR]) for example in chosen])
    questions = tokenise([normalize_target(example.target) for example in chosen])
    return [
        Pair(text[:PAIR], Question(question[:QUESTION], family.name, example.label))
        for text, question, example in zip(texts, questions, chosen, strict=True)
        if text and question
    ]


def _balanced(examples: Sequence[StanceExample], labels: Sequence[str], most: int) -> list[StanceExample]:
    """Return at most so many rows, as many of each label as there are or as there is room for."""
    by_label = sorted(([one for one in examples if one.label == label] for label in labels), key=len)
    chosen = list[StanceExample]()
    for number, rows in enumerate(by_label):
        share = (most - len(chosen)) // (len(by_label) - number)
        chosen += random.Random(0).sample(rows, min(share, len(rows)))  # noqa: S311 - not a secret
    return chosen
