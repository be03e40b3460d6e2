"""Probabilities that mean what they say: calibration on the logits, on data no head was fitted to."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from slant.types import Floats, Ints


def fit_temperature(logits: Floats, truth: Ints, weights: Floats | None = None) -> float:
    """Return the temperature (Guo et al. 2017) that makes ``truth`` likeliest; logits are (n, classes)."""
    if len(truth) == 0:
        return 1.0

    def loss(log_temperature: float) -> float:
        chosen = log_softmax(logits / np.exp(log_temperature), axis=1)[np.arange(len(truth)), truth]
        return -float(np.average(chosen, weights=weights))

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def with_temperature(logits: Floats, temperature: float) -> Floats:
    """Return probabilities of shape (n, classes), each row summing to one."""
    return np.asarray(softmax(logits / temperature, axis=1))
