"""The reader that is trained: an article is read once, and every question about it is asked of what was read.

The pieces of an article attend to their own block of it. The pieces of a question (a target, or a target and a
source) attend to the whole article and to themselves, layer by layer; the article never sees a question. So an
article's keys and values are computed once, whatever is asked, and a question costs a dozen pieces. Decomposed
attention of this kind is Cao et al. 2020 (DeFormer); blocks fused by their reader are Izacard and Grave 2021.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, gelu, scaled_dot_product_attention

BUCKETS, EXACT, FARTHEST = 32, 8, 128
"""MPNet's relative positions: so many buckets, half of them for each direction; exact up to 8, logarithmic to 128."""
FORBIDDEN = -1e4
"""Added to the attention of what may not be read; the lowest number that bfloat16 and float16 keep apart is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """The shape of pretrained weights: a BERT, or an MPNet, whose ``relative`` positions bias its attention."""

    vocabulary: int
    positions: int
    first_position: int
    width: int
    inner: int
    heads: int
    layers: int
    epsilon: float
    relative: bool

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Backbone:
        """Return the shape that a ``config.json`` of a BERT or an MPNet describes."""
        relative = config["model_type"] == "mpnet"
        return cls(
            vocabulary=int(str(config["vocab_size"])),
            positions=int(str(config["max_position_embeddings"])),
            first_position=2 if relative else 0,
            width=int(str(config["hidden_size"])),
            inner=int(str(config["intermediate_size"])),
            heads=int(str(config["num_attention_heads"])),
            layers=int(str(config["num_hidden_layers"])),
            epsilon=float(str(config["layer_norm_eps"])),
            relative=relative,
        )


class Inputs(NamedTuple):
    """A batch of ``n`` articles, each in ``b`` blocks of ``t`` pieces, and their questions.

    ``blocks`` (n * b, t) are piece ids and ``block_mask`` (n * b, t) tells which are there. ``questions`` (n, l) are
    the pieces of all questions of an article, one behind the other; ``positions`` (n, l) count within a question, and
    ``owners`` (n, l) number the questions, -1 for padding. ``readable`` (n, q, b * t) tells what each may read.
    """

    blocks: Tensor
    block_mask: Tensor
    questions: Tensor
    positions: Tensor
    owners: Tensor
    readable: Tensor


class Answers(NamedTuple):
    """What comes out at one layer.

    ``logits`` are (n, q, outputs), ``pointers`` (n, q, width), and ``states``, those of the article, (n * b, t, width).
    The inner product of a pointer with a sentence's mean state tells how much the sentence shows the answer.
    """

    logits: Tensor
    pointers: Tensor
    states: Tensor


class Layer(nn.Module):
    """A transformer layer with its normalisation behind each half, as BERT has it."""

    def __init__(self, shape: Backbone) -> None:
        super().__init__()
        self.heads = shape.heads
        self.query, self.key, self.value, self.mix = (nn.Linear(shape.width, shape.width) for _ in range(4))
        self.attention_norm = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.widen = nn.Linear(shape.width, shape.inner)
        self.narrow = nn.Linear(shape.inner, shape.width)
        self.output_norm = nn.LayerNorm(shape.width, eps=shape.epsilon)

    def split(self, states: Tensor) -> Tensor:
        """Return (..., pieces, width) as (..., heads, pieces, width of a head)."""
        return states.unflatten(-1, (self.heads, -1)).transpose(-3, -2)

    def finish(self, states: Tensor, attended: Tensor, drop: float) -> Tensor:
        """Return the layer's output for its input ``states`` and what its heads ``attended`` to."""
        mixed = self.mix(attended.transpose(-3, -2).flatten(-2))
        states = self.attention_norm(states + dropout(mixed, drop, self.training))
        inner = self.narrow(gelu(self.widen(states)))
        normalised: Tensor = self.output_norm(states + dropout(inner, drop, self.training))
        return normalised


class ReaderNetwork(nn.Module):
    """Reads articles, answers questions at each of some layers, the ``exits``; lower ones make smaller readers."""

    def __init__(self, shape: Backbone, outputs: int, exits: Sequence[int], drop: float = 0.0) -> None:
        super().__init__()
        self.shape, self.exits, self.drop = shape, tuple(exits), drop
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.positions, shape.width)
        self.kinds = nn.Embedding(2, shape.width)  # of a piece: a question's, an article's
        self.distances = nn.Embedding(BUCKETS, shape.heads)
        self.embedding_norm = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(max(exits)))
        self.outputs = nn.ModuleDict({str(exit_): nn.Linear(2 * shape.width, outputs) for exit_ in exits})
        self.pointers = nn.ModuleDict({str(exit_): nn.Linear(2 * shape.width, shape.width) for exit_ in exits})
        nn.init.zeros_(self.kinds.weight)
        nn.init.zeros_(self.distances.weight)

    @property
    def embeddings(self) -> list[nn.Module]:
        """Return the parts below the layers."""
        return [self.words, self.places, self.kinds, self.distances, self.embedding_norm]

    def embed(self, ids: Tensor, positions: Tensor, kind: int) -> Tensor:
        """Return the states of pieces before the first layer."""
        states = self.words(ids) + self.places(positions + self.shape.first_position) + self.kinds.weight[kind]
        return dropout(self.embedding_norm(states), self.drop, self.training)

    def bias(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return what distance adds to attention, (..., heads, queries, keys), for positions (..., n)."""
        biases: Tensor = self.distances(_buckets(keys[..., None, :] - queries[..., :, None]))
        return biases.transpose(-1, -2).transpose(-2, -3)

    def forward(self, inputs: Inputs) -> dict[int, Answers]:
        """Return the answers at every exit."""
        articles, blocks = len(inputs.questions), len(inputs.blocks) // len(inputs.questions)
        article = self.embed(inputs.blocks, torch.arange(inputs.blocks.shape[1]), 1)
        question = self.embed(inputs.questions, inputs.positions, 0)
        block_bias, question_bias = self._biases(inputs, blocks)
        answers = {}
        for depth, layer in enumerate(self.layers, start=1):
            keys, values = layer.split(layer.key(article)), layer.split(layer.value(article))
            own_keys, own_values = layer.split(layer.key(question)), layer.split(layer.value(question))
            read = scaled_dot_product_attention(layer.split(layer.query(article)), keys, values, attn_mask=block_bias)
            asked = scaled_dot_product_attention(
                layer.split(layer.query(question)),
                torch.cat([_side_by_side(keys, articles), own_keys], dim=2),
                torch.cat([_side_by_side(values, articles), own_values], dim=2),
                attn_mask=question_bias,
            )
            article = layer.finish(article, read, self.drop)
            question = layer.finish(question, asked, self.drop)
            if depth in self.exits:
                pooled = _pooled(question.float(), inputs, inputs.readable.shape[1])
                answers[depth] = Answers(self.outputs[str(depth)](pooled), self.pointers[str(depth)](pooled), article)
        return answers

    def _biases(self, inputs: Inputs, blocks: int) -> tuple[Tensor, Tensor]:
        """Return what is added to the attention of blocks, (n * b, 1 or heads, t, t), and of questions."""
        pieces = inputs.blocks.shape[1]
        own = inputs.owners[:, :, None] == inputs.owners[:, None, :]
        owners = inputs.owners.clamp(min=0)[:, :, None].expand(-1, -1, inputs.readable.shape[2])
        readable = torch.cat([inputs.readable.gather(1, owners), own], dim=2)
        block_bias = _forbid(inputs.block_mask[:, None, None, :])
        question_bias = _forbid(readable[:, None])
        if self.shape.relative:
            places = torch.arange(pieces)
            block_bias = block_bias + self.bias(places, places)
            to_article = self.bias(inputs.positions, places).repeat(1, 1, 1, blocks)
            to_itself = self.bias(inputs.positions, inputs.positions)
            question_bias = question_bias + torch.cat([to_article, to_itself], dim=3)
        kind = torch.bfloat16 if torch.is_autocast_enabled(inputs.blocks.device.type) else torch.float32
        return block_bias.to(kind), question_bias.to(kind)


def _forbid(allowed: Tensor) -> Tensor:
    return torch.where(allowed, 0.0, FORBIDDEN)


def _buckets(distances: Tensor) -> Tensor:
    """Return the bucket of each distance, as MPNet counts them."""
    half = BUCKETS // 2
    far = distances.abs()
    scale = (half - EXACT) / math.log(FARTHEST / EXACT)
    logarithmic = EXACT + (torch.log(far.float().clamp(min=1) / EXACT) * scale).long()
    return (distances > 0).long() * half + torch.where(far < EXACT, far, logarithmic.clamp(max=half - 1))


def _side_by_side(states: Tensor, articles: int) -> Tensor:
    """Return the (n * b, heads, t, d) states of blocks as (n, heads, b * t, d): an article's blocks in a row."""
    return states.unflatten(0, (articles, -1)).transpose(1, 2).flatten(2, 3)


def _pooled(states: Tensor, inputs: Inputs, questions: int) -> Tensor:
    """Return (n, q, 2 * width): the first state of every question beside the mean of all of its states."""
    mine = (inputs.owners[:, None, :] == torch.arange(questions)[None, :, None]).to(states.dtype)
    mean = mine @ states / mine.sum(dim=2, keepdim=True).clamp(min=1.0)
    first = (mine * (inputs.positions == 0)[:, None, :]) @ states
    return torch.cat([first, mean], dim=2)
