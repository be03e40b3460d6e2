"""Training as the command line asks for it: data in, a new bundle out."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from joblib import Memory

import slant
from slant.article import Article
from slant.data.catalog import DataSet, file_sha256
from slant.data.readers import LabelMap, stance_examples, topic_examples
from slant.errors import TrainingError
from slant.features.encoder import Encoder
from slant.inference.bundle import Bundle, EncoderSource, assemble_bundle, encoder_source, save_bundle
from slant.inference.classifier import Classifier
from slant.inference.manifest import Manifest
from slant.inference.stored import DEFAULT, bundle_folder, read_bundle
from slant.training.card import write_card
from slant.training.fit import fit_stances, fit_topics
from slant.training.samples import FeatureCache
from slant.training.selftest import TEST_ARTICLES
from slant.training.sets import TrainingSet, default_sets
from slant.types import Json, Watch


def cache_folder() -> Path:
    """Return where features are kept between runs: ``$SLANT_CACHE``, or the user's cache folder."""
    own = os.environ.get("SLANT_CACHE")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "slant"


def train_topic(
    data: Sequence[Path], out: Path, *, name: str, base: str, watch: Watch, label_map: LabelMap | None = None
) -> Manifest:
    """Fit a topic head to the files of ``data``; write a bundle with it, ``base``'s encoder and stance head.

    Raises:
        DataError: a file or a row cannot be read.
        TrainingError: there is too little to learn from.
    """
    base_bundle, source = _base(base)
    sets = [_own(path, list(topic_examples([path], label_map))) for path in data]
    head, figures = fit_topics(sets, _cache(base_bundle.encoder, source), watch)
    return _write_own(out, replace(base_bundle, topic=head), source, name, "topic", sets, figures)


def train_stance(data: Sequence[Path], out: Path, *, name: str, base: str, watch: Watch) -> Manifest:
    """Fit a stance head to the files of ``data``; write a bundle with it, ``base``'s encoder and topic head.

    Raises:
        DataError: a file or a row cannot be read.
        TrainingError: there is too little to learn from.
    """
    base_bundle, source = _base(base)
    sets = [_own(path, list(stance_examples([path]))) for path in data]
    head, figures = fit_stances(sets, _cache(base_bundle.encoder, source), watch)
    return _write_own(out, replace(base_bundle, stance=head), source, name, "stance", sets, figures)


def train_default(folder: Path, out: Path, *, version: str, encoder: Path | None, watch: Watch) -> Manifest:
    """Fit both heads of the embedded bundle to the sets of the catalog, read from ``folder``.

    ``encoder`` is a folder with ``encoder.onnx`` and ``tokenizer.json``; without it the embedded
    bundle's own encoder is used again.
    """
    source, trained = _exported(encoder) if encoder else _embedded()
    topics, stances = default_sets(folder)
    cache = _cache(source.load(), source)
    topic, topic_figures = fit_topics(topics, cache, watch)
    stance, stance_figures = fit_stances(stances, cache, watch)
    records = [one.record("encoder") for one in topics] + [one.record("encoder") for one in stances]
    records += [one.record("topic") for one in topics] + [one.record("stance") for one in stances if one.about.weight]
    empty = Manifest(name="default", version=version, topics=[], stances=[], files={})
    bundle = Bundle(empty, cache.encoder, topic, stance)
    figures = {"topic": topic_figures, "stance": stance_figures, "encoder": trained}
    return _write(out, bundle, source, "default", records, figures, must_pass=True)


def _own(path: Path, examples: list[Any]) -> TrainingSet[Any]:
    about = DataSet(path.name, path.name, "the user's own file", "-", "the user's own", file_sha256(path), typical=True)
    return TrainingSet(about, examples)


def _base(name: str) -> tuple[Bundle, EncoderSource]:
    """Return a bundle, and the bytes of its encoder for the bundle to come; it is read once for both."""
    folder = bundle_folder(name)
    manifest, content = read_bundle(folder)
    return assemble_bundle(folder, manifest, content), encoder_source(content)


def _exported(folder: Path) -> tuple[EncoderSource, Json]:
    """Return an encoder as ``slant train encoder`` left it, and what that says of its training."""
    try:
        source = EncoderSource((folder / "encoder.onnx").read_bytes(), (folder / "tokenizer.json").read_bytes())
        return source, json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        wanted = "encoder.onnx, tokenizer.json and encoder.json"
        raise TrainingError(f"{folder}: wanted {wanted}: {error}") from error


def _embedded() -> tuple[EncoderSource, Json]:
    manifest, content = read_bundle(DEFAULT)
    return encoder_source(content), manifest.figures["encoder"]


def _cache(encoder: Encoder, source: EncoderSource) -> FeatureCache:
    return FeatureCache(encoder, _features_key(source), Memory(cache_folder(), verbose=0))


def _features_key(source: EncoderSource) -> str:
    """Return a hash of all that turns text into features: the encoder's files and the code before it."""
    rooms = (Path(slant.__file__).parent / room for room in ("text", "features"))
    code = (path.read_bytes() for room in rooms for path in sorted(room.glob("*.py")))
    return hashlib.sha256(b"".join([source.graph, source.tokenizer, *code])).hexdigest()


def _write_own(
    out: Path,
    bundle: Bundle,
    source: EncoderSource,
    name: str,
    task: str,
    sets: Sequence[TrainingSet[Any]],
    figures: Json,
) -> Manifest:
    """Write a user's bundle: of the base's records and figures, those of the head that it keeps, and the new."""
    kept = [record for record in bundle.manifest.training if record["task"] != task]
    records = kept + [one.record(task) for one in sets]
    still_true = {key: value for key, value in bundle.manifest.figures.items() if key != "dev"}
    return _write(out, bundle, source, name, records, still_true | {task: figures})


def _write(
    out: Path,
    bundle: Bundle,
    source: EncoderSource,
    name: str,
    records: list[Json],
    figures: Json,
    *,
    must_pass: bool = False,
) -> Manifest:
    manifest = Manifest(
        name=name,
        version=bundle.manifest.version,
        topics=[label._asdict() for label in bundle.topic.labels] if bundle.topic else [],
        stances=list(bundle.stance.labels) if bundle.stance else [],
        files={},
        training=records,
        figures=_plain(figures),
        self_test=[],
    )
    tested = replace(manifest, self_test=_self_test(replace(bundle, manifest=manifest), must_pass))
    return save_bundle(out, replace(bundle, manifest=tested), source, write_card(tested))


def _self_test(bundle: Bundle, must_pass: bool) -> list[Json]:
    """Return the test articles with the bundle's own answers; the embedded bundle's must be the right ones."""
    classifier, tests = Classifier(bundle), list[Json]()
    for test in TEST_ARTICLES:
        judgement = classifier.classify(Article(text=test["text"], title=test["title"]), [test["target"]])
        topic = judgement.topics[0].name if judgement.topics else None
        stance = judgement.stances[0].label if judgement.stances else None
        if must_pass and (topic, stance) != (test["topic"], test["stance"]):
            raise TrainingError(f"the new bundle calls {test['title']!r} {topic!r}, {stance!r}; wanted {test}")
        tests.append({**test, "topic": topic, "stance": stance})
    return tests


def _plain(figures: Any) -> Any:
    """Return figures with numpy's numbers turned into Python's, rounded as they are printed."""
    if isinstance(figures, dict):
        return {key: _plain(value) for key, value in figures.items()}
    return figures if isinstance(figures, (int, str)) else round(float(figures), 4)
