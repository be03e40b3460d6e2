"""The bytes of a file to its text: as they say themselves, as they can be read, or not at all."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from slant.errors import ArticleError, OptionError
from slant.text.signatures import what_it_is, wide_encoding

DECLARED_WITHIN = 4_096
"""Bytes of a page within which it says how it is encoded."""
LAST_RESORT = "cp1252"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the other's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""\A\s*<\?xml\b[^>]{0,100}?\bencoding\s*=\s*["']([\w.:-]{1,40})["']
    | <meta\b[^>]{0,300}?\bcharset\s*=\s*["']?\s*([\w.:-]{1,40})""",
    re.IGNORECASE | re.VERBOSE,
)
_AS_BROWSERS_DO = {"ascii": LAST_RESORT, "iso8859-1": LAST_RESORT, "iso8859-9": "cp1254", "gb2312": "gb18030"}
"""What pages mean by a name, by the name that Python gives it."""
_BEFORE_A_PAGE = re.compile(r"(?:\s|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body|title|meta)\b", re.IGNORECASE)
_OTHER = re.compile(r"(?><\?xml\b.*?\?>)(?:\s|<!--.*?-->|<[!?][^>]*>)*+<([\w:.-]{1,40})", re.DOTALL | re.IGNORECASE)
PAGES = (".html", ".htm", ".xhtml", ".xht")


class Decoded(NamedTuple):
    """A file's text, and what a reader should know of how it was read, ``None`` if nothing."""

    text: str
    said: str | None = None


def decode(raw: bytes, encoding: str | None = None) -> Decoded:
    """Return the text that a file holds.

    Parameters
    ----------
    raw
        The bytes of the file.
    encoding
        How they are encoded, where the caller knows. Else a byte order mark says it; or they are UTF-8; or the page
        itself says it; or they are taken for Windows-1252, which is said.

    Raises
    ------
    ArticleError
        It is no text, and which kind of file it is; or it is not in ``encoding``.
    OptionError
        There is no such encoding.
    """
    if encoding is not None:
        return _as_told(raw, encoding)
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return Decoded(raw[len(mark) :].decode(name, "replace"))
    if (wide := wide_encoding(raw)) is not None:
        raise ArticleError(f"is in {wide.upper()} without a byte order mark; --encoding {wide} reads it", field="text")
    if (found := what_it_is(raw)) is not None:
        raise ArticleError(f"is no text but {found}", field="text")
    return _as_declared(raw) or _as_it_can_be(raw)


def is_page(name: str, text: str) -> bool:
    """Tell whether a file is HTML, by its name or by how it begins.

    Raises
    ------
    ArticleError
        It is XML of another kind.
    """
    if name.lower().endswith(PAGES):
        return True
    before = _BEFORE_A_PAGE.match(text)
    if _PAGE.match(text, before.end() if before else 0):
        return True
    if other := _OTHER.match(text.lstrip()):
        raise ArticleError(f"is XML (<{other.group(1)}>), and no page and no text", field="text")
    return False


def check_encoding(name: str) -> str:
    """Return an encoding's name.

    Raises
    ------
    OptionError
        There is none of this name.
    """
    try:
        if getattr(codecs.lookup(name), "_is_text_encoding", True):  # base64 and such are codecs too
            return name
    except (LookupError, ValueError):
        pass
    raise OptionError(f"{name!r:.40} is no encoding of text; some are utf-8, utf-16, cp1252, latin-1", field="encoding")


def _as_told(raw: bytes, encoding: str) -> Decoded:
    try:
        text = raw.decode(check_encoding(encoding))
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"is not in {encoding}: byte {error.object[error.start]:#04x} at {error.start:,} cannot stand there",
            field="text",
        ) from error
    return Decoded(text.removeprefix("\ufeff"))


def _as_declared(raw: bytes) -> Decoded | None:
    """Return a page as it says that it is encoded, if it says so, and is.

    What can be read as UTF-8, and is more than ASCII, is UTF-8, whatever a page says that was once in something else.
    """
    found = _DECLARED.search(raw, 0, DECLARED_WITHIN)
    if found is None or (not raw.isascii() and _in_utf8(raw) is not None):
        return None
    try:
        name = codecs.lookup((found[1] or found[2]).decode("ascii", "replace")).name
        name = _AS_BROWSERS_DO.get(name, name)
        if name.startswith(("utf-16", "utf-32")):  # it could not say so in ASCII
            return None
        return Decoded(raw.decode(check_encoding(name)))
    except (LookupError, ValueError, OptionError):
        return None


def _as_it_can_be(raw: bytes) -> Decoded:
    text = _in_utf8(raw)
    if text is not None:
        return Decoded(text)
    said = "is not in UTF-8; read as Windows-1252 (--encoding names another)"
    return Decoded(raw.decode(LAST_RESORT, "replace"), said)


def _in_utf8(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
