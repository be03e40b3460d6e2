"""One form for every spelling of a target: what a user types around the words does not change what is asked."""

from __future__ import annotations

import re
import unicodedata

from slant.text.clean import normalise

_ENCLOSING = "\"'`*_~\u00ab\u00bb\u2039\u203a()[]{}<>"
_AT_THE_END = ".,;:!?\u2026\u3002\uff01\uff1f\u00bf\u00a1-\u2013\u2014"
_HASHTAG = re.compile(r"[#\uff03](?=\w)")
_CAMEL_CASE = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ARTICLE = re.compile(r"(?:the|an?)\s+(?=\S)", re.IGNORECASE)
_OF_ITS_OWN = re.compile(r"a\s*(?:\d|[-+])", re.IGNORECASE)


def normalize_target(target: str) -> str:
    """Return the form in which a target is read.

    Case, a leading article, enclosing quotation marks or brackets, a hash, final punctuation, and white space or
    invisible characters of any kind do not matter: ``the toll``, ``Toll.``, ``#toll`` and ``"the toll"`` become
    ``toll``. A hashtag in camel case is split into its words.

    Parameters
    ----------
    target : str
        A target as the caller typed it.

    Returns
    -------
    str
        The normalized target; the target itself, with its white space collapsed, if nothing else would be left.
    """
    plain = " ".join(normalise(unicodedata.normalize("NFKC", target)).split())
    words = " ".join(_split_hashtag(word) for word in plain.split(" "))
    stripped = words
    while (shorter := _strip_once(stripped)) != stripped:
        stripped = shorter
    return (stripped or plain).casefold()


def _split_hashtag(word: str) -> str:
    """Return the words of a hashtag, wherever the hash stands behind an opening mark; any other word as it is."""
    hashtag = _HASHTAG.search(word)
    if hashtag is None or word[: hashtag.start()].strip(_ENCLOSING):
        return word
    return word[: hashtag.start()] + _CAMEL_CASE.sub(" ", word[hashtag.end() :])


def _strip_once(text: str) -> str:
    """Return a text without one layer of marks around it, or without its article."""
    bare = text.rstrip(_AT_THE_END + " ").strip(" ")
    bare = _without_enclosing(bare).strip(" ")
    article = _ARTICLE.match(bare)
    return bare[article.end() :] if article and not _OF_ITS_OWN.match(bare) else bare


def _without_enclosing(text: str) -> str:
    """Return a text without the marks that enclose it, or without a lone mark at one of its ends."""
    first, last, inside = text[:1], text[-1:], text[1:-1]
    if len(text) > 1 and first in _ENCLOSING and last in _ENCLOSING:
        return inside if first not in inside and last not in inside else text
    if first and first in _ENCLOSING and not _any_mark(text[1:]):
        return text[1:]
    if last and last in _ENCLOSING and not _any_mark(text[:-1]):
        return text[:-1]
    return text


def _any_mark(text: str) -> bool:
    """Return True if a quotation mark or bracket stands in a text."""
    return any(mark in _ENCLOSING for mark in text)
