"""Cleaning that never moves a character.

``clean`` returns a string exactly as long as its input: odd characters are replaced one for one,
and boilerplate is overwritten with ``HOLE``, which every later step treats as the end of a passage.
An offset into the cleaned text is therefore an offset into the caller's text, with nothing to map.

No pattern matches a ``HOLE``, so overwriting can only take matches away: cleaning twice is cleaning once.
"""

from __future__ import annotations

import re
from functools import cache

from slant.text.boilerplate import INLINE, LINE, LONGEST_LINE

HOLE = "\x1f"

_SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032\u02bc\uff07"
_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u2033\uff02\u00ab\u00bb"
_SPACES = "\t\x0b\x0c\r\x1c\x1d\x1e\x85\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BREAKS = "\u2028\u2029"
_INVISIBLE = "\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
_CONTROL = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
_ODD = re.compile(f"[{_SINGLE_QUOTES}{_DOUBLE_QUOTES}{_SPACES}{_BREAKS}{_INVISIBLE}{_CONTROL}\ud800-\udfff]")


def clean(text: str) -> str:
    """Return ``text`` with odd characters normalised and boilerplate overwritten, length unchanged.

    Linear in the length of ``text``; accepts any string, lone surrogates included.
    """
    plain = INLINE.sub(_blank, normalise(text))
    return "\n".join(_clean_line(line) for line in plain.split("\n"))


def normalise(text: str) -> str:
    """Return ``text`` with odd characters replaced one for one: what a title or a target needs of cleaning."""
    return _ODD.sub(lambda match: _stand_in(match.group()), text)


def is_blank(cleaned: str) -> bool:
    """Tell whether nothing readable is left in a cleaned text."""
    return not cleaned.replace(HOLE, " ").replace("\u00ad", " ").strip()


@cache
def _stand_in(character: str) -> str:
    """Return the one character that takes the place of an odd one."""
    if character in _SINGLE_QUOTES:
        return "'"
    if character in _DOUBLE_QUOTES:
        return '"'
    if character in _BREAKS:
        return "\n"
    return "\ufffd" if "\ud800" <= character <= "\udfff" else " "


def _clean_line(line: str) -> str:
    words = line.strip()
    if not words or len(words) > LONGEST_LINE or not LINE.fullmatch(words):
        return line
    return HOLE * len(line)


def _blank(match: re.Match[str]) -> str:
    """Overwrite a match, keeping its line breaks: they still part paragraphs."""
    return re.sub(r"[^\n]", HOLE, match.group())
