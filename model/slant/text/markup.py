"""HTML cut down to what an extractor reads in bounded time.

A page is read once from front to back, by the rules by which HTML tells tags from text, comments and scripts
(https://html.spec.whatwg.org/#tokenization): what is not closed reaches to the end.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

MOST_TAGS = 50_000
"""Start tags that are read of a page; what stands behind them is cut."""
MOST_ATTRIBUTES = 100
"""Attributes that a tag keeps: a parser compares each with all the others of its tag."""
SHORT = 50_000
"""Characters of a page that is left as it is if no limit is reached."""

NOTHING = "<!---->"
"""Stands in the place of a comment: what it parts must not come together."""
_SPACE = r"\t\n\f\r\x20"
_ATTRIBUTE = (
    rf"[{_SPACE}/]*+[^{_SPACE}/>][^{_SPACE}/>=]*+"
    rf"""(?:[{_SPACE}]*+=[{_SPACE}]*+(?:"[^"]*+"?+|'[^']*+'?+|[^{_SPACE}>]*+))?+"""
)
_MARKUP = re.compile(
    rf"""<!--(?:-?>|.*?(?:--!?>|\Z))
    | <(?P<end>/?)(?P<name>[a-z][^{_SPACE}/>]*+)(?P<attributes>(?:{_ATTRIBUTE})*+)[{_SPACE}/]*+(?P<close>>?)
    | <!doctype(?P<doctype>[^>]*+>?)
    | <[!?/][^>]*+>?""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_ONE_ATTRIBUTE = re.compile(_ATTRIBUTE)
_RAW = {
    name: re.compile(rf"</{name}(?=[{_SPACE}/>])|\Z", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "plaintext")
}
"""Elements in which nothing is a tag, and what ends each."""


class Markup(NamedTuple):
    """A page as an extractor gets it, how many start tags it has, and whether something of it was cut."""

    html: str
    tags: int
    cut: bool


def limited(html: str) -> Markup:
    """Return a page without what goes beyond ``MOST_TAGS`` and ``MOST_ATTRIBUTES``.

    A page that is not ``SHORT`` also loses its comments and what looks like tags inside of scripts, in which an
    extractor's parser may see other tags than are seen here. No text of an article stands there.
    """
    kept, copied, at, tags, cut = list[str](), 0, 0, 0, False
    while found := _MARKUP.search(html, at):
        at = found.end()
        if not found["name"] and found["doctype"] is None:
            kept += html[copied : found.start()], NOTHING
            copied = at
        if not found["name"] or found["end"]:
            continue
        if tags == MOST_TAGS:
            return Markup("".join([*kept, html[copied : found.start()]]), tags, cut=True)
        tags += 1
        if (last := _last_kept(found)) < found.end("attributes"):
            kept.append(html[copied:last])
            copied, cut = found.end("attributes"), True
        if ending := _RAW.get(found["name"].lower()):
            close = ending.search(html, at)
            stop = close.start() if close else len(html)
            if "<" in html[at:stop]:
                kept.append(html[copied:at])
                copied = stop
            at = stop
    if not cut and len(html) <= SHORT:
        return Markup(html, tags, cut=False)
    return Markup("".join([*kept, html[copied:]]), tags, cut)


def _last_kept(tag: re.Match[str]) -> int:
    """Return where the attributes that a tag keeps end."""
    start, end = tag.span("attributes")
    if end - start <= 2 * MOST_ATTRIBUTES:  # each takes two characters at least
        return end
    more = next(islice(_ONE_ATTRIBUTE.finditer(tag.string, start, end), MOST_ATTRIBUTES, None), None)
    return more.start() if more else end
