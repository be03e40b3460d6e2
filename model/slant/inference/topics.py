"""The topics of an answer, from their probabilities."""

from __future__ import annotations

from slant.article import ALL, Topics, TopicScore
from slant.errors import OptionError
from slant.heads.topic import TopicHead
from slant.labels import Topic
from slant.types import Floats


def check_topics(wanted: Topics) -> Topics:
    """Return which topics are wanted.

    Raises
    ------
    OptionError
        It is neither true nor false nor ``"all"``.
    """
    if isinstance(wanted, bool) or (isinstance(wanted, str) and wanted == ALL):
        return wanted
    raise OptionError(f"topics is True, False or {ALL!r}; got {str(wanted)[:40]!r}", field="topics")


def topic_scores(head: TopicHead, first: Floats, second: Floats, *, every: bool) -> tuple[TopicScore, ...]:
    """Return the topics that are given, likeliest first; one of the second level stands after the one above it.

    Parameters
    ----------
    head
        The head that the probabilities are of.
    first, second
        Of every topic of each level, (topics,).
    every
        Whether those of the first level that are not given are wanted too.
    """
    upper, lower = head.given(first[None], second[None])
    below = head.second.labels if head.second else ()
    scores = [_score(*one) for one in zip(head.first.labels, first, upper[0], strict=True) if one[2] or every]
    scores += [_score(*one) for one in zip(below, second, lower[0], strict=True) if one[2]]
    return tuple(sorted(scores, key=lambda score: -score.probability))


def _score(topic: Topic, probability: float, given: bool) -> TopicScore:
    return TopicScore(topic.code, topic.name, round(float(probability), 6), topic.level, topic.broader, bool(given))
