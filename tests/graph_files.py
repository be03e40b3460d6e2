"""Small ONNX files of one's own, written byte by byte: what a bundle with ill intent might hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
