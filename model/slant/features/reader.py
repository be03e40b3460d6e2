"""The reader: two ONNX graphs that share their weights. One reads an article, the other asks what was read.

An article's keys and values are computed once, block by block, whatever is asked of it. A question (a target, or a
target and a source) is a dozen pieces that attend to all blocks, or to the sentences that it is asked of alone. So a
second target costs little more than nothing, and an answer hangs on no other question and on no other article: every
block and every question is a call of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slant.features.blocks import QUESTION, Blocks, Marks
from slant.features.encoder import COLUMNS, encode_each
from slant.features.lent import LENT_BY
from slant.features.vocabulary import read_tokenizer
from slant.types import Bools, Floats, Ints, TokenIds

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

FRAMES = (("<s>", "</s>", "<pad>"), ("[CLS]", "[SEP]", "[PAD]"))
"""The pieces that frame a text, in the tokenizers that are known."""
RARE = 2.0
"""Taken from a sentence's score, as in training: few sentences show an answer."""


@dataclass(frozen=True, slots=True)
class ReadArticle:
    """What was read of an article: ``t`` pieces in all its blocks, one behind the other.

    ``keys`` and ``values`` are (layers, t, width), ``positions`` (t,) count within a block, ``states`` (t, width) are
    those of the last layer, and ``places`` are (first piece, last piece + 1) by the number of the sentence.
    """

    keys: Floats
    values: Floats
    positions: Ints
    states: Floats
    places: dict[int, tuple[int, int]]

    @property
    def sentences(self) -> list[int]:
        """Return the numbers of the sentences that were read, in order."""
        return sorted(self.places)

    def sentence_states(self) -> Floats:
        """Return the mean state of every sentence that was read, (sentences, width)."""
        means = [self.states[slice(*self.places[number])].mean(axis=0) for number in self.sentences]
        return np.array(means, dtype=np.float32).reshape(len(means), self.states.shape[1])

    def mask(self, sentences: Sequence[int] | None = None) -> Bools:
        """Return which pieces may be read, (t,): all, or those of some sentences."""
        mask = np.full(len(self.positions), sentences is None)
        for number in sentences or ():
            if number in self.places:
                mask[slice(*self.places[number])] = True
        return mask


class Answers(NamedTuple):
    """``logits`` (r, columns) of a question by what it was asked of, and ``pointers`` (r, width)."""

    logits: Floats
    pointers: Floats

    def evidence(self, article: ReadArticle) -> Floats:
        """Return how likely each sentence that was read shows the first answer, (sentences,), from 0 to 1."""
        scores = article.sentence_states() @ self.pointers[0] / np.sqrt(self.pointers.shape[1]) - RARE
        return np.asarray(1 / (1 + np.exp(-scores)), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader, ready to read; safe to call from several threads. ``columns`` name the logits."""

    article: InferenceSession = field(repr=False)
    question: InferenceSession = field(repr=False)
    tokenizer: Tokenizer = field(repr=False)
    marks: Marks
    columns: tuple[str, ...] = field(repr=False)

    def tokenise(self, texts: Sequence[str]) -> list[TokenIds]:
        """Return the piece ids of each text, without marks."""
        return [encoding.ids for encoding in encode_each(self.tokenizer, texts)]

    def read(self, blocks: Blocks) -> ReadArticle:
        """Read an article.

        Parameters
        ----------
        blocks : Blocks
            As ``lay_out`` returns them.
        """
        names = ["keys", "values", "states"]
        read = [self.article.run(names, {"ids": np.array([pieces], dtype=np.int64)}) for pieces in blocks.pieces]
        lengths = [len(pieces) for pieces in blocks.pieces]
        starts = np.concatenate([[0], np.cumsum(lengths)]).tolist()
        places = {number: (starts[n] + start, starts[n] + stop) for number, (n, start, stop) in blocks.places.items()}
        return ReadArticle(
            keys=np.concatenate([keys for keys, _, _ in read], axis=1),
            values=np.concatenate([values for _, values, _ in read], axis=1),
            positions=np.concatenate([np.arange(length) for length in lengths]),
            states=np.concatenate([states for _, _, states in read]),
            places=places,
        )

    def ask(self, article: ReadArticle, question: TokenIds, masks: Sequence[Bools]) -> Answers:
        """Ask one question of parts of an article.

        Parameters
        ----------
        article : ReadArticle
            As ``read`` returns it.
        question : list of int
            The question's pieces, without marks; at most ``QUESTION`` are asked.
        masks : sequence of array of bool, shape (t,)
            What may be read for each answer, as ``ReadArticle.mask`` returns it; at least one.
        """
        inputs = {
            "ids": np.array([[self.marks.start, *question[:QUESTION], self.marks.stop]], dtype=np.int64),
            "keys": article.keys,
            "values": article.values,
            "masks": np.array(masks, dtype=np.float32),
        }
        if any(one.name == "positions" for one in self.question.get_inputs()):  # of a model of relative positions
            inputs["positions"] = article.positions
        return Answers(*self.question.run(["logits", "pointers"], inputs))


def load_reader(
    article: bytes, question: bytes, tokenizer: bytes, threads: int | None = None, device: str = "cpu"
) -> Reader:
    """Start a reader from the bytes of its files.

    Parameters
    ----------
    article, question : bytes
        The two graphs; the second finds weights in the first.
    tokenizer : bytes
        A ``tokenizer.json``.
    threads : int, optional
        Cores that one call may use; all that this process may run on, if it is not given.
    device : {"cpu", "cuda"}
        Where it runs.

    Raises
    ------
    OptionError
        The installed onnxruntime does not know the device.
    ValueError
        The graphs do not belong together, or the tokenizer has no marks that are known.
    """
    from slant.features.runtime import start_session

    reading = start_session(article, threads, device)
    asking = start_session(question, threads, device, files={"article.onnx": article})
    told = asking.get_modelmeta().custom_metadata_map
    if told.get(LENT_BY, hashlib.sha256(article).hexdigest()) != hashlib.sha256(article).hexdigest():
        raise ValueError("the question's graph goes with another article's")
    pieces = read_tokenizer(tokenizer)
    return Reader(reading, asking, pieces, _marks(pieces), tuple(json.loads(told[COLUMNS])))


def _marks(tokenizer: Tokenizer) -> Marks:
    pieces: dict[str, int] = tokenizer.get_vocab(with_added_tokens=True)
    for frame in FRAMES:
        if pieces.keys() >= set(frame):
            return Marks(*(pieces[name] for name in frame))
    raise ValueError(f"the tokenizer has none of the marks {FRAMES}")
