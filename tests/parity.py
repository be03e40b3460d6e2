"""Probabilities of the sample articles: by the float encoder, kept in parity.json, and by the shipped one.

To make the file again after a new encoder (needs the train extra, see CONTRIBUTING):

    slant train encoder --out build/encoder && python tests/parity.py build/encoder
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from slant.features.encoder import load_encoder
from slant.inference.classifier import Classifier, load
from support import ROOT, read_samples

LARGEST, MEAN = 0.25, 0.02
"""What int8 may change in one probability, and on average over all of them."""


def probabilities(classifier: Classifier) -> dict[str, list[float]]:
    """Return the stance probabilities of every (sample, target) pair."""
    return {
        f"{sample.name}: {score.target}": list(score.probabilities.values())
        for sample in read_samples()
        for score in classifier.classify(sample.article, [t["target"] for t in sample.targets]).stances
    }


def main(encoder: Path) -> None:
    """Write parity.json from the float graph in ``encoder``, and say how far the shipped one is from it."""
    shipped = load()
    graph, tokenizer = (encoder / "encoder.float.onnx").read_bytes(), (encoder / "tokenizer.json").read_bytes()
    exact = Classifier(replace(shipped.bundle, encoder=load_encoder(graph, tokenizer)))
    wanted, found = probabilities(exact), probabilities(shipped)
    gaps = [abs(a - b) for name in wanted for a, b in zip(wanted[name], found[name], strict=True)]
    print(f"largest gap {max(gaps):.3f}, mean {sum(gaps) / len(gaps):.4f}")
    content = {"largest": LARGEST, "mean": MEAN, "probabilities": wanted}
    (ROOT / "tests" / "parity.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
