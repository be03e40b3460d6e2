"""What word counts alone reach on stance: the baseline beside which the bundle's figures are read.

Run: python tests/bench/word_counts.py ../shared/data. The same sets, weights and parts as the embedded
bundle's stance head; tf-idf of the article, tf-idf of the target, their product, one logistic regression.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from slant.data.readers import StanceExample, stance_examples
from slant.data.split import Part
from slant.evaluation.metrics import fnc_score, macro_f1
from slant.labels import STANCES
from slant.training.sets import default_sets

THREE = ("favor", "against", "neutral")


def features(vectoriser: TfidfVectorizer, examples: Sequence[StanceExample]) -> csr_matrix:
    """Return (n, 3 * words): the article's words, the target's, and those in both."""
    articles = vectoriser.transform(f"{example.title or ''} {example.text}" for example in examples)
    targets = vectoriser.transform(example.target for example in examples)
    return hstack([articles, targets, articles.multiply(targets)], format="csr")


def fit(folder: Path) -> tuple[TfidfVectorizer, LogisticRegression]:
    """Return the vectoriser and the model fitted to the training part of the catalog's stance sets."""
    rows = [
        (example, one.about.weight)
        for one in default_sets(folder)[1]
        for example in one.examples
        if example.part is not Part.HELD_OUT
    ]
    examples, weights = zip(*rows, strict=True)
    vectoriser = TfidfVectorizer(sublinear_tf=True, min_df=3, max_features=40_000)
    vectoriser.fit({example.text for example in examples})
    model = LogisticRegression(C=3.0, max_iter=1_000)
    labels = [STANCES.index(example.label) for example in examples]
    return vectoriser, model.fit(features(vectoriser, examples), labels, sample_weight=weights)


def held_out(paths: Iterable[Path]) -> list[StanceExample]:
    """Return the held-out examples of the files."""
    return [example for example in stance_examples(paths) if example.part is Part.HELD_OUT]


def main(folder: Path) -> None:
    """Print macro-F1 of the word counts, and of the majority class, on every set."""
    vectoriser, model = fit(folder)
    stance, gold = folder / "stance", folder / "gold"
    vast = list(stance_examples([stance / "vast.dev.jsonl.gz"]))
    fnc = [e for e in stance_examples([stance / "fnc1.train.jsonl.gz"]) if e.fields.get("holdout_body") is True]
    sets = {
        "stance_gold.dev": (list(stance_examples([gold / "stance_gold.dev.jsonl.gz"])), STANCES),
        "stance_silver, held out": (held_out([gold / "stance_silver.train.jsonl.gz"]), STANCES),
        "VAST dev": (vast, THREE),
        "VAST dev, seen=0": ([example for example in vast if example.fields["seen"] == 0], THREE),
        "FNC-1, held-out bodies": (fnc, STANCES),
        "NewsMTSC, held out": (held_out([stance / "newsmtsc.train.jsonl.gz"]), THREE),
        "SEESAW-article dev": (list(stance_examples([stance / "seesaw_article.dev.jsonl.gz"])), THREE),
    }
    for name, (examples, labels) in sets.items():
        truth = np.array([STANCES.index(example.label) for example in examples])
        predicted = model.predict_proba(features(vectoriser, examples))[:, : len(labels)].argmax(axis=1)
        majority = np.full(len(truth), np.bincount(truth).argmax())
        score = fnc_score(truth, predicted, STANCES) if "FNC" in name else None
        print(f"{name}: word counts {macro_f1(truth, predicted):.3f}, majority {macro_f1(truth, majority):.3f}"
              + (f", FNC score {score:.3f}" if score else ""))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
