"""What all workers need, loaded once before they part, so that they share its memory. Importing this is loading it."""

from __future__ import annotations

import gc

import sklearn.ensemble
import sklearn.neural_network
import skops.io
import tokenizers
import trafilatura

from slant.features.runtime import onnxruntime
from slant.text.language import language_of

__all__ = ["onnxruntime", "sklearn", "skops", "tokenizers", "trafilatura"]

language_of("The model of languages is unpacked at its first use.")
gc.freeze()  # what is collected no more is written to no more, and stays shared
