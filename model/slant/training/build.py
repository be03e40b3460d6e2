"""Training as the command line asks for it: data in, a new bundle out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from slant.article import Article
from slant.data.label_map import LabelMap
from slant.data.readers import check_stances, source_examples, stance_examples, topic_examples
from slant.data.reading import Reading
from slant.data.subtopics import narrower_names, with_narrower
from slant.errors import TrainingError
from slant.features.encoder import Encoder
from slant.inference.bundle import Bundle, Graphs, assemble_bundle, graphs, save_bundle
from slant.inference.classifier import Classifier
from slant.inference.manifest import BundleFiles, Manifest
from slant.inference.stored import DEFAULT, bundle_folder, read_bundle
from slant.sources.tagger import Tagger
from slant.training.cache import feature_cache
from slant.training.card import write_card
from slant.training.fit import fit_sources, fit_stances, fit_topics
from slant.training.own import check_out, own_set, tell
from slant.training.selftest import TEST_ARTICLES
from slant.training.sets import (
    TrainingSet,
    attribution_record,
    default_sets,
    silent_targets,
    source_sets,
    subtopics_record,
)
from slant.training.source import Models
from slant.types import Json, Watch

GRAPHS = {
    "encoder": BundleFiles().encoder,
    "tokenizer": BundleFiles().tokenizer,
    "attribution": BundleFiles().attribution,
    "hearer": BundleFiles().hearer,
}


def train_topic(
    data: Sequence[Path],
    out: Path,
    *,
    name: str,
    base: str,
    watch: Watch,
    label_map: LabelMap | None = None,
    reading: Reading | None = None,
    overwrite: bool = False,
) -> Manifest:
    """Fit a topic head to the files of ``data``; write a bundle with it, ``base``'s encoder and stance head.

    Raises
    ------
    DataError
        A file cannot be read, or too many of its rows.
    OptionError
        ``out`` holds something that may not be overwritten.
    TrainingError
        There is too little to learn from.
    """
    check_out(out, overwrite=overwrite)
    reading = reading or Reading()
    read = [(path, list(topic_examples([path], label_map, reading))) for path in data]
    sets = [own_set(path, with_narrower(found, narrower_names([path], reading))) for path, found in read]
    tell(reading, [(one.text, label) for some in sets for one in some.examples for label in one.labels])
    base_bundle, given = _base(base)
    head, figures = fit_topics(sets, feature_cache(base_bundle.encoder, given), watch)
    return _write_own(out, replace(base_bundle, topic=head), given, name, "topic", sets, figures)


def train_stance(
    data: Sequence[Path],
    out: Path,
    *,
    name: str,
    base: str,
    watch: Watch,
    reading: Reading | None = None,
    overwrite: bool = False,
) -> Manifest:
    """Fit a stance head to the files of ``data``; write a bundle with it, ``base``'s encoder and topic head.

    Raises
    ------
    DataError
        A file cannot be read, or too many of its rows.
    OptionError
        ``out`` holds something that may not be overwritten.
    TrainingError
        There is too little to learn from.
    """
    check_out(out, overwrite=overwrite)
    reading = reading or Reading()
    sets = [own_set(path, list(stance_examples([path], reading))) for path in data]
    tell(reading, [(one.text, one.label, one.target) for some in sets for one in some.examples])
    base_bundle, given = _base(base)
    head, figures = fit_stances(sets, feature_cache(base_bundle.encoder, given), watch)
    return _write_own(out, replace(base_bundle, stance=head), given, name, "stance", sets, figures)


def train_source(
    data: Sequence[Path],
    out: Path,
    *,
    name: str,
    base: str,
    watch: Watch,
    reading: Reading | None = None,
    overwrite: bool = False,
) -> Manifest:
    """Fit a source head to the files of ``data``; write a bundle with it and all else of ``base``.

    Raises
    ------
    DataError
        A file cannot be read, or too many of its rows; or a label is none of Slant's stances.
    OptionError
        ``out`` holds something that may not be overwritten.
    TrainingError
        There is too little to learn from.
    """
    check_out(out, overwrite=overwrite)
    reading = reading or Reading()
    sets = [own_set(path, list(source_examples([path], reading))) for path in data]
    tell(reading, [(one.text, one.label, one.target, one.fields.get("name")) for some in sets for one in some.examples])
    for one in sets:
        check_stances(one.examples)
    base_bundle, given = _base(base)
    models = Models(base_bundle.encoder, base_bundle.tagger, base_bundle.hearer)
    head, figures = fit_sources(sets, silent_targets(data, Reading(reading.given)), models, watch)
    return _write_own(out, replace(base_bundle, source=head), given, name, "source", sets, figures)


def train_default(folder: Path, out: Path, *, version: str, models: Path | None, watch: Watch) -> Manifest:
    """Fit all heads of the embedded bundle to the sets of the catalog, read from ``folder``.

    ``models`` is a folder with ``encoder.onnx``, ``tokenizer.json``, ``attribution.onnx`` and ``hearer.onnx``; of what
    it lacks the embedded bundle's own is used again.

    Raises:
        DataError: a file is missing, or a row of it is not in the documented form.
        TrainingError: the models cannot be read, or do not go together.
    """
    given, trained = graphs_of(models), _training_of(models)
    encoder = given.load()
    tagger, hearer = _beside(given, encoder)
    topics, stances = default_sets(folder)
    cache = feature_cache(encoder, given)
    topic, topic_figures = fit_topics(topics, cache, watch)
    stance, stance_figures = fit_stances(stances, cache, watch)
    empty = Manifest(name="default", version=version, topics=[], stances=[], files={})
    bundle = Bundle(empty, encoder, tagger, hearer, topic, stance, None)
    records = [one.record("encoder") for one in topics] + [one.record("encoder") for one in stances]
    records += [one.record("topic") for one in topics] + [subtopics_record(folder)]
    records += [one.record("stance") for one in stances if one.about.weight]
    figures = {"topic": topic_figures, "stance": stance_figures, "encoder": trained}
    return _write_default(folder, out, bundle, given, records, figures, watch)


def train_default_source(folder: Path, out: Path, *, version: str, models: Path | None, watch: Watch) -> Manifest:
    """Fit the embedded bundle's source head alone, to the sets of the catalog; all else stays, its figures too.

    ``models`` is a folder with another ``attribution.onnx`` or ``hearer.onnx``; errors as ``train_default``.
    """
    before, given = _base("default")
    own = graphs_of(models)
    given = replace(given, attribution=own.attribution, hearer=own.hearer)
    manifest, (tagger, hearer) = replace(before.manifest, version=version), _beside(given, before.encoder)
    bundle = replace(before, manifest=manifest, tagger=tagger, hearer=hearer)
    records = [one for one in before.manifest.training if one["task"] not in ("source", "attribution")]
    return _write_default(folder, out, bundle, given, records, before.manifest.figures, watch)


def _write_default(
    folder: Path, out: Path, bundle: Bundle, given: Graphs, records: list[Json], figures: Json, watch: Watch
) -> Manifest:
    """Fit the source head, and write the embedded bundle with it."""
    sets, silent = source_sets(folder)
    source, source_figures = fit_sources(sets, silent, Models(bundle.encoder, bundle.tagger, bundle.hearer), watch)
    records = records + [attribution_record(folder)] + [one.record("source") for one in sets]
    bundle = replace(bundle, source=source)
    return _write(out, bundle, given, "default", records, figures | {"source": source_figures}, must_pass=True)


def _base(name: str) -> tuple[Bundle, Graphs]:
    """Return a bundle, and the bytes of its encoder for the bundle to come; it is read once for both."""
    folder = bundle_folder(name)
    manifest, content = read_bundle(folder)
    return assemble_bundle(folder, manifest, content), graphs(content)


def graphs_of(folder: Path | None) -> Graphs:
    """Return the embedded bundle's graphs, with those that a folder has in their place.

    Raises:
        TrainingError: the folder cannot be read, or has none.
    """
    embedded = graphs(read_bundle(DEFAULT)[1])
    if folder is None:
        return embedded
    try:
        found = {
            name: (folder / path.name).read_bytes() for name, path in GRAPHS.items() if (folder / path.name).exists()
        }
    except OSError as error:
        raise TrainingError(f"{folder}: cannot be read: {error}") from error
    if not found:
        raise TrainingError(f"{folder}: wanted {', '.join(path.name for path in GRAPHS.values())}, or one of them")
    return replace(embedded, **found)


def _beside(given: Graphs, encoder: Encoder) -> tuple[Tagger, Encoder]:
    try:
        return given.tagger(encoder), given.hear(encoder)
    except ValueError as error:
        raise TrainingError(str(error)) from error


def _training_of(folder: Path | None) -> Json:
    """Return what is known of an encoder's training: what ``slant train encoder`` left, or the embedded bundle's."""
    if folder is None or not (folder / GRAPHS["encoder"].name).exists():
        known: Json = read_bundle(DEFAULT)[0].figures["encoder"]
        return known
    try:
        found: Json = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{folder}: wanted encoder.json: {error}") from error
    return found


def _write_own(
    out: Path,
    bundle: Bundle,
    given: Graphs,
    name: str,
    task: str,
    sets: Sequence[TrainingSet[Any]],
    figures: Json,
) -> Manifest:
    """Write a user's bundle: of the base's records and figures, those of the head that it keeps, and the new."""
    kept = [record for record in bundle.manifest.training if record["task"] != task]
    records = kept + [one.record(task) for one in sets]
    still_true = {key: value for key, value in bundle.manifest.figures.items() if key != "dev"}
    return _write(out, bundle, given, name, records, still_true | {task: figures})


def _write(
    out: Path,
    bundle: Bundle,
    given: Graphs,
    name: str,
    records: list[Json],
    figures: Json,
    *,
    must_pass: bool = False,
) -> Manifest:
    manifest = Manifest(
        name=name,
        version=bundle.manifest.version,
        topics=list(bundle.topic.described()) if bundle.topic else [],
        stances=list(bundle.stance.labels) if bundle.stance else [],
        files={},
        training=records,
        figures=_plain(figures),
        self_test=[],
    )
    tested = replace(manifest, self_test=_self_test(replace(bundle, manifest=manifest), must_pass))
    return save_bundle(out, replace(bundle, manifest=tested), given, write_card(tested))


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
    if isinstance(figures, list):
        return [_plain(value) for value in figures]
    return figures if isinstance(figures, (int, str)) or figures is None else round(float(figures), 4)
