"""Export a reader: PyTorch weights in, two ONNX graphs out, one that reads an article and one that asks.

The second finds all that both need in the file of the first, so that a bundle holds the weights once.
"""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from slant.features.encoder import COLUMNS
from slant.training.borrow import share_weights
from slant.training.graph_tools import QuantType, quantize_dynamic
from slant.training.reader.network import FORBIDDEN, Layer, ReaderNetwork

ARTICLE, QUESTION = "article.onnx", "question.onnx"


class ArticleGraph(nn.Module):
    """One block in: its pieces (1, t). Out: keys and values of every layer (layers, t, width), and last states."""

    def __init__(self, network: ReaderNetwork, depth: int) -> None:
        super().__init__()
        self.network, self.depth = network, depth

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return keys, values and the states (t, width) behind the last layer."""
        network = self.network
        places = torch.arange(ids.shape[1])
        states = network.embed(ids, places, 1)
        bias = network.bias(places, places) if network.shape.relative else torch.zeros(())
        all_keys, all_values = list[Tensor](), list[Tensor]()
        for layer in network.layers[: self.depth]:
            keys, values = layer.key(states), layer.value(states)
            all_keys.append(keys[0])
            all_values.append(values[0])
            attended = _attend(layer, layer.query(states), [(keys, values)], bias)
            states = layer.finish(states, attended, 0.0)
        return torch.stack(all_keys), torch.stack(all_values), states[0]


class QuestionGraph(nn.Module):
    """A question in: its pieces (1, l), what was read, and masks (r, t), one for each part that it is asked of.

    ``positions`` (t,) tell where in its block each piece of the article stands. Out: logits (r, outputs) and pointers
    (r, width).
    """

    def __init__(self, network: ReaderNetwork, depth: int) -> None:
        super().__init__()
        self.network, self.depth = network, depth

    def forward(
        self, ids: Tensor, positions: Tensor, keys: Tensor, values: Tensor, masks: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits and pointers for every mask."""
        network = self.network
        places = torch.arange(ids.shape[1])
        states = network.embed(ids, places, 0).expand(masks.shape[0], -1, -1)
        bias = torch.cat([(1 - masks) * FORBIDDEN, masks.new_zeros(masks.shape[0], ids.shape[1])], dim=1)[:, None, None]
        if network.shape.relative:
            bias = bias + torch.cat([network.bias(places, positions), network.bias(places, places)], dim=2)
        for number, layer in enumerate(network.layers[: self.depth]):
            read = (keys[number][None], values[number][None])
            own = (layer.key(states), layer.value(states))
            attended = _attend(layer, layer.query(states), [read, own], bias)
            states = layer.finish(states, attended, 0.0)
        pooled = torch.cat([states[:, 0], states.mean(dim=1)], dim=1)
        return network.outputs[str(self.depth)](pooled), network.pointers[str(self.depth)](pooled)


def _attend(layer: Layer, queries: Tensor, read: list[tuple[Tensor, Tensor]], bias: Tensor) -> Tensor:
    """Return what heads attend to, in parts that need not be of one length nor copied for every row."""
    heads = layer.split(queries)
    scores = [heads @ layer.split(keys).transpose(-2, -1) for keys, _ in read]
    weights = (torch.cat(scores, dim=-1) / heads.shape[-1] ** 0.5 + bias).softmax(dim=-1)
    first = read[0][0].shape[-2]
    parts = [weights[..., :first], weights[..., first:]]
    attended = parts[0] @ layer.split(read[0][1])
    return attended if len(read) == 1 else attended + parts[1] @ layer.split(read[1][1])


def export_reader(network: ReaderNetwork, depth: int, columns: list[str], tokenizer: bytes, out: Path) -> None:
    """Write ``article.onnx``, ``question.onnx`` (int8), their float forms and ``tokenizer.json`` into a folder.

    Parameters
    ----------
    network : ReaderNetwork
        The trained network.
    depth : int
        The exit at which questions are answered; layers above it are left out.
    columns : list of str
        The names of the outputs.
    tokenizer : bytes
        The tokenizer's file.
    out : Path
        The folder; made if it is not there.
    """
    out.mkdir(parents=True, exist_ok=True)
    article, question = ArticleGraph(network, depth).eval(), QuestionGraph(network, depth).eval()
    ids = torch.arange(5, 21)[None]
    with torch.inference_mode():
        keys, values, _ = article(ids)
    masks, places = torch.ones(2, 16), torch.arange(16)
    plain = {ARTICLE: out / "article.float.onnx", QUESTION: out / "question.float.onnx"}
    _trace(article, (ids,), plain[ARTICLE], ("ids",), ("keys", "values", "states"), _ARTICLE_AXES)
    inputs = ("ids", "positions", "keys", "values", "masks")
    _trace(
        question,
        (ids[:, :5], places, keys, values, masks),
        plain[QUESTION],
        inputs,
        ("logits", "pointers"),
        _QUESTION_AXES,
    )
    for name, path in plain.items():
        quantize_dynamic(
            path,
            out / name,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,  # seven bits: processors without VNNI add eight-bit products up wrongly
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
    for path in (plain[QUESTION], out / QUESTION):
        graph = onnx.load(path)
        onnx.helper.set_model_props(graph, {COLUMNS: json.dumps(columns)})
        onnx.save(graph, path)
    share_weights(out / QUESTION, out / ARTICLE)
    (out / "tokenizer.json").write_bytes(tokenizer)


_ARTICLE_AXES = {"ids": {1: "t"}, "keys": {1: "t"}, "values": {1: "t"}, "states": {0: "t"}}
_QUESTION_AXES = {
    "ids": {1: "l"},
    "positions": {0: "t"},
    "keys": {1: "t"},
    "values": {1: "t"},
    "masks": {0: "r", 1: "t"},
    "logits": {0: "r"},
    "pointers": {0: "r"},
}


def _trace(
    module: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    axes: dict[str, dict[int, str]],
) -> None:
    torch.onnx.export(
        module,
        example,
        str(path),
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
