"""Text of others in a terminal: what it holds beside characters is shown as such, and not obeyed."""

from __future__ import annotations

import re

MARK = "\N{REPLACEMENT CHARACTER}"
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, all but tab and line feed
    "\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that turn the direction of what follows
    "\ud800-\udfff]"  # halves of characters, which cannot be written
)


def printable(text: str) -> str:
    """Return a text that a terminal shows and does nothing else with.

    Parameters
    ----------
    text
        From an article, a file's name, a bundle.

    Returns
    -------
    str
        The same with ``MARK`` for every character that a terminal would obey. Tabs and line feeds stay.
    """
    return _OBEYED.sub(MARK, text)
