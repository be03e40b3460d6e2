"""Probabilities of the sample articles: by the float encoder, kept in parity.json, and by the shipped one.

To make the file again after a new encoder (needs the train extra, see CONTRIBUTING):

    python tests/parity.py build/encoder [DATA]

With DATA, the folder of the public sets, it also prints the macro-F1 of both on two of their dev files.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from slant.evaluation.run import evaluate, make_request
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


def dev_figures(classifier: Classifier, data: Path) -> dict[str, float]:
    """Return the macro-F1 on dev files of whole articles and of comments."""
    files = {"gold/stance_gold.dev.jsonl.gz": (), "stance/vast.dev.jsonl.gz": ("favor", "against", "neutral")}
    requests = {
        file: make_request(data=[data / file], task="stance", part=None, labels=labels, masked=False)
        for file, labels in files.items()
    }
    found = {file: evaluate(classifier, one, lambda step, total: lambda done: None) for file, one in requests.items()}
    return {file: figures["macro_f1"] for file, figures in found.items()}


def main(encoder: Path, data: Path | None = None) -> None:
    """Write parity.json from the float graph in ``encoder``, and say how far the shipped one is from it."""
    shipped = load()
    graph, tokenizer = (encoder / "encoder.float.onnx").read_bytes(), (encoder / "tokenizer.json").read_bytes()
    exact = Classifier(replace(shipped.bundle, encoder=load_encoder(graph, tokenizer)))
    wanted, found = probabilities(exact), probabilities(shipped)
    gaps = [abs(a - b) for name in wanted for a, b in zip(wanted[name], found[name], strict=True)]
    print(f"largest gap {max(gaps):.3f}, mean {sum(gaps) / len(gaps):.4f}")
    if data:
        print("float", dev_figures(exact, data), "int8", dev_figures(shipped, data))
    content = {"largest": LARGEST, "mean": MEAN, "probabilities": wanted}
    (ROOT / "tests" / "parity.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
