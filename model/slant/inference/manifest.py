"""What a bundle says of itself: the names of its files, and ``manifest.json``."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from pathlib import Path

from slant.errors import BundleDamaged, BundleIncompatible
from slant.inference.failures import unusable
from slant.inference.fields import fault_in
from slant.types import Json

FORMAT = 6
LIBRARIES = ("numpy", "onnxruntime", "scikit-learn", "skops", "tokenizers")
PINNED = ("scikit-learn",)
"""Libraries whose major and minor version must be the one that wrote the bundle."""
LONGEST_NAME = 256
"""Characters of a bundle's name: it goes into answers, logs and metrics."""
MOST_FORMATS = 10_000
SHA256 = re.compile(r"[0-9a-f]{64}")
VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}")


@dataclass(frozen=True, slots=True)
class BundleFiles:
    """The files of a bundle. Load, save, verify and document all read this one list."""

    manifest: Path = Path("manifest.json")
    encoder: Path = Path("encoder.onnx")
    tokenizer: Path = Path("tokenizer.json")
    attribution: Path = Path("attribution.onnx")
    hearer: Path = Path("hearer.onnx")
    heads: Path = Path("heads.skops")
    card: Path = Path("CARD.md")

    def with_parent(self, folder: Path) -> BundleFiles:
        """Return the same files inside ``folder``."""
        return BundleFiles(*(folder / getattr(self, part.name) for part in fields(self)))

    def hashed(self) -> dict[str, Path]:
        """Return the files that the manifest vouches for, by name: all but the manifest itself."""
        paths = (getattr(self, part.name) for part in fields(self) if part.name != "manifest")
        return {path.name: path for path in paths}


@dataclass(frozen=True, slots=True)
class TestArticle:
    """An article with its expected labels; the self-test classifies it after loading."""

    __test__ = False  # not for pytest to collect

    title: str
    text: str
    target: str
    topic: str | None
    stance: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The content of ``manifest.json``. ``files`` maps a file's name to its sha256."""

    name: str
    version: str
    topics: list[dict[str, str]]
    stances: list[str]
    files: dict[str, str]
    format: int = FORMAT
    libraries: dict[str, str] = field(default_factory=lambda: {name: version(name) for name in LIBRARIES})
    training: list[Json] = field(default_factory=list)
    figures: Json = field(default_factory=dict)
    self_test: list[Json] = field(default_factory=list)

    def to_json(self) -> bytes:
        """Return the manifest as JSON with ``sha256``, the hash of all its other content, at its end."""
        content = asdict(self)
        return json.dumps(content | {"sha256": digest(content)}, indent=1, ensure_ascii=False).encode() + b"\n"

    @property
    def sha256(self) -> str:
        """Return the hash that identifies the bundle: it covers, through ``files``, every byte of it."""
        return digest(asdict(self))


def digest(content: Json) -> str:
    """Return the sha256 of JSON values, whatever their layout on disk."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def parse_manifest(path: Path, raw: bytes) -> Manifest:
    """Return the manifest in the bytes of ``path``, every field of the type that ``Manifest`` declares.

    Messages quote none of its text: it may be anybody's file.

    Raises
    ------
    BundleDamaged
        It is not JSON, lacks a part or has one of another type, or does not hash to its own ``sha256``.
    BundleIncompatible
        Another format, or another scikit-learn, wrote it.
    """
    with unusable(f"{path}: not a manifest"):
        content = json.loads(raw)
        claimed = content.pop("sha256")
        _check_format(path, content.get("format"))
        if digest(content) != claimed:
            raise BundleDamaged(f"{path}: its content does not hash to the sha256 it states")
    fault = fault_in(Manifest, content) or _fault_in_texts(content)
    if fault:
        raise BundleDamaged(f"{path}: {fault}")
    _check_libraries(path, content.get("libraries", {}))
    return Manifest(**content)


def _check_format(path: Path, found: object) -> None:
    if type(found) is not int or not 0 < found < MOST_FORMATS:
        raise BundleDamaged(f"{path}: not a manifest: wanted a number in format")
    if found != FORMAT:
        raise BundleIncompatible(f"{path}: bundle format {found}; this slant reads {FORMAT}")


def _fault_in_texts(content: Json) -> str | None:
    """Tell what is wrong with values that are of the right type."""
    for name in ("name", "version"):
        if not content[name].isprintable() or not 0 < len(content[name]) <= LONGEST_NAME:
            return f"{name}: wanted a line of at most {LONGEST_NAME} printable characters"
    if not all(SHA256.fullmatch(one) for one in content["files"].values()):
        return "files: wanted the sha256 of each file"
    if not content.get("self_test"):
        return "self_test: wanted at least one article"
    faults = (fault_in(TestArticle, one, f"self_test[{n}]") for n, one in enumerate(content["self_test"]))
    return next(filter(None, faults), None)


def _check_libraries(path: Path, libraries: dict[str, str]) -> None:
    for name in PINNED:
        wrote, here = libraries.get(name, "none"), version(name)
        if wrote.split(".")[:2] != here.split(".")[:2]:
            told = wrote if VERSION.fullmatch(wrote) else "of no known version"
            raise BundleIncompatible(f"{path}: written with {name} {told}; {here} is installed")
