"""The network that is trained: one MiniLM, its single-text vector, and an output layer for every family.

The vector (mean of the tokens, length one) finds the passages that speak of a target; the outputs judge
a target and a passage read together. Both come from the same weights, so a bundle holds one encoder.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import AutoModel


class MultiTaskEncoder(nn.Module):
    """A BERT with ``outputs`` linear outputs on its first token's state beside the mean of all of them."""

    def __init__(self, bert: nn.Module, outputs: int) -> None:
        super().__init__()
        self.bert = bert
        self.outputs = nn.Linear(2 * bert.config.hidden_size, outputs)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return unit vectors (n, hidden) and logits (n, outputs) for three arrays of shape (n, tokens)."""
        states = self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0)
        return normalize(mean, dim=1), self.outputs(torch.cat([states[:, 0], mean], dim=1))


def load_network(weights: Path, outputs: int, *, dropout: float = 0.0, attention: str = "sdpa") -> MultiTaskEncoder:
    """Return the packaged MiniLM with fresh output layers; its word embeddings are not trained."""
    return MultiTaskEncoder(load_bert(weights, dropout, attention), outputs)


def load_bert(weights: Path, dropout: float, attention: str, layers: int | None = None) -> nn.Module:
    """Return the packaged MiniLM, or its lowest ``layers``; its word embeddings are not trained."""
    fewer = {} if layers is None else {"num_hidden_layers": layers}
    bert: nn.Module = AutoModel.from_pretrained(
        weights,
        attn_implementation=attention,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=0.0,
        add_pooling_layer=False,
        local_files_only=True,
        **fewer,
    )
    bert.embeddings.requires_grad_(False)
    return bert


def parameter_groups(network: MultiTaskEncoder, rate: float, decay: float) -> list[dict[str, object]]:
    """Return the weights with their learning rates: ``rate`` at the top, ``decay`` times less each layer down."""
    return [{"params": list(network.outputs.parameters()), "lr": rate}, *layer_groups(network.bert, rate, decay)]


def layer_groups(bert: nn.Module, rate: float, decay: float) -> list[dict[str, object]]:
    """Return the layers that are trained with their learning rates, the top one first."""
    layers = [[one for one in layer.parameters() if one.requires_grad] for layer in reversed(list(bert.encoder.layer))]
    return [{"params": layer, "lr": rate * decay**depth} for depth, layer in enumerate(layers) if layer]
