"""A bundle's files, read and checked. What is checked is what is used: each is read once and never opened again.

Little is imported here, so that those who only want to know a bundle need not load what it needs to answer.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

from slant.errors import BundleDamaged, BundleMissing
from slant.inference.failures import unusable
from slant.inference.manifest import BundleFiles, Manifest, parse_manifest

DEFAULT = Path(__file__).parent.parent / "bundles" / "default"
MEGABYTE = 1024 * 1024
LARGEST = {".json": 32 * MEGABYTE, ".md": 4 * MEGABYTE, ".skops": 64 * MEGABYTE, ".onnx": 256 * MEGABYTE}
"""Bytes that a file may have, by its ending: several times what any needs, and no more than memory holds."""
FLAGS = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
"""How a file is opened, as far as the system knows how: no link is followed, and a pipe or device is not waited for."""


def bundle_folder(where: str | Path) -> Path:
    """Return the folder that a bundle's name or path stands for; ``default`` is the embedded one."""
    if str(where) == "default":
        return DEFAULT
    try:
        return Path(where).expanduser()
    except RuntimeError as error:  # a ~ before somebody whom the system does not know
        raise BundleMissing(f"{where}: no such bundle folder") from error


def read_bundle(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """Return a bundle's manifest and the checked bytes of its files, by name; nothing is loaded yet.

    Raises
    ------
    BundleMissing
        The folder or a file of it is not there.
    BundleDamaged
        A file is not what the manifest says, is no plain file, or is too large.
    BundleIncompatible
        Another bundle format or scikit-learn wrote it.
    """
    if not os.path.isdir(folder):  # Path.is_dir raises where a name is too long to be one
        raise BundleMissing(f"{folder}: no such bundle folder")
    with unusable(f"{folder}: cannot be read as a bundle"):
        return _read_bundle(folder)


def _read_bundle(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    files = BundleFiles().with_parent(folder)
    manifest = parse_manifest(files.manifest, _read(files.manifest))
    if not manifest.files.keys() <= files.hashed().keys():
        raise BundleDamaged(f"{files.manifest}: names a file that is no part of a bundle")
    content = {name: _read(path) for name, path in files.hashed().items()}
    for name, raw in content.items():
        found, wanted = hashlib.sha256(raw).hexdigest(), manifest.files.get(name, "none")
        if found != wanted:
            raise BundleDamaged(f"{folder / name}: sha256 is {found}, the manifest says {wanted}")
    return manifest, content


def _read(path: Path) -> bytes:
    flags = os.O_RDONLY
    for name in FLAGS:
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BundleDamaged(f"{path}: leads out of the bundle: it is a link, and links are not followed") from error
        raise BundleMissing(f"{path}: cannot be read: {error.strerror}") from error
    try:
        size = _size(path, os.fstat(descriptor))
        with open(descriptor, "rb", closefd=False) as file:
            raw = file.read(size + 1)
    finally:
        os.close(descriptor)
    if len(raw) != size:
        raise BundleDamaged(f"{path}: changed while it was read")
    return raw


def _size(path: Path, status: os.stat_result) -> int:
    most = LARGEST[path.suffix]
    if not stat.S_ISREG(status.st_mode):
        raise BundleDamaged(f"{path}: is no plain file")
    if status.st_size > most:
        raise BundleDamaged(f"{path}: has {status.st_size:,} bytes; wanted at most {most:,}")
    return status.st_size
