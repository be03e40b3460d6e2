"""Many articles, one after the other: what is wrong with one of them need not end the rest."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypedDict, Unpack, overload

from slant.article import AUTO, AnyTargets, Article, Judgement, Targets, Topics, check_targets
from slant.errors import ArticleError, InputError, OptionError
from slant.inference.given import is_auto
from slant.values import kind_of


class Options(TypedDict, total=False):
    """What to say of an article, and how sure to be; see ``Classifier.classify``."""

    topics: Topics
    evidence: bool
    sources: bool
    min_confidence: float | None
    coverage: float | None
    withhold: Iterable[str]


class ManyArticles:
    """What classifies one article, and therefore many."""

    @abstractmethod
    def classify(self, article: Article, targets: AnyTargets = (), **options: Unpack[Options]) -> Judgement:
        """Say what an article is about, and where it stands toward each target."""

    @overload
    def classify_many(
        self,
        articles: Iterable[Article],
        targets: AnyTargets = (),
        *,
        on_error: Literal["raise"] = "raise",
        **options: Unpack[Options],
    ) -> Iterator[Judgement]: ...

    @overload
    def classify_many(
        self,
        articles: Iterable[Article],
        targets: AnyTargets = (),
        *,
        on_error: Literal["return"],
        **options: Unpack[Options],
    ) -> Iterator[Judgement | InputError]: ...

    def classify_many(
        self,
        articles: Iterable[Article],
        targets: AnyTargets = (),
        *,
        on_error: Literal["raise", "return"] = "raise",
        **options: Unpack[Options],
    ) -> Iterator[Judgement] | Iterator[Judgement | InputError]:
        """Classify articles one after the other, toward the same targets; order is kept, memory bounded.

        Parameters
        ----------
        articles
            As many as there are; one is taken when the one before it is answered.
        targets
            As for ``classify``.
        on_error
            What becomes of an article that cannot be read: ``raise`` ends with its error, ``return`` gives the error
            in its place and goes on.
        options
            As for ``classify``.

        Raises
        ------
        TargetError
            A target is blank or too long.
        OptionError
            An option is something else than it may be.
        ArticleError
            An article cannot be read, and errors are not to be returned; or no articles were given.
        """
        if on_error not in ("raise", "return"):
            raise OptionError(f"wanted 'raise' or 'return', got {on_error!r:.40}", field="on_error")
        if isinstance(articles, Article | str) or not isinstance(articles, Iterable):
            raise ArticleError(f"wanted several articles, as in a list, got {kind_of(articles)}", field="articles")
        wanted: Targets = AUTO if is_auto(targets) else check_targets(targets)
        return self._each(articles, wanted, on_error == "return", options)

    def _each(
        self, articles: Iterable[Article], targets: Targets, go_on: bool, options: Options
    ) -> Iterator[Judgement | Any]:
        for article in articles:
            try:
                yield self.classify(article, targets, **options)
            except OptionError:  # it would be the same for every article
                raise
            except InputError as error:
                if not go_on:
                    raise
                yield error
