"""A bundle's tokenizer, read from its file: of known kinds, and with no piece beyond its vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from slant.errors import BundleUntrusted

if TYPE_CHECKING:
    from tokenizers import Tokenizer

KINDS: dict[str, frozenset[str]] = {
    "normalizer": frozenset({"BertNormalizer", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Strip", "StripAccents"}),
    "pre_tokenizer": frozenset(
        {"BertPreTokenizer", "ByteLevel", "Digits", "Metaspace", "Punctuation", "Whitespace", "WhitespaceSplit"}
    ),
    "post_processor": frozenset({"BertProcessing", "ByteLevel", "RobertaProcessing", "TemplateProcessing"}),
    "decoder": frozenset({"BPEDecoder", "ByteLevel", "Metaspace", "WordPiece"}),
    "model": frozenset({"BPE", "Unigram", "WordLevel", "WordPiece"}),
}
"""Kinds that each part of a tokenizer may be of. Those that take a pattern or a table of bytes are not among them:
a pattern may take for ever, and a table that is made up ends the process."""
IN_ORDER = "Sequence"
"""A part of several, each with a kind of its own."""


def read_tokenizer(raw: bytes) -> Tokenizer:
    """Return the tokenizer that a file describes, without padding or truncation.

    Parameters
    ----------
    raw
        The bytes of ``tokenizer.json``.

    Raises
    ------
    BundleUntrusted
        A part of it is of a kind that is not in ``KINDS``, or a piece's number lies beyond the vocabulary.
    """
    from tokenizers import Tokenizer

    content = json.loads(raw)
    for part, allowed in KINDS.items():
        if not set(_kinds(content.get(part))) <= allowed:
            raise BundleUntrusted(f"tokenizer.json: its {part} is of a kind that slant does not load")
    tokenizer = Tokenizer.from_str(json.dumps(content))  # not the file's bytes: what was looked at is what is loaded
    tokenizer.no_padding()
    tokenizer.no_truncation()
    numbers = tokenizer.get_vocab(with_added_tokens=True).values()
    if not numbers or max(numbers) >= tokenizer.get_vocab_size():
        raise BundleUntrusted("tokenizer.json: a piece's number lies beyond its vocabulary")
    return tokenizer


def _kinds(part: Any) -> Iterator[str]:
    """Yield the kind of each part within a part; what has none gets one that is not on any list."""
    left = [] if part is None else [part]
    while left:
        one = left.pop()
        kind = one.get("type") if isinstance(one, dict) else None
        if kind == IN_ORDER:
            left.extend(inner for value in one.values() if isinstance(value, list) for inner in value)
        else:
            yield str(kind)
