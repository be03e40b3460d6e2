"""Lets a graph find weights in the encoder's file, where the same stand."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx

from slant.errors import TrainingError
from slant.features.lent import LENDER, LENT_BY

WORDS = "bert.embeddings.word_embeddings.weight_quantized"
"""The name that the word embeddings get in a quantised graph."""
SMALL = 10_000
"""Bytes of a weight that is not worth looking for."""


def borrow(path: Path, encoder: bytes) -> None:
    """Take out of a graph every weight that stands in the encoder's file: its word embeddings at least.

    Raises:
        TrainingError: the encoder has other word embeddings.
    """
    if WORDS not in _share(path, encoder, LENDER):
        raise TrainingError("the encoder has other word embeddings than the model was trained with")


def share_weights(path: Path, lender: Path) -> None:
    """Take out of a graph every weight that stands in the file of another, where it is found again when it starts.

    Parameters
    ----------
    path : Path
        The graph; it is written anew.
    lender : Path
        The graph that keeps the weights.
    """
    _share(path, lender.read_bytes(), lender.name)


def _share(path: Path, lender: bytes, name: str) -> set[str]:
    """Return the names of the weights that were taken out."""
    graph = onnx.load(path)
    large = [one for one in graph.graph.initializer if len(one.raw_data) >= SMALL]
    places = {one.name: lender.find(one.raw_data) for one in large}
    shared = {one for one, place in places.items() if place >= 0}
    for one in large:
        if one.name in shared:
            place = {"location": name, "offset": places[one.name], "length": len(one.raw_data)}
            onnx.external_data_helper.set_external_data(one, **place)
            one.ClearField("raw_data")
    told = {prop.key: prop.value for prop in graph.metadata_props}
    onnx.helper.set_model_props(graph, told | {LENT_BY: hashlib.sha256(lender).hexdigest()})
    path.write_bytes(graph.SerializeToString())
    return shared
