"""A bundle from anybody, before anything of it is used: its files and its manifest."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from slant.errors import BundleDamaged, BundleError, BundleIncompatible, BundleMissing
from slant.inference.failures import unusable
from slant.inference.manifest import BundleFiles, digest, parse_manifest
from slant.inference.stored import DEFAULT, LARGEST, read_bundle

SECRET = "S3CRET"


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """Return a bundle's folder with the manifest of the embedded one, and nothing else."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    shutil.copy(DEFAULT / "manifest.json", folder)
    return folder


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def link_out(path: Path) -> None:
    outside = path.parent.parent / "outside"
    outside.write_bytes(b"{}")
    path.symlink_to(outside)


def link_to_another_part(path: Path) -> None:
    path.symlink_to(path.with_name("CARD.md"))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(20 * 1024**3)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        here = os.getcwd()
        os.chdir(path.parent)  # the name of a socket must be short
        try:
            end.bind(path.name)
        finally:
            os.chdir(here)


@pytest.mark.parametrize("name", ["manifest.json", "encoder.onnx"])
@pytest.mark.parametrize(
    "place", [fifo, device, folder, link_to_itself, link_out, link_to_another_part, sparse, listening]
)
def test_what_is_no_plain_file_is_refused_at_once(started: Path, name: str, place: Callable[[Path], None]) -> None:
    (started / name).unlink(missing_ok=True)
    place(started / name)
    found = list[BaseException]()

    def read() -> None:
        try:
            read_bundle(started)
        except BaseException as error:
            found.append(error)

    reading = Thread(target=read, daemon=True)
    reading.start()
    reading.join(10)
    assert not reading.is_alive(), "it waits for what never comes"
    assert isinstance(found[0], BundleError)
    assert name in str(found[0])


def test_every_kind_of_file_has_a_limit() -> None:
    files = [BundleFiles().manifest, *BundleFiles().hashed().values()]
    assert all(LARGEST[path.suffix] >= 2 * (DEFAULT / path).stat().st_size for path in files)
    assert {path.suffix for path in files} == set(LARGEST)


def test_each_file_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    opened, open_ = list[str](), os.open

    def watched(path: Path, flags: int) -> int:
        opened.append(path.name)
        return open_(path, flags)

    monkeypatch.setattr(os, "open", watched)
    read_bundle(DEFAULT)
    assert sorted(opened) == sorted(["manifest.json", *BundleFiles().hashed()])


def test_a_file_that_grows_while_it_is_read(started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fstat = os.fstat

    def before(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        return os.stat_result([*found[:6], found.st_size - 1, *found[7:10]])

    monkeypatch.setattr(os, "fstat", before)
    with pytest.raises(BundleDamaged, match="changed while it was read"):
        read_bundle(started)


@pytest.mark.parametrize("name", ["no\0where", "n" * 5_000, "nowhere"])
def test_a_path_that_is_none(name: str) -> None:
    with pytest.raises(BundleMissing, match="no such bundle folder"):
        read_bundle(Path(name))


def signed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the embedded bundle's manifest, changed, with the sha256 of what it then says."""
    content = json.loads((DEFAULT / "manifest.json").read_bytes())
    content.pop("sha256")
    change(content)
    return json.dumps(content | {"sha256": digest(content)}).encode()


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "name is no text": lambda content: content.update(name=[SECRET]),
    "name is missing": lambda content: content.pop("name"),
    "name has a control character": lambda content: content.update(name=f"{SECRET}\x1b[2J"),
    "name has two lines": lambda content: content.update(name=f"{SECRET}\nlevel=error"),
    "name is endless": lambda content: content.update(name=SECRET * 1_000),
    "version is a number": lambda content: content.update(version=6),
    "topics are an object": lambda content: content.update(topics={SECRET: 1}),
    "a topic is a text": lambda content: content["topics"].append(SECRET),
    "a topic's name is null": lambda content: content["topics"].append({SECRET: None}),
    "stances are a text": lambda content: content.update(stances=SECRET),
    "files are a list": lambda content: content.update(files=[SECRET]),
    "files are a number": lambda content: content.update(files=7),
    "a hash is a number": lambda content: content["files"].update({"encoder.onnx": 7}),
    "a hash is none": lambda content: content["files"].update({"encoder.onnx": SECRET}),
    "libraries are a text": lambda content: content.update(libraries=SECRET),
    "a library is a list": lambda content: content["libraries"].update({"scikit-learn": [SECRET]}),
    "training is an object": lambda content: content.update(training={SECRET: {}}),
    "a record is a text": lambda content: content["training"].append(SECRET),
    "figures are a list": lambda content: content.update(figures=[SECRET]),
    "no test article": lambda content: content.update(self_test=[]),
    "test articles are an object": lambda content: content.update(self_test={SECRET: {}}),
    "a test article is a text": lambda content: content.update(self_test=[SECRET]),
    "a test article lacks its text": lambda content: content["self_test"][0].pop("text"),
    "a test article has more": lambda content: content["self_test"][0].update({SECRET: 1}),
    "there is more": lambda content: content.update({SECRET: 1}),
    "format is a text": lambda content: content.update(format=SECRET),
    "format is yes": lambda content: content.update(format=True),
    "format is vast": lambda content: content.update(format=10**4_000),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_manifest_that_is_not_as_declared_is_refused_and_not_quoted(lie: str) -> None:
    with pytest.raises(BundleDamaged, match=r"^m\.json: ") as caught:
        parse_manifest(Path("m.json"), signed(LIES[lie]))
    assert SECRET not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("version", "told"), [("0.1.0", r"0\.1\.0"), (SECRET, "of no known version")])
def test_a_library_is_told_where_it_is_a_version(version: str, told: str) -> None:
    raw = signed(lambda content: content["libraries"].update({"scikit-learn": version}))
    with pytest.raises(BundleIncompatible, match=f"written with scikit-learn {told}; ") as caught:
        parse_manifest(Path("m.json"), raw)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"sha256": 1, "format": ' + b"9" * 100_000 + b"}",
        b"\xff\xfe",
        b'{"sha256": "0", "format": 6, "figures": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        SECRET.encode(),
    ],
)
def test_what_is_no_json_of_ours_is_refused(raw: bytes) -> None:
    with pytest.raises(BundleDamaged, match=r"m\.json: ") as caught:
        parse_manifest(Path("m.json"), raw)
    assert SECRET not in str(caught.value)


class Panic(BaseException):
    """Like the panic of a library in Rust: no Exception."""


@pytest.mark.parametrize("error", [Panic(SECRET), MemoryError(), RecursionError(SECRET), ValueError(SECRET)])
def test_whatever_goes_wrong_is_an_error_of_the_bundle(error: BaseException) -> None:
    with pytest.raises(BundleDamaged, match=rf"^here \({type(error).__name__}\)$") as caught, unusable("here"):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), BundleMissing("told already")])
def test_what_is_not_the_bundle_s_fault_passes(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, unusable("here"):
        raise error
    assert caught.value is error
