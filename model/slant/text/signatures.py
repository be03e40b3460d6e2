"""What a file is that is no text, by its first bytes."""

from __future__ import annotations

import re

LOOKED_AT = 65_536
"""Bytes that are looked at."""
MOST_CONTROL = 0.01
"""The part of bytes that may be control characters: texts have a stray one now and then."""
_PLAIN = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG\r\n", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"II*\x00", "an image (TIFF)"),
    (b"MM\x00*", "an image (TIFF)"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (such as .doc)"),
    (b"{\\rtf", "a rich text document (.rtf)"),
    (b"\x1f\x8b", "packed (gzip)"),
    (b"BZh", "packed (bzip2)"),
    (b"\xfd7zXZ", "packed (xz)"),
    (b"(\xb5/\xfd", "packed (zstd)"),
    (b"7z\xbc\xaf", "an archive (7z)"),
    (b"Rar!", "an archive (rar)"),
    (b"PAR1", "a table (Parquet)"),
    (b"SQLite format 3", "a database (SQLite)"),
    (b"\x7fELF", "a program"),
    (b"bplist0", "a property list"),
    (b"ID3", "a sound file (MP3)"),
    (b"OggS", "a sound file (Ogg)"),
)
_ZIPPED = (
    (b"word/", "a Word document (.docx)"),
    (b"xl/", "an Excel sheet (.xlsx)"),
    (b"ppt/", "a PowerPoint presentation (.pptx)"),
    (b"application/epub+zip", "a book (.epub)"),
    (b"application/vnd.oasis.opendocument.text", "an OpenDocument text (.odt)"),
    (b"application/vnd.oasis.opendocument", "an OpenDocument file"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MEDIA = re.compile(rb"\A(?:RIFF....(?P<riff>WEBP|WAVE|AVI )|....ftyp)", re.DOTALL)


def what_it_is(raw: bytes) -> str | None:
    """Return what a file is, in words, ``None`` if it may be a text."""
    begin = raw[:LOOKED_AT]
    for signature, what in _PLAIN:
        if begin.startswith(signature):
            return what
    if begin.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return next((what for name, what in _ZIPPED if name in begin or name in raw[-LOOKED_AT:]), "an archive (zip)")
    if media := _MEDIA.match(begin):
        return {b"WEBP": "an image (WebP)", b"WAVE": "a sound file (WAV)"}.get(media["riff"], "a video")
    return "binary data" if len(_CONTROL.findall(begin)) > max(2, MOST_CONTROL * len(begin)) else None


def wide_encoding(raw: bytes) -> str | None:
    """Return the name of UTF-16 where no mark says it: of two bytes one is mostly zero. ``None`` if it is not that."""
    begin = raw[:LOOKED_AT]
    for name, high, low in (("utf-16-le", begin[1::2], begin[::2]), ("utf-16-be", begin[::2], begin[1::2])):
        if high and high.count(0) > 0.7 * len(high) and low.count(0) < 0.05 * len(low):
            return name
    return None
