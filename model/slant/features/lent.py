"""Graphs that find some of their weights in the encoder's file, where the same stand: half of their size, or less."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LENDER = "encoder.onnx"
"""The file in which such a graph finds them."""
LENT_BY = "lent_by"
"""The graph's metadata under this name tells the sha256 of that file."""


def lent_session(graph: bytes, lender: bytes, threads: int | None = None, device: str = "cpu") -> InferenceSession:
    """Start a graph that borrows from ``lender``, the bytes of the encoder's; other arguments as ``load_encoder``.

    Raises:
        OptionError: the installed onnxruntime does not know the device.
        ValueError: it goes with another encoder.
    """
    from slant.features.runtime import start_session

    session = start_session(graph, threads, device, {LENDER: lender})
    wanted = session.get_modelmeta().custom_metadata_map[LENT_BY]
    if wanted != hashlib.sha256(lender).hexdigest():
        raise ValueError(f"a graph goes with the encoder of sha256 {wanted}")
    return session
