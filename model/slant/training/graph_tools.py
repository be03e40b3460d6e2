"""What onnxruntime has to fuse and to quantise graphs with, imported with its telemetry off."""

from __future__ import annotations

from slant.features.runtime import telemetry_off

with telemetry_off():
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers.optimizer import optimize_model

__all__ = ["QuantType", "optimize_model", "quantize_dynamic"]
