"""The attribution model: for every piece, does a cue begin here, and which pieces are that cue's parts?

A cue is compared with every piece around it, for each role apart, by projections of both and by how far they
are from each other; so quotations may nest and lie on both sides of their cue. The form is that of graph-based
parsers (Dozat and Manning 2017, Deep Biaffine Attention).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from slant.sources.attribution import ROLES
from slant.training.encoder.network import layer_groups, load_bert


class AttributionNetwork(nn.Module):
    """A BERT with an output for cues, and projections of ``width`` values for every role."""

    def __init__(self, bert: nn.Module, width: int, reach: int) -> None:
        super().__init__()
        hidden = bert.config.hidden_size
        self.bert, self.width, self.reach = bert, width, reach
        self.cue = nn.Linear(hidden, 1)
        self.asking = nn.Linear(hidden, len(ROLES) * width)
        self.answering = nn.Linear(hidden, len(ROLES) * width)
        self.distance = nn.Embedding(2 * reach + 1, len(ROLES))
        nn.init.zeros_(self.distance.weight)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (n, tokens) that a cue begins, and (n, roles, tokens, tokens) that a piece is a cue's part."""
        states = self.bert(input_ids, attention_mask).last_hidden_state
        asking, answering = self._split(self.asking(states)), self._split(self.answering(states))
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        apart = (places[None, :] - places[:, None]).clamp(-self.reach, self.reach) + self.reach
        near = self.distance(apart).permute(2, 0, 1)
        parts = asking @ answering.transpose(2, 3) / self.width**0.5 + near[None]
        return self.cue(states).squeeze(2), parts

    def _split(self, projected: Tensor) -> Tensor:
        """Return (n, roles, tokens, width) for (n, tokens, roles * width)."""
        return projected.unflatten(2, (len(ROLES), self.width)).transpose(1, 2)


def load_network(
    weights: Path, layers: int, width: int, reach: int, *, dropout: float = 0.0, attention: str = "sdpa"
) -> AttributionNetwork:
    """Return the lowest ``layers`` of the packaged MiniLM with fresh outputs; its word embeddings are not trained."""
    return AttributionNetwork(load_bert(weights, dropout, attention, layers), width, reach)


def parameter_groups(network: AttributionNetwork, rate: float, decay: float) -> list[dict[str, object]]:
    """Return the weights with their learning rates, of the outputs twice that of the top layer."""
    outputs = [network.cue, network.asking, network.answering, network.distance]
    own = [parameter for one in outputs for parameter in one.parameters()]
    return [{"params": own, "lr": 2 * rate}, *layer_groups(network.bert, rate, decay)]
