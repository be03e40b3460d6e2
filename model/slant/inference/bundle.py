"""The bundle, loaded or saved: only here.

Nothing of a bundle is used before its sha256 is checked (``stored.py``). The heads are stored with skops and loaded
against ``TRUSTED``, a list that lives here and not in the bundle, so loading never runs code from it.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import warnings
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from sklearn.exceptions import InconsistentVersionWarning

from slant.errors import BundleDamaged, BundleIncompatible, BundleUntrusted, OptionError
from slant.features.encoder import Encoder, load_encoder
from slant.heads.stance import StanceHead
from slant.heads.topic import TopicHead
from slant.inference.manifest import BundleFiles, Manifest
from slant.inference.stored import bundle_folder, read_bundle
from slant.inference.trees import sound
from slant.types import Json

TRUSTED: list[str] = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
"""Types that the heads may hold beside those that skops knows: boosted trees, which ``sound`` looks through."""


@dataclass(frozen=True, slots=True)
class EncoderSource:
    """The bytes of the encoder's two files, as they are written again into a new bundle."""

    graph: bytes
    tokenizer: bytes

    def load(self, threads: int | None = None, device: str = "cpu") -> Encoder:
        """Start the encoder on ``threads`` cores, or on another device; errors as ``load_encoder``."""
        return load_encoder(self.graph, self.tokenizer, threads, device)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything needed to classify. Either head may be missing: a user may train only one."""

    manifest: Manifest
    encoder: Encoder
    topic: TopicHead | None
    stance: StanceHead | None


def load_bundle(where: str | Path = "default", *, threads: int | None = None, device: str = "cpu") -> Bundle:
    """Read, check and load a bundle.

    Raises:
        BundleMissing: the folder or a file of it is not there.
        BundleDamaged: a file is not what the manifest says, or lies outside the folder.
        BundleUntrusted: the heads hold a type that slant does not load.
        BundleIncompatible: another bundle format or scikit-learn wrote it.
        OptionError: the device is not there.
    """
    folder = bundle_folder(where)
    return assemble_bundle(folder, *read_bundle(folder), threads=threads, device=device)


def assemble_bundle(
    folder: Path, manifest: Manifest, content: dict[str, bytes], *, threads: int | None = None, device: str = "cpu"
) -> Bundle:
    """Start what ``read_bundle`` read; errors as ``load_bundle``."""
    files = BundleFiles()
    heads = _load_heads(folder / files.heads, content[files.heads.name])
    source = encoder_source(content)
    topic, stance = heads.get("topic"), heads.get("stance")
    try:
        return Bundle(
            manifest,
            source.load(threads, device),
            TopicHead.from_state(topic) if topic else None,
            StanceHead.from_state(stance) if stance else None,
        )
    except OptionError:
        raise
    except Exception as error:  # onnxruntime and tokenizers raise types of their own
        raise BundleDamaged(f"{folder}: its files match their sha256 but do not load: {error}") from error


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
