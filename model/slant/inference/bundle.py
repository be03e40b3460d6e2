"""The bundle, loaded or saved: only here.

Nothing of a bundle is used before its sha256 is checked (``stored.py``). What it may hold is on lists that live in code
and not in the bundle (``allowed.py``, ``vocabulary.py``), so loading never runs code from it. Whatever fails on the
way leaves as a ``BundleError`` (``failures.py``).
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from slant.errors import BundleDamaged
from slant.features.encoder import Encoder, columns_in, load_encoder
from slant.features.lent import lent_session
from slant.heads.stance import StanceHead
from slant.heads.topic import TopicHead
from slant.inference.failures import unusable
from slant.inference.heads import HEADS, read_heads
from slant.inference.manifest import BundleFiles, Manifest, parse_manifest
from slant.inference.stored import bundle_folder, read_bundle
from slant.sources.tagger import Tagger


@dataclass(frozen=True, slots=True)
class Graphs:
    """The bytes of the files that fitting a head leaves as they are, to be written again into a new bundle."""

    encoder: bytes
    tokenizer: bytes
    attribution: bytes
    hearer: bytes

    def load(self, threads: int | None = None, device: str = "cpu") -> Encoder:
        """Start the encoder on ``threads`` cores, or on another device; errors as ``load_encoder``."""
        return load_encoder(self.encoder, self.tokenizer, threads, device)

    def tagger(self, encoder: Encoder, threads: int | None = None, device: str = "cpu") -> Tagger:
        """Start the attribution model beside the encoder; errors as ``lent_session``."""
        session = lent_session(self.attribution, self.encoder, threads, device)
        return Tagger(session, encoder.start, encoder.stop)

    def hear(self, encoder: Encoder, threads: int | None = None, device: str = "cpu") -> Encoder:
        """Start the encoder that is tuned to sources beside the encoder; errors as ``lent_session``."""
        session = lent_session(self.hearer, self.encoder, threads, device)
        return replace(encoder, session=session, columns=columns_in(session))


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything needed to classify. Any head may be missing: a user may train only one.

    ``tagger`` finds who says what; ``hearer`` reads it for ``source``, which judges what a source says, as ``encoder``
    reads for ``stance``, which judges what an article says.
    """

    manifest: Manifest
    encoder: Encoder
    tagger: Tagger
    hearer: Encoder
    topic: TopicHead | None
    stance: StanceHead | None
    source: StanceHead | None

    @property
    def heads(self) -> tuple[TopicHead | StanceHead | None, ...]:
        """Return the heads in the order of ``HEADS``."""
        return self.topic, self.stance, self.source


def load_bundle(where: str | Path = "default", *, threads: int | None = None, device: str = "cpu") -> Bundle:
    """Read, check and load a bundle.

    Raises
    ------
    BundleMissing
        The folder or a file of it is not there.
    BundleDamaged
        A file is not what the manifest says, or does not load.
    BundleUntrusted
        A file holds what slant does not load.
    BundleIncompatible
        Another bundle format or scikit-learn wrote it.
    OptionError
        The device is not there.
    """
    folder = bundle_folder(where)
    return assemble_bundle(folder, *read_bundle(folder), threads=threads, device=device)


def assemble_bundle(
    folder: Path, manifest: Manifest, content: dict[str, bytes], *, threads: int | None = None, device: str = "cpu"
) -> Bundle:
    """Start what ``read_bundle`` read; errors as ``load_bundle``."""
    files, given = BundleFiles(), graphs(content)
    with unusable(f"{folder}: its files match their sha256 but do not load"):
        encoder = given.load(threads, device)
        heads = read_heads(
            folder / files.heads, content[files.heads.name], vocabulary=encoder.vocabulary, width=encoder.width
        )
        tagger, hearer = given.tagger(encoder, threads, device), given.hear(encoder, threads, device)
        return Bundle(manifest, encoder, tagger, hearer, *heads)


def graphs(content: dict[str, bytes]) -> Graphs:
    """Return the part of what ``read_bundle`` read that fitting leaves as it is."""
    files = BundleFiles()
    parts = (files.encoder, files.tokenizer, files.attribution, files.hearer)
    return Graphs(*(content[part.name] for part in parts))


def save_bundle(folder: Path, bundle: Bundle, given: Graphs, card: str) -> Manifest:
    """Write a bundle beside ``folder`` and rename it into place; return its manifest, now with hashes.

    A bundle that stood there before is replaced only when the new one is complete.

    Raises
    ------
    BundleDamaged
        The folder is there and is no bundle, or the manifest is not as ``parse_manifest`` wants it.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        manifest = _write_files(beside, bundle, given, card)
        parse_manifest(folder / BundleFiles().manifest, manifest.to_json())
        _swap(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


def _write_files(folder: Path, bundle: Bundle, given: Graphs, card: str) -> Manifest:
    from skops.io import dumps

    files = BundleFiles().with_parent(folder)
    heads = {name: head and head.state() for name, head in zip(HEADS, bundle.heads, strict=True)}
    written = {
        files.encoder: given.encoder,
        files.tokenizer: given.tokenizer,
        files.attribution: given.attribution,
        files.hearer: given.hearer,
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
    """Put ``beside`` where ``folder`` is; what stood there goes with the temporary folder's name.

    If it cannot be put there, what stood there comes back.
    """
    if not folder.exists():
        beside.rename(folder)
        return
    if not (folder / BundleFiles().manifest).is_file():
        raise BundleDamaged(f"{folder}: exists and is no bundle; it is not overwritten")
    old = beside.with_name(beside.name + "-old")
    folder.rename(old)
    try:
        beside.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
