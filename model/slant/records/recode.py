"""Text in any encoding as UTF-8 whose lines end with a line feed. What cannot be decoded stays what no UTF-8 holds."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, cast

from slant.records.layout import Layout

BLOCK = 2**20
"""Bytes read at a time."""
UNDECODED = "\udcff"
"""Stands for bytes that cannot be decoded: a row that has it is refused by whoever decodes it."""


def _keep_place(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNDECODED, error.end


codecs.register_error("slant.undecoded", _keep_place)


def recoded(stream: BinaryIO, layout: Layout) -> BinaryIO:
    """Return a stream of the same text in UTF-8, or the stream itself if that is what it holds."""
    return cast(BinaryIO, io.BufferedReader(_Recoded(stream, layout), BLOCK)) if layout.recoded else stream


def in_utf_8(content: bytes, layout: Layout) -> bytes:
    """Return the beginning of a file as ``recoded`` gives it."""
    return _Recoder(layout).turned(content, last=False)


class _Recoder:
    """Turns bytes into others, piece by piece."""

    def __init__(self, layout: Layout) -> None:
        self._decoder = codecs.getincrementaldecoder(layout.encoding)("slant.undecoded")
        self._old_mac = layout.old_mac

    def turned(self, raw: bytes, *, last: bool) -> bytes:
        text = self._decoder.decode(raw, last)
        return (text.replace("\r", "\n") if self._old_mac else text).encode("utf-8", "surrogatepass")


class _Recoded(io.RawIOBase):
    def __init__(self, stream: BinaryIO, layout: Layout) -> None:
        self._stream, self._recoder = stream, _Recoder(layout)
        self._held, self._ended = memoryview(b""), False

    def readable(self) -> bool:
        return True

    def readinto(self, room: memoryview) -> int:  # type: ignore[override]
        while not self._held and not self._ended:
            raw = self._stream.read(BLOCK)
            self._ended = not raw
            self._held = memoryview(self._recoder.turned(raw, last=self._ended))
        n = min(len(room), len(self._held))
        room[:n], self._held = self._held[:n], self._held[n:]
        return n

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._stream.close()
        super().close()
