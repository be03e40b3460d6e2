"""The language of a text, by py3langid (Lui and Baldwin 2012), from its first characters."""

from __future__ import annotations

SUPPORTED = frozenset({"en"})
UNKNOWN = "und"
READ = 1_000
"""Characters looked at: enough to be sure, and the same work for a note as for a book."""


def language_of(cleaned: str) -> str:
    """Return the ISO 639-1 code of a cleaned text's language, ``und`` where it has too few letters."""
    sample = " ".join(cleaned[:READ].replace("\x1f", " ").split())
    if sum(character.isalpha() for character in sample) < 3:
        return UNKNOWN
    import py3langid  # unpacks its model on first use: not a cost of importing slant

    return str(py3langid.classify(sample)[0])
