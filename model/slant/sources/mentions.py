"""A mention of a source taken apart: the names it is of, the role it gives them, or the words that describe it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from slant.sources.cast import Cast
from slant.sources.names import Name
from slant.text.spans import Span, trim

_LINK = re.compile(r"\s(?:of|for|from|at|in|with|on|by|to|as|who|whose|that|which|representing|familiar)\s")
_EDGE = re.compile(r"[,(;:\u2014]|\s--?\s")
_RELATIVE = re.compile(r"\s(?:who|whose|that|which)\s")
_BEGIN = re.compile(r"(?:(?:of|by|from|to|and|but|as|per|according to|for)\s+)+", re.I)
_AMONG = re.compile(r",?\s(?:including|such as|like|among them)\s", re.I)
_BETWEEN = re.compile(r"(?:,|\s|\band\b|\bor\b|&|\bboth\b)*")


@dataclass(frozen=True, slots=True)
class Mention:
    """What a mention says: ``names`` of its bearers, their ``role``, and ``description``, which calls who has no name.

    ``described``: the description is of somebody beside those named: ``moderates, such as Ana Ruiz``.
    """

    span: Span
    names: tuple[Name, ...]
    role: Span | None
    description: Span
    described: bool


def read_mention(text: str, cast: Cast, span: Span) -> Mention | None:
    """Return what a mention says; ``None`` if nothing is left of it."""
    begin = _BEGIN.match(text, *span)
    span = trim(text, begin.end() if begin else span.start, span.end)
    if not re.search(r"\w", span.of(text)):
        return None
    edges = [found.start() for found in _EDGE.finditer(text, *span)]
    first = trim(text, span.start, edges[0] if edges else span.end)
    own, role = _owners(text, cast, first), _described(text, first)
    if among := _AMONG.search(text, *span):
        return Mention(span, (*own, *cast.between(among.end(), span.end)), None, role, described=not own)
    if own:
        return Mention(span, own, None, first, described=False)
    behind = _behind(text, cast, span, edges)
    return Mention(span, (behind,) if behind else (), first if behind else None, role, described=behind is None)


def _owners(text: str, cast: Cast, segment: Span) -> tuple[Name, ...]:
    """Return the names that a segment is of, not one that only describes: ``aides of Smith``, ``Trump officials``."""
    held = list(cast.between(segment.start, segment.end))
    link = _LINK.search(text, held[0].span.end if held else segment.start, segment.end)
    end = link.start() if link else segment.end
    held = [name for name in held if name.span.end <= end]
    if (
        not held
        or _LINK.search(text, segment.start, held[0].span.start)
        or text[held[-1].span.end : end].strip(" '\"s)")
    ):
        return ()
    apart = all(_BETWEEN.fullmatch(text, one.span.end, _start(two)) for one, two in pairwise(held))
    return tuple(held) if apart else (held[-1],)


def _behind(text: str, cast: Cast, span: Span, edges: list[int]) -> Name | None:
    """Return the name with which a part behind a comma begins: ``the bloc's spokesman, Jon Hale``."""
    for edge in edges:
        name = next(cast.between(edge, span.end), None)
        if name and re.fullmatch(r"[\s,(;:\u2014-]*", text[edge : _start(name)]):
            return name
    return None


def _described(text: str, segment: Span) -> Span:
    """Return the words that describe somebody, without what follows ``who`` and the like."""
    relative = _RELATIVE.search(text, *segment)
    return trim(text, segment.start, relative.start() if relative else segment.end)


def _start(name: Name) -> int:
    return name.title.start if name.title else name.span.start
