"""The language of a text, by py3langid (Lui and Baldwin 2012), from its first characters."""

from __future__ import annotations

import io
import lzma
from array import array
from functools import lru_cache
from typing import Any

import numpy as np

SUPPORTED = frozenset({"en"})
UNKNOWN = "und"
NO_LANGUAGE = "zxx"
"""The model's code for what is in no language."""
READ = 1_000
"""Characters looked at: enough to be sure, and the same work for a note as for a book."""
FLOOR = 20.0
"""How much likelier than English another language must be, in units of the logarithm, to be told.

Names, abbreviations and lower case make short English headlines look like many languages, by a little: without a floor
5% of those of up to 80 characters are called something else, with this one 1 in 2,000. Headlines in other languages
have thirty and more.
"""
_CODES = {2: "H", 4: "I"}
"""Of arrays, by the bytes of a number."""


def language_of(cleaned: str) -> str:
    """Return the ISO 639-1 code of a cleaned text's language, ``und`` where it has too few letters to tell it."""
    sample = " ".join(cleaned[:READ].replace("\x1f", " ").split())
    if sum(character.isalpha() for character in sample) < 3:
        return UNKNOWN
    ranked = _model().rank(sample)
    (likeliest, share), english = ranked[0], dict(ranked)["en"]
    if likeliest in SUPPORTED:
        return str(likeliest)
    return UNKNOWN if likeliest == NO_LANGUAGE or share - english < FLOOR else str(likeliest)


def unpack_model() -> None:
    """Unpack the model, if that is still to be done: what it takes is then known to be there."""
    _model()


@lru_cache(maxsize=1)
def _model() -> Any:
    from py3langid import langid  # a second that importing slant does not take

    try:
        return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
    except OSError:  # there is no folder for temporary files, or no room in it
        return _unpacked_in_memory()


def _unpacked_in_memory() -> Any:
    """Return the model as its library unpacks it, which does that in a temporary file to save 70 MB for a moment."""
    from py3langid import langid

    with lzma.open(langid.MODEL_DIR / langid.MODEL_FILE) as packed:
        content = io.BytesIO(packed.read())
    with np.load(content, allow_pickle=False) as data:
        moves, rows = (_numbers(data[name]) for name in ("nextmove", "nextmove_row"))
        found, classes = data["out_feat"].tolist(), data["classes"].tolist()
        return langid.LanguageIdentifier(data["ptc"], data["pc"], classes, moves, found, tk_row=rows)


def _numbers(found: Any) -> array[int]:
    return array(_CODES[found.itemsize], found.tobytes())
