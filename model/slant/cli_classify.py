"""``slant classify``: files in, a table or lines of JSON out. One that cannot be read costs its own line alone."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slant.cli_score import chosen_targets, chosen_topics
from slant.errors import ArticleError, InputError, OptionError
from slant.terminal import printable

if TYPE_CHECKING:
    from slant.article import Article

STANDARD_INPUT = "-"
BundleOption = Annotated[str, typer.Option("--bundle", help="A bundle's folder, or 'default'.")]


def classify(
    files: Annotated[list[str], typer.Argument(help="Text or HTML files; '-' reads standard input.")],
    target: Annotated[list[str] | None, typer.Option("--target", "-t", help="What a stance is toward.")] = None,
    auto_targets: Annotated[bool, typer.Option("--auto-targets", help="Propose up to five for each article.")] = False,
    title: Annotated[str | None, typer.Option(help="The article's title.")] = None,
    all_topics: Annotated[
        bool, typer.Option("--all-topics", help="Add the probability of every topic of the first level.")
    ] = False,
    sources: Annotated[bool, typer.Option("--sources", help="Add who says what, and where each stands.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line an article.")] = False,
    min_confidence: Annotated[float, typer.Option(help="Below this confidence a stance gets no label.")] = 0.0,
    coverage: Annotated[
        float | None, typer.Option(help="Add sets of labels that are right this often, as 0.9.")
    ] = None,
    withhold: Annotated[
        list[str] | None, typer.Option(help="A warning at which no label is given, as not-an-article.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of the files; what each says itself, or UTF-8, if not set.")
    ] = None,
    bundle: BundleOption = "default",
) -> None:
    """Classify articles: topics, and a stance with its evidence toward every --target."""
    from slant.article import AUTO, check_targets
    from slant.inference.caution import Caution
    from slant.inference.classifier import load
    from slant.show import show
    from slant.text.decode import check_encoding

    named = chosen_targets(target, auto_targets)
    targets, topics = named if named == AUTO else check_targets(named), chosen_topics(some=True, every=all_topics)
    Caution(min_confidence=min_confidence, coverage=coverage, withhold=tuple(withhold or ())).check(None)
    if encoding is not None:
        check_encoding(encoding)
    classifier, failed = load(bundle, abstain=min_confidence), 0
    for name in files:
        try:
            judgement = classifier.classify(
                _article(name, title, encoding),
                targets,
                topics=topics,
                sources=sources,
                coverage=coverage,
                withhold=withhold or (),
            )
        except OptionError:
            raise
        except InputError as error:
            failed += 1
            complain(f"{name}: {error}")
            continue
        if as_json or not sys.stdout.isatty():
            typer.echo(json.dumps(judgement.to_dict(), ensure_ascii=True))
        else:
            show(judgement, name)
    if failed:
        raise typer.Exit(2 if failed == len(files) else 3)


def _article(name: str, title: str | None, encoding: str | None) -> Article:
    """Return the article that a file holds; its id is the file's name, as it was typed."""
    from slant.article import Article
    from slant.text.decode import decode, is_page

    try:
        raw = sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
    except (OSError, ValueError) as error:  # the second where a name cannot be one
        raise ArticleError(f"cannot be read: {getattr(error, 'strerror', None) or error}", field="text") from error
    found = decode(raw, encoding)
    if found.said is not None:
        complain(f"{name}: {found.said}")
    known_as = None if name == STANDARD_INPUT else os.fsencode(name).decode("utf-8", "replace")
    if is_page(name, found.text):
        return Article(html=found.text, title=title, id=known_as)
    return Article(text=found.text, title=title, id=known_as)


def complain(message: str) -> None:
    """Say on standard error what goes wrong, in one line that no terminal obeys."""
    typer.echo(f"slant: {printable(' '.join(message.split()))}", err=True)
