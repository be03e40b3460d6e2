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
    graph = onnx.load(path)
    large = [one for one in graph.graph.initializer if len(one.raw_data) >= SMALL]
    places = {one.name: encoder.find(one.raw_data) for one in large}
    if places.get(WORDS, -1) < 0:
        raise TrainingError("the encoder has other word embeddings than the model was trained with")
    for one in large:
        if places[one.name] >= 0:
            place = {"location": LENDER, "offset": places[one.name], "length": len(one.raw_data)}
            onnx.external_data_helper.set_external_data(one, **place)
            one.ClearField("raw_data")
    told = {prop.key: prop.value for prop in graph.metadata_props}
    onnx.helper.set_model_props(graph, told | {LENT_BY: hashlib.sha256(encoder).hexdigest()})
    path.write_bytes(graph.SerializeToString())
