"""Small graphs and tokenizers of one's own, written byte by byte: what a bundle with ill intent might hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

FLOAT, INT64 = 1, 7
EXTERNAL = 1


def number(field: int, value: int) -> bytes:
    """Return a field of a protobuf message that holds a number."""
    return _varint(field << 3) + _varint(value)


def block(field: int, content: bytes | str) -> bytes:
    """Return a field of a protobuf message that holds bytes, text or another message."""
    raw = content.encode() if isinstance(content, str) else content
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def tensor(name: str, shape: Iterable[int], kind: int = FLOAT, raw: bytes | None = None) -> bytes:
    """Return a tensor; without ``raw`` it has no values of its own."""
    dims = b"".join(number(1, size) for size in shape)
    return dims + number(2, kind) + block(8, name) + (b"" if raw is None else block(9, raw))


def external(name: str, shape: Iterable[int], place: Mapping[str, str]) -> bytes:
    """Return a tensor whose values are in a file: ``location``, ``offset`` and ``length``."""
    entries = (block(13, block(1, key) + block(2, value)) for key, value in place.items())
    return tensor(name, shape) + b"".join(entries) + number(14, EXTERNAL)


def node(kind: str, inputs: Iterable[str], outputs: Iterable[str], domain: str = "") -> bytes:
    """Return a node of a graph."""
    ends = b"".join(block(1, name) for name in inputs) + b"".join(block(2, name) for name in outputs)
    return ends + block(4, kind) + block(7, domain)


def value(name: str, shape: Iterable[int | str], kind: int = FLOAT) -> bytes:
    """Return the description of an input or output."""
    dims = (number(1, size) if isinstance(size, int) else block(2, size) for size in shape)
    return block(1, name) + block(2, block(1, number(1, kind) + block(2, b"".join(block(1, dim) for dim in dims))))


def model(
    nodes: Iterable[bytes], weights: Iterable[bytes], inputs: Iterable[bytes], outputs: Iterable[bytes], **told: str
) -> bytes:
    """Return an ONNX file; ``told`` is its metadata."""
    parts = [(1, nodes), (5, weights), (11, inputs), (12, outputs)]
    graph = b"".join(block(field, one) for field, all_ in parts for one in all_) + block(2, "graph")
    domains = block(8, block(1, "") + number(2, 17)) + block(8, block(1, "com.example") + number(2, 1))
    props = b"".join(block(14, block(1, key) + block(2, text)) for key, text in told.items())
    return number(1, 8) + domains + block(7, graph) + props


SIZE = 4_096
"""Values of a weight that is too large to be looked at before it is used."""


def weight(place: Mapping[str, str]) -> bytes:
    """Return a weight whose values are in a file."""
    return external("w", [SIZE], {"offset": "0", "length": str(4 * SIZE), **place})


TAKE = node("Gather", ["w", "x"], ["y"])
ENDS: tuple[list[bytes], list[bytes]] = ([value("x", [2], INT64)], [value("y", [2])])


def plain(place: Mapping[str, str]) -> bytes:
    """Return a graph that gives what an index asks for out of a file."""
    return model([TAKE], [weight(place)], *ENDS)


def tokenizer(**changed: Any) -> bytes:
    """Return a tokenizer of a few pieces."""
    plain_: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "toll": 3}},
    }  # fmt: skip
    return json.dumps(plain_ | changed).encode()
