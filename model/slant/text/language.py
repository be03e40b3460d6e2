"""The language of a text, by py3langid (Lui and Baldwin 2012), from its first characters."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from slant.errors import SlantError

SUPPORTED = frozenset({"en"})
UNKNOWN = "und"
READ = 1_000
"""Characters looked at: enough to be sure, and the same work for a note as for a book."""
ROOM = 70
"""Megabytes that the model takes while it is unpacked."""


def language_of(cleaned: str) -> str:
    """Return the ISO 639-1 code of a cleaned text's language, ``und`` where it has too few letters.

    Raises
    ------
    SlantError
        The model cannot be unpacked.
    """
    sample = " ".join(cleaned[:READ].replace("\x1f", " ").split())
    if sum(character.isalpha() for character in sample) < 3:
        return UNKNOWN
    return str(_model().classify(sample)[0])


def unpack_model() -> None:
    """Unpack the model, if that is still to be done: what it takes is then known to be there.

    Raises
    ------
    SlantError
        It cannot be unpacked.
    """
    _model()


@lru_cache(maxsize=1)
def _model() -> Any:
    from py3langid import langid  # a second that importing slant does not take

    try:
        return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
    except OSError as error:
        raise SlantError(
            f"the model of languages cannot be unpacked: {error.strerror or error}; it takes {ROOM} MB for a moment, "
            "in the folder for temporary files (TMPDIR)"
        ) from error
