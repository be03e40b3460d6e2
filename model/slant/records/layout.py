"""How a file is laid out, as it is found or as the caller says: its form, encoding, delimiter and escapes."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from slant.errors import OptionError

Form = Literal["lines", "json", "csv", "parquet"]
"""``lines``: an object of JSON a line. ``json``: an array of them, or one after the other over many lines."""
DELIMITERS = ",;\t|"
"""What is looked for between columns, the likeliest first."""
NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
UTF_8 = "utf-8"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How columns are told apart in lines of text.

    Parameters
    ----------
    delimiter
        Stands between columns.
    escape
        Stands before a character that means itself.
    quoted
        Whether quotation marks may stand around a column. Without them, ``\\n`` is the end of a line, as databases
        write it.
    padded
        Whether spaces may stand before a quotation mark.
    """

    delimiter: str
    escape: str | None = None
    quoted: bool = True
    padded: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is laid out. ``skip``: bytes before its rows or header; ``old_mac``: its lines end with ``\\r``."""

    form: Form = "lines"
    packing: str | None = None
    encoding: str = UTF_8
    old_mac: bool = False
    skip: int = 0
    dialect: Dialect | None = None

    @property
    def recoded(self) -> bool:
        """Tell whether its bytes must be turned into others before they can be read."""
        return self.old_mac or self.encoding != UTF_8

    @property
    def onward(self) -> bool:
        """Tell whether it can only be read from its beginning."""
        return self.packing is not None or self.recoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the caller says of how files of text are laid out; ``None``: it is found out."""

    encoding: str | None = None
    delimiter: str | None = None
    escape: str | None = None

    def checked(self) -> Given:
        """Return the same, in the words that are used here.

        Raises
        ------
        OptionError
            There is no such encoding, or a delimiter or an escape is not one character.
        """
        delimiter = self.delimiter and NAMED_DELIMITERS.get(self.delimiter.lower(), self.delimiter)
        escape = "\\" if self.escape in ("backslash", "\\\\") else self.escape
        for name, one in (("delimiter", delimiter), ("escape", escape)):
            if one is not None and (len(one) != 1 or one in '"\r\n' or ord(one) > 127):
                known = ", as ; or tab" if name == "delimiter" else ", as \\"
                raise OptionError(f"--{name} {one!r}: wanted one character{known}", field=name)
        return Given(encoding=self.encoding and _codec(self.encoding), delimiter=delimiter, escape=escape)


def _codec(name: str) -> str:
    """Return the name of an encoding of text."""
    try:
        codec = codecs.lookup(name)
        text = getattr(codec, "_is_text_encoding", True) and codec.incrementaldecoder is not None
    except (LookupError, ValueError, UnicodeError):
        text = False
    if not text:
        near = difflib.get_close_matches(name.lower(), _encodings(), n=3)
        said = f"near it: {', '.join(near)}" if near else "wanted one as cp1252 or utf-16"
        raise OptionError(f"--encoding {name!r}: no such encoding; {said}", field="encoding")
    return UTF_8 if codec.name in ("utf-8", "utf-8-sig") else codec.name


def _encodings() -> Iterable[str]:
    from encodings.aliases import aliases

    return sorted({*aliases, *aliases.values()})
