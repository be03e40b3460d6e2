"""A bundle's files, read and checked. What is checked is what is used: each is read once and never opened again.

Little is imported here, so that those who only want to know a bundle need not load what it needs to answer.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from slant.errors import BundleDamaged, BundleMissing
from slant.inference.manifest import BundleFiles, Manifest, parse_manifest

DEFAULT = Path(__file__).parent.parent / "bundles" / "default"


def bundle_folder(where: str | Path) -> Path:
    """Return the folder that a bundle's name or path stands for; ``default`` is the embedded one."""
    return DEFAULT if str(where) == "default" else Path(where)


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


def _read(folder: Path, path: Path) -> bytes:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BundleDamaged(f"{path}: leads out of the bundle, to {path.resolve()}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleMissing(f"{path}: cannot be read: {error.strerror}") from error
