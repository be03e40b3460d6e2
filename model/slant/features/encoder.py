"""The encoder: a small transformer in ONNX, int8, that turns text into unit-length vectors.

One Rust tokenizer feeds the encoder and the word counts, and each text is tokenised once.

Dynamic int8 quantisation takes one scale for a whole batch, so in a batch a vector depends on its
neighbours: with ``BATCH`` = 8 a stance's probability moved by up to 0.09. One text a call makes every
answer independent of its company, to the last bit, and costs 4% on an article (more on headlines).
A graph that is not quantised dynamically can be run with a larger ``batch_size``; it sorts by length.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from slant.types import Floats, TokenIds

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

BATCH = 1
MAX_TOKENS = 256
"""Tokens in one input, the special ones included; MiniLM was trained on no more."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """An ONNX session and its tokenizer. Safe to call from several threads."""

    session: InferenceSession = field(repr=False)
    tokenizer: Tokenizer = field(repr=False)
    start: int
    stop: int
    batch_size: int = BATCH

    @property
    def width(self) -> int:
        """Return the number of values in one vector."""
        return int(self.session.get_outputs()[0].shape[1])

    @property
    def vocabulary(self) -> int:
        """Return the number of pieces the tokenizer knows."""
        return int(self.tokenizer.get_vocab_size())

    def tokenise(self, texts: Sequence[str]) -> list[TokenIds]:
        """Return the token ids of each text, special tokens left out."""
        if not texts:
            return []
        return [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def embed(self, texts: Sequence[TokenIds]) -> Floats:
        """Return unit-length vectors of shape (n, width) for n tokenised texts; n may be 0."""
        inputs = [self._framed(ids) for ids in texts]
        vectors = np.zeros((len(inputs), self.width), dtype=np.float32)
        for rows in _batches([len(ids) for ids in inputs], self.batch_size):
            vectors[rows] = self.session.run(None, _arrays([inputs[row] for row in rows]))[0]
        return vectors

    def _framed(self, ids: TokenIds) -> TokenIds:
        return [self.start, *ids[: MAX_TOKENS - 2], self.stop]


def load_encoder(graph: bytes, tokenizer: bytes, threads: int | None = None) -> Encoder:
    """Build an encoder from the bytes of its two files.

    ``threads`` is the number of cores one call may use (default: all that this process may run on).
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # a window is too short to share out
    import onnxruntime
    from joblib import cpu_count
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or cpu_count()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    rust = Tokenizer.from_buffer(tokenizer)
    rust.no_padding()
    rust.no_truncation()
    start, stop = rust.token_to_id("[CLS]"), rust.token_to_id("[SEP]")
    if start is None or stop is None:
        raise ValueError("the tokenizer has no [CLS] and [SEP]")
    return Encoder(session, rust, start, stop)


def _batches(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield rows in batches of like length, so that little is computed on padding."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _arrays(batch: list[TokenIds]) -> dict[str, Any]:
    """Return the graph's three inputs, each of shape (n, longest), padded with zeros."""
    shape = (len(batch), max(map(len, batch)))
    names = ("input_ids", "attention_mask", "token_type_ids")
    arrays = {name: np.zeros(shape, dtype=np.int64) for name in names}
    for row, ids in enumerate(batch):
        arrays["input_ids"][row, : len(ids)] = ids
        arrays["attention_mask"][row, : len(ids)] = 1
    return arrays
