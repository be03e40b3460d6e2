"""Measure a bundle on every dev set that ``measure.toml`` lists, and write the figures into its card."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

from slant.evaluation.run import evaluate, make_request
from slant.inference.bundle import assemble_bundle, graphs, save_bundle
from slant.inference.classifier import Classifier
from slant.inference.manifest import Manifest
from slant.inference.stored import read_bundle
from slant.training.card import write_card
from slant.training.sets import MAPPING
from slant.types import Json, Watch

EVALUATIONS = Path(__file__).with_name("measure.toml")
KEPT = (
    "n",
    "accuracy",
    "macro_f1",
    "f_avg",
    "fnc_score",
    "strict",
    "lenient",
    "first",
    "micro_f1",
    "ece",
    "majority",
    "majority_f1",
    "intervals",
)
NONE: Json = {"slices": {}, "masked": None, "precision": {}, "label_sets": None, "robustness": None}
"""What figures of the second level do not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One set to measure on; fields as ``measure.toml`` explains them."""

    name: str
    about: str
    file: str
    figure: str
    task: str = "stance"
    level: int = 1
    beside: str | None = None
    part: str | None = None
    map: str | None = None
    labels: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    slices: list[str] = field(default_factory=list)
    robustness: list[str] = field(default_factory=list)
    word_counts: float | None = None
    published: str | None = None


def evaluations() -> list[Evaluation]:
    """Return what the embedded bundle is measured on."""
    content = tomllib.loads(EVALUATIONS.read_text(encoding="utf-8"))
    return [Evaluation(**row) for row in content["evaluations"]]


def measure(bundle: Path, folder: Path, watch: Watch) -> Manifest:
    """Measure ``bundle`` on the sets in ``folder``; write it again, after each, with these figures and a new card.

    Raises:
        BundleError: the bundle cannot be used.
        DataError: a file is missing or not in the documented form.
    """
    manifest, content = read_bundle(bundle)
    loaded, found = assemble_bundle(bundle, manifest, content), dict[str, Json]()
    levels = 2 if loaded.topic and loaded.topic.second else 1
    for one in (one for one in evaluations() if one.level <= levels):
        found[one.name] = _figures(Classifier(loaded), one, folder, watch)
        manifest = replace(manifest, figures=manifest.figures | {"dev": found})
        manifest = save_bundle(bundle, replace(loaded, manifest=manifest), graphs(content), write_card(manifest))
    return manifest


def _figures(classifier: Classifier, one: Evaluation, folder: Path, watch: Watch) -> Json:
    watch(one.name, None)
    request = make_request(
        data=[folder / name for name in (one.file, one.beside) if name],
        task=one.task,
        level=one.level,
        labels=one.labels,
        slice_by=one.slices,
        label_map=f"{folder / MAPPING}:{one.map}" if one.map else None,
        part=one.part,
        where=one.where,
        robustness=one.robustness,
    )
    return _short(evaluate(classifier, request, watch), one)


def _short(found: Json, one: Evaluation) -> Json:
    """Return what the card prints of an evaluation."""
    found = NONE | found
    kept = {name: found[name] for name in KEPT if found.get(name) is not None}
    half = next(point["accuracy"] for point in found["coverage"] if point["coverage"] == 0.5)
    slices = {name: {key: part[key] for key in ("n", one.figure, "ece")} for name, part in found["slices"].items()}
    return kept | {
        "task": one.task,
        "about": one.about,
        "figure": one.figure,
        "surest_half": half,
        "masked": found["masked"] and found["masked"][one.figure],
        "word_counts": one.word_counts,
        "published": one.published,
        "slices": slices,
        "reliability": found["reliability"],
        "precision": found["precision"],
        "label_sets": found["label_sets"],
        "robustness": found["robustness"],
    }
