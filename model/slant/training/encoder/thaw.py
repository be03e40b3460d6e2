"""The weights of a trained encoder, read back from its graph, where they are rounded: near enough to go on from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import onnx
import torch
from onnx import NodeProto
from onnx.numpy_helper import to_array
from torch import Tensor

from slant.types import Floats

LAYERS = "bert.encoder.layer."


def thaw(encoder: bytes) -> dict[str, Tensor]:
    """Return the layers and the output layer that ``export_encoder`` wrote, by their names in ``MultiTaskEncoder``.

    The embeddings are not among them: they are the packaged ones, which are not trained.
    """
    graph = onnx.load_from_string(encoder).graph
    parts = {one.name: to_array(one) for one in graph.initializer}
    found = {name: part for name, part in parts.items() if name.startswith((LAYERS, "outputs.bias"))}
    found["outputs.weight"] = parts["outputs.weight_Transposed"].T
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            name = node.name.strip("/").replace("/", ".").removesuffix(".MatMul_quant")
            found[f"{name}.weight"] = _matrix(parts, node).T
        elif node.op_type == "QAttention":
            found |= _attention(parts, node)
    return {name: torch.from_numpy(part.copy()) for name, part in found.items()}


def _matrix(parts: Mapping[str, Floats], node: NodeProto) -> Floats:
    """Return a node's weights, shape (in, out), from their rounded form and the scale of each column."""
    name = node.input[1].removesuffix("_quantized")
    return parts[f"{name}_quantized"] * parts[f"{name}_scale"]


def _attention(parts: Mapping[str, Floats], node: NodeProto) -> Iterator[tuple[str, Floats]]:
    """Yield the weights and biases of queries, keys and values, which the graph has side by side."""
    layer = node.name.removeprefix("Attention_").removesuffix("_quant")
    weights, biases = _matrix(parts, node), parts[node.input[2]]
    for place, role in enumerate(("query", "key", "value")):
        mine = slice(place * len(weights), (place + 1) * len(weights))
        stem = f"{LAYERS}{layer}.attention.self.{role}"
        yield f"{stem}.weight", weights[:, mine].T
        yield f"{stem}.bias", biases[mine]
