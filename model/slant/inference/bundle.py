"""The bundle on disk: the only place that loads or saves one.

Nothing of a bundle is used before its sha256 is checked, and what is checked is what is used: each
file is read once, into memory, and never opened again. The heads are stored with skops and loaded
against ``TRUSTED``, a list that lives here and not in the bundle, so loading never runs code from it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import warnings
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from sklearn.exceptions import InconsistentVersionWarning

from slant.errors import BundleDamaged, BundleIncompatible, BundleMissing, BundleUntrusted
from slant.features.encoder import Encoder, load_encoder
from slant.heads.stance import StanceHead
from slant.heads.topic import TopicHead
from slant.inference.manifest import BundleFiles, Manifest, parse_manifest
from slant.inference.trees import sound
from slant.types import Json

DEFAULT = Path(__file__).parent.parent / "bundles" / "default"
TRUSTED: list[str] = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
"""Types that the heads may hold beside those that skops knows: boosted trees, which ``sound`` looks through."""


@dataclass(frozen=True, slots=True)
class EncoderSource:
    """The bytes of the encoder's two files, as they are written again into a new bundle."""

    graph: bytes
    tokenizer: bytes

    def load(self, threads: int | None = None) -> Encoder:
        """Start the encoder on ``threads`` cores."""
        return load_encoder(self.graph, self.tokenizer, threads)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything needed to classify. Either head may be missing: a user may train only one."""

    manifest: Manifest
    encoder: Encoder
    topic: TopicHead | None
    stance: StanceHead | None


def bundle_folder(where: str | Path) -> Path:
    """Return the folder that a bundle's name or path stands for; ``default`` is the embedded one."""
    return DEFAULT if str(where) == "default" else Path(where)


def load_bundle(where: str | Path = "default", *, threads: int | None = None) -> Bundle:
    """Read, check and load a bundle.

    Raises:
        BundleMissing: the folder or a file of it is not there.
        BundleDamaged: a file is not what the manifest says, or lies outside the folder.
        BundleUntrusted: the heads hold a type that slant does not load.
        BundleIncompatible: another bundle format or scikit-learn wrote it.
    """
    folder = bundle_folder(where)
    return assemble_bundle(folder, *read_bundle(folder), threads=threads)


def assemble_bundle(
    folder: Path, manifest: Manifest, content: dict[str, bytes], *, threads: int | None = None
) -> Bundle:
    """Start what ``read_bundle`` read; errors as ``load_bundle``."""
    files = BundleFiles()
    heads = _load_heads(folder / files.heads, content[files.heads.name])
    source = encoder_source(content)
    topic, stance = heads.get("topic"), heads.get("stance")
    try:
        return Bundle(
            manifest,
            source.load(threads),
            TopicHead.from_state(topic) if topic else None,
            StanceHead.from_state(stance) if stance else None,
        )
    except Exception as error:  # onnxruntime and tokenizers raise types of their own
        raise BundleDamaged(f"{folder}: its files match their sha256 but do not load: {error}") from error


def read_bundle(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """Return a bundle's manifest and the checked bytes of its files, by name; nothing is loaded yet."""
    files = BundleFiles().with_parent(folder)
    if not os.path.isdir(folder):  # Path.is_dir raises where a name is too long to be one
        raise BundleMissing(f"{folder}: no such bundle folder")
    manifest = parse_manifest(files.manifest, _read(folder, files.manifest))
    strange = sorted(set(manifest.files) - set(files.hashed()))
    if strange:
        raise BundleDamaged(f"{files.manifest}: names {strange[0]!r}, which is no file of a bundle")
    content = {name: _read(folder, path) for name, path in files.hashed().items()}
    for name, raw in content.items():
        found, wanted = hashlib.sha256(raw).hexdigest(), manifest.files.get(name)
        if found != wanted:
            raise BundleDamaged(f"{folder / name}: sha256 is {found}, the manifest says {wanted}")
    return manifest, content


def encoder_source(content: dict[str, bytes]) -> EncoderSource:
    """Return the encoder's part of what ``read_bundle`` read."""
    files = BundleFiles()
    return EncoderSource(content[files.encoder.name], content[files.tokenizer.name])


def save_bundle(folder: Path, bundle: Bundle, source: EncoderSource, card: str) -> Manifest:
    """Write a bundle beside ``folder`` and rename it into place; return its manifest, now with hashes.

    A bundle that stood there before is replaced only when the new one is complete.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        manifest = _write_files(beside, bundle, source, card)
        _swap(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


def _write_files(folder: Path, bundle: Bundle, source: EncoderSource, card: str) -> Manifest:
    from skops.io import dumps

    files = BundleFiles().with_parent(folder)
    heads = {
        "topic": bundle.topic and bundle.topic.state(),
        "stance": bundle.stance and bundle.stance.state(),
    }
    written = {
        files.encoder: source.graph,
        files.tokenizer: source.tokenizer,
        files.heads: dumps(heads, compression=zipfile.ZIP_DEFLATED, compresslevel=9),
        files.card: card.encode(),
    }
    for path, raw in written.items():
        path.write_bytes(raw)
    hashes = {path.name: hashlib.sha256(raw).hexdigest() for path, raw in written.items()}
    manifest = replace(bundle.manifest, files=hashes)
    files.manifest.write_bytes(manifest.to_json())
    folder.chmod(0o755)  # mkdtemp keeps others out
    return manifest


def _swap(beside: Path, folder: Path) -> None:
    """Put ``beside`` where ``folder`` is; what stood there goes with the temporary folder's name."""
    old = beside.with_name(beside.name + "-old")
    if folder.exists():
        if not (folder / BundleFiles().manifest).is_file():
            raise BundleDamaged(f"{folder}: exists and is no bundle; it is not overwritten")
        folder.rename(old)
    beside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _load_heads(path: Path, raw: bytes) -> Json:
    """Return the heads' state, after every type in it was found on a list that lives in code."""
    from skops.io import get_untrusted_types, loads

    try:
        strange = sorted(set(get_untrusted_types(data=raw)) - set(TRUSTED))
    except Exception as error:  # skops raises whatever its zip and JSON readers raise
        raise BundleDamaged(f"{path}: not a skops file: {error}") from error
    if strange:
        raise BundleUntrusted(f"{path}: holds {', '.join(strange)}, which slant does not load")
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            heads = loads(raw, trusted=TRUSTED)
            safe = sound(heads)
        except InconsistentVersionWarning as warning:
            raise BundleIncompatible(f"{path}: {warning}") from warning
        except Exception as error:
            raise BundleDamaged(f"{path}: its types are trusted but it does not load: {error}") from error
    if not isinstance(heads, dict):
        raise BundleDamaged(f"{path}: holds a {type(heads).__name__}, wanted the heads by name")
    if not safe:
        raise BundleUntrusted(f"{path}: holds a tree whose nodes lead out of it")
    return heads


def _read(folder: Path, path: Path) -> bytes:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BundleDamaged(f"{path}: leads out of the bundle, to {path.resolve()}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleMissing(f"{path}: cannot be read: {error.strerror}") from error
