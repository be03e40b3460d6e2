"""Export the attribution model: PyTorch weights in, one quantised ONNX graph out."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch

from slant.training.attribution.network import AttributionNetwork, load_network
from slant.training.borrow import borrow
from slant.training.graph_tools import QuantType, optimize_model, quantize_dynamic

INPUTS, OUTPUTS = ("input_ids", "attention_mask"), ("cue", "parts")


def export_attribution(network: AttributionNetwork, weights: Path, encoder: bytes, out: Path) -> Path:
    """Write ``attribution.onnx`` (int8) and ``attribution.float.onnx`` into ``out``; ``weights`` is MiniLM's folder.

    ``encoder`` is the graph of the encoder whose word embeddings the int8 one borrows; errors as ``borrow``.
    """
    out.mkdir(parents=True, exist_ok=True)
    plain, quantised = out / "attribution.float.onnx", out / "attribution.onnx"
    layers = network.bert.config.num_hidden_layers
    eager = load_network(weights, layers, network.width, network.reach, attention="eager")  # the form that can be fused
    eager.load_state_dict(network.state_dict())
    _trace(eager.eval(), plain)
    config = eager.bert.config
    fused = optimize_model(
        str(plain), model_type="bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size
    )
    fused.save_model_to_file(str(plain))
    quantize_dynamic(
        plain,
        quantised,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,  # seven bits: processors without VNNI add eight-bit products up wrongly
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},  # fused nodes carry no type
    )
    borrow(quantised, encoder)
    return quantised


def _trace(model: AttributionNetwork, path: Path) -> None:
    axes = {"cue": {0: "batch", 1: "tokens"}, "parts": {0: "batch", 2: "tokens", 3: "tokens"}}
    torch.onnx.export(
        model,
        tuple(torch.ones(2, 8, dtype=torch.long) for _ in INPUTS),
        str(path),
        input_names=list(INPUTS),
        output_names=list(OUTPUTS),
        dynamic_axes=axes | {name: {0: "batch", 1: "tokens"} for name in INPUTS},
        opset_version=17,
        dynamo=False,
    )
