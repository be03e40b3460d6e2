"""The encoder: a small transformer in ONNX, int8. It reads a text alone, or a passage beside a target.

Alone, a text becomes a unit-length vector, by which passages that speak of a target are found. Beside a
target, a passage becomes logits, a group of them for each family of labels it was trained on.

One Rust tokenizer feeds the encoder and the word counts, and each text is tokenised once.

Dynamic int8 quantisation takes one scale for a whole batch, so in a batch a vector depends on its
neighbours: with ``BATCH`` = 8 a stance's probability moved by up to 0.09. One text a call makes every
answer independent of its company, to the last bit, and costs 4% on an article (more on headlines).
A graph that is not quantised dynamically can be run with a larger ``batch_size``; it sorts by length.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slant.features.vocabulary import read_tokenizer
from slant.types import Floats, Ints, TokenIds

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

BATCH = 1
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUTS = ("vector", "logits")
COLUMNS = "columns"
"""The graph's metadata under this name tells what each of its logits means, as JSON."""
MAX_TOKENS = 256
"""Tokens in one input, the special ones included; MiniLM was trained on no more."""


class Framed(NamedTuple):
    """Pieces as the graph gets them, and where among them the passage begins (at the end, if there is no target)."""

    ids: TokenIds
    passage: int


@dataclass(frozen=True, slots=True)
class Encoder:
    """An ONNX session and its tokenizer. Safe to call from several threads."""

    session: InferenceSession = field(repr=False)
    tokenizer: Tokenizer = field(repr=False)
    start: int
    stop: int
    columns: tuple[str, ...] = field(repr=False)
    batch_size: int = BATCH

    @property
    def width(self) -> int:
        """Return the number of values in one vector."""
        return int(self.session.get_outputs()[0].shape[1])

    @property
    def vocabulary(self) -> int:
        """Return the number of pieces the tokenizer knows."""
        return int(self.tokenizer.get_vocab_size())

    @property
    def judged(self) -> tuple[str, ...]:
        """Return what the logits of a pair mean: all but those of the topics, which are for texts read alone."""
        return tuple(name for name in self.columns if not name.startswith("topic:"))

    def tokenise(self, texts: Sequence[str]) -> list[TokenIds]:
        """Return the token ids of each text, special tokens left out."""
        return [encoding.ids for encoding in encode_each(self.tokenizer, texts)]

    def embed(self, texts: Sequence[TokenIds]) -> Floats:
        """Return unit-length vectors of shape (n, width) for n tokenised texts; n may be 0."""
        return self.read([self.framed(ids) for ids in texts])[0]

    def judge(self, target: TokenIds, passages: Sequence[TokenIds]) -> Floats:
        """Return logits for n tokenised passages, each read beside the target; n may be 0.

        Their shape is (n, columns); ``judged`` names the columns.
        """
        logits = self.read([self.framed(ids, target) for ids in passages])[1]
        return np.delete(logits, columns_of(self.columns, "topic"), axis=1)

    def read(self, inputs: Sequence[Framed]) -> tuple[Floats, Floats]:
        """Return vectors (n, width) and logits (n, columns) for n framed inputs."""
        vectors = np.zeros((len(inputs), self.width), dtype=np.float32)
        logits = np.zeros((len(inputs), len(self.columns)), dtype=np.float32)
        for rows in _batches([len(framed.ids) for framed in inputs], self.batch_size):
            arrays = dict(zip(INPUTS, pad([inputs[row] for row in rows]), strict=True))
            vectors[rows], logits[rows] = self.session.run(list(OUTPUTS), arrays)
        return vectors, logits

    def framed(self, text: TokenIds, target: TokenIds | None = None) -> Framed:
        """Return a text between the marks that the encoder knows, behind a target if there is one."""
        if target is None:
            ids = [self.start, *text[: MAX_TOKENS - 2], self.stop]
            return Framed(ids, len(ids))
        before = [self.start, *target, self.stop]
        return Framed([*before, *text[: MAX_TOKENS - len(before) - 1], self.stop], len(before))


def encode_each(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Encoding]:
    """Return the encoding of each text, special tokens left out.

    One by one: the tokenizer shares a batch out among threads unless a variable of the environment forbids it, which is
    the caller's to set, and texts are too short for that to pay.
    """
    return [tokenizer.encode(text, add_special_tokens=False) for text in texts]


def columns_of(columns: Sequence[str], family: str) -> Ints:
    """Return which columns, named ``family:label``, belong to a family; none if the encoder does not know it."""
    return np.array([n for n, name in enumerate(columns) if name.startswith(f"{family}:")], dtype=np.int64)


def load_encoder(graph: bytes, tokenizer: bytes, threads: int | None = None, device: str = "cpu") -> Encoder:
    """Build an encoder from the bytes of its two files.

    ``threads`` is the number of cores one call may use (default: all that this process may run on); ``device`` is
    ``cpu``, or ``cuda`` where onnxruntime-gpu is installed.

    Raises:
        OptionError: the installed onnxruntime does not know the device.
        BundleUntrusted: the tokenizer is of a kind that slant does not load.
        ValueError: the two files do not go together.
    """
    from slant.features.runtime import start_session

    session, rust = start_session(graph, threads, device), read_tokenizer(tokenizer)
    start, stop = rust.token_to_id("[CLS]"), rust.token_to_id("[SEP]")
    if start is None or stop is None:
        raise ValueError("the tokenizer has no [CLS] and [SEP]")
    return Encoder(session, rust, start, stop, columns_in(session))


def columns_in(session: InferenceSession) -> tuple[str, ...]:
    """Return what a graph's metadata says that its logits mean.

    Raises:
        ValueError: it does not name each of them, or the graph's outputs are not vectors and logits.
    """
    columns = json.loads(session.get_modelmeta().custom_metadata_map[COLUMNS])
    shapes = {output.name: output.shape for output in session.get_outputs()}
    if tuple(shapes) != OUTPUTS or not all(len(one) == 2 and type(one[1]) is int for one in shapes.values()):
        raise ValueError(f"a graph's outputs are not {' and '.join(OUTPUTS)}, each of a fixed width")
    if not all(type(name) is str for name in columns) or len(columns) != shapes["logits"][1]:
        raise ValueError("a graph does not name each of its logits")
    return tuple(columns)


def _batches(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield rows in batches of like length, so that little is computed on padding."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for start in range(0, len(order), size):
        yield order[start : start + size]


def pad(batch: Sequence[Framed]) -> tuple[Ints, Ints, Ints]:
    """Return ids, mask and types, each of shape (n, longest), padded with zeros."""
    shape = (len(batch), max(len(framed.ids) for framed in batch))
    ids, mask, types = (np.zeros(shape, dtype=np.int64) for _ in INPUTS)
    for row, framed in enumerate(batch):
        length = len(framed.ids)
        ids[row, :length] = framed.ids
        mask[row, :length] = 1
        types[row, framed.passage : length] = 1
    return ids, mask, types
