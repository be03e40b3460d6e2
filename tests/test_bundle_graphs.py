"""Graphs and tokenizers from anybody, as they are loaded: what they may not read, and what they are not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from graph_files import (
    ENDS,
    EXTERNAL,
    INT64,
    SIZE,
    TAKE,
    block,
    external,
    model,
    node,
    number,
    plain,
    tensor,
    tokenizer,
    value,
    weight,
)
from slant.errors import BundleUntrusted
from slant.features.encoder import load_encoder
from slant.features.runtime import onnxruntime, start_session
from slant.features.vocabulary import read_tokenizer


def attribute(name: str, field: int, content: bytes, kind: int) -> bytes:
    """Return an attribute of a node: field and kind are 5 and 4 of a tensor, 6 and 5 of a graph."""
    return block(5, block(1, name) + block(field, content) + number(20, kind))


CONSTANT = node("Constant", [], ["w"])


def in_an_inner_graph(place: Mapping[str, str]) -> bytes:
    inner = block(1, node("Gather", ["w", "x"], ["z"])) + block(2, "inner") + block(5, weight(place))
    branches = (attribute(name, 6, inner + block(12, value("z", [2])), 5) for name in ("then_branch", "else_branch"))
    chosen = node("If", ["c"], ["y"]) + b"".join(branches)
    return model([chosen], [], [value("c", [], 9), *ENDS[0]], ENDS[1])


def in_a_constant(place: Mapping[str, str]) -> bytes:
    return model([CONSTANT + attribute("value", 5, weight(place), 4), TAKE], [], *ENDS)


def in_an_attribute(place: Mapping[str, str]) -> bytes:
    one = external("v", [1], {"offset": "0", "length": "4", **place})
    return model([node("ConstantOfShape", ["x"], ["y"]) + attribute("value", 5, one, 4)], [], *ENDS)


def in_a_function(place: Mapping[str, str]) -> bytes:
    constant = block(7, CONSTANT + attribute("value", 5, weight(place), 4))
    domain = block(9, block(1, "") + number(2, 17)) + block(10, "own")
    function = block(1, "F") + block(4, "x") + block(5, "y") + constant + block(7, TAKE) + domain
    called = model([node("F", ["x"], ["y"], "own")], [], *ENDS)
    return called + block(8, block(1, "own") + number(2, 1)) + block(25, function)


EVERYWHERE = [plain, in_an_inner_graph, in_a_constant, in_an_attribute, in_a_function]
PLACES = ["secret.bin", "./secret.bin", "sub/../secret.bin", "sub/link.bin", "pipe", "{folder}/secret.bin"]


@pytest.fixture
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, with a secret in it."""
    (tmp_path / "secret.bin").write_bytes(np.full(SIZE, 283.0, dtype=np.float32).tobytes())
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "link.bin").symlink_to(tmp_path / "secret.bin")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_secret_could_be_read(working: Path) -> None:
    """Without what keeps it from them, graphs do read it: or the next test would show nothing."""
    session = onnxruntime.InferenceSession(plain({"location": "secret.bin"}))
    assert session.run(None, {"x": np.array([0, 1])})[0].tolist() == [283.0, 283.0]


@pytest.mark.parametrize("location", PLACES)
@pytest.mark.parametrize("build", EVERYWHERE)
@pytest.mark.parametrize("files", [None, {"encoder.onnx": bytes(4 * SIZE)}])
def test_a_graph_reads_no_file(
    working: Path, build: Callable[[Mapping[str, str]], bytes], location: str, files: Mapping[str, bytes] | None
) -> None:
    graph = build({"location": location.format(folder=working)})
    with pytest.raises(Exception, match=r"ONNXRuntimeError|Not Implemented"):
        start_session(graph, files=files)


@pytest.mark.parametrize("build", EVERYWHERE)
def test_a_graph_reads_no_memory(build: Callable[[Mapping[str, str]], bytes]) -> None:
    secret = np.full(SIZE, 283.0, dtype=np.float32)
    place = {"location": "*/_ORT_MEM_ADDR_/*", "offset": str(secret.ctypes.data)}
    with pytest.raises(Exception, match="ONNXRuntimeError"):
        start_session(build(place), files={"encoder.onnx": bytes(4 * SIZE)})


@pytest.mark.parametrize("offset", [-4, 4, 4 * SIZE, 2**40, 2**63 - 1])
def test_a_graph_that_borrows_beyond_the_encoder(offset: int) -> None:
    place = {"location": "encoder.onnx", "offset": str(offset)}
    with pytest.raises(Exception, match="ONNXRuntimeError"):
        start_session(plain(place), files={"encoder.onnx": bytes(4 * SIZE)})


ENDLESS = [number(1, 20_000_000_000) + number(2, 1) + block(8, "w")]
GRAPHS: dict[str, bytes] = {
    "nothing": b"",
    "no graph": b"not a graph",
    "half a graph": model([TAKE], [tensor("w", [2], raw=bytes(8))], *ENDS)[:-20],
    "the other format": b"\x18\x00\x00\x00ORTM" + bytes(100),
    "an operation of one's own": model([node("Steal", ["x"], ["y"], "com.example")], [], *ENDS),
    "Python as an operation": model([node("PyOp", ["x"], ["y"], "ai.onnx.contrib")], [], *ENDS),
    "a weight of 80 GB": model([TAKE], ENDLESS, *ENDS),
    "a weight shorter than it says": model([TAKE], [tensor("w", [SIZE], raw=bytes(8))], *ENDS),
    "a weight with a side below nothing": model([TAKE], [number(1, 2**64 - 2) + number(2, 1) + block(8, "w")], *ENDS),
    "a weight that is not there": model([TAKE], [], *ENDS),
    "a ring": model([node("Add", ["x", "b"], ["a"]), node("Add", ["x", "a"], ["b"])], [], *ENDS),
    "a value that is outside without a place": model([TAKE], [tensor("w", [2]) + number(14, EXTERNAL)], *ENDS),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Exception, match="ONNXRuntimeError"):
        start_session(GRAPHS[name])


def test_indices_beyond_a_weight_are_refused_when_it_runs() -> None:
    session = start_session(model([TAKE], [tensor("w", [SIZE], raw=bytes(4 * SIZE))], *ENDS))
    with pytest.raises(Exception, match="out of data bounds"):
        session.run(None, {"x": np.array([0, 2**40])})


def test_a_tokenizer_that_is_sound_is_read() -> None:
    both = {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]}
    for raw in (tokenizer(), tokenizer(normalizer=None), tokenizer(normalizer=both)):
        assert read_tokenizer(raw).encode("toll", add_special_tokens=False).ids == [3]


PATTERN = {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": "b"}
TABLE = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}
FOREIGN: dict[str, bytes] = {
    "a table of bytes": tokenizer(normalizer=TABLE),
    "a table without a name": tokenizer(normalizer={"precompiled_charsmap": "AAAA"}),
    "a table further in": tokenizer(normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}, TABLE]}),
    "a table further in yet": tokenizer(
        normalizer={"type": "Sequence", "normalizers": [{"type": "Sequence", "normalizers": [TABLE]}]}
    ),
    "a pattern": tokenizer(normalizer=PATTERN),
    "a pattern that splits": tokenizer(
        pre_tokenizer={"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Removed", "invert": False}
    ),
    "a pattern that decodes": tokenizer(decoder=PATTERN),
    "a model without a kind": tokenizer(model={"vocab": {"[UNK]": 0}, "unk_token": "[UNK]"}),
    "a model of several": tokenizer(model=[{"type": "WordPiece"}]),
    "two kinds, the first of them a table": tokenizer().replace(
        b'"normalizer": {', b'"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}, "normalizer": {'
    ).replace(b'"type": "BertNormalizer"', b'"type": "Precompiled", "precompiled_charsmap": "AAAA"'),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_a_tokenizer_of_a_foreign_kind_is_refused(name: str) -> None:
    with pytest.raises(BundleUntrusted, match="is of a kind that slant does not load"):
        read_tokenizer(FOREIGN[name])


def test_what_is_looked_at_is_what_is_loaded() -> None:
    """Of two parts of one name readers take one or the other."""
    raw = tokenizer().replace(b'"normalizer": {', b'"normalizer": ' + json.dumps(TABLE).encode() + b', "normalizer": {')
    assert read_tokenizer(raw).encode("Toll", add_special_tokens=False).ids == [3]


@pytest.mark.parametrize("beyond", [4, 2_000_000_000])
def test_a_piece_beyond_the_vocabulary_is_refused(beyond: int) -> None:
    vocabulary = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "toll": beyond}
    model_ = json.loads(tokenizer())["model"] | {"vocab": vocabulary}
    with pytest.raises(BundleUntrusted, match="beyond its vocabulary"):
        read_tokenizer(tokenizer(model=model_))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        tokenizer()[:-5],
        tokenizer(model={"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "b"]]}),
        tokenizer(model={"type": "Unigram", "vocab": [["a", -1.0]], "unk_id": 5}),
        tokenizer(model={"type": "WordPiece", "vocab": {"a": -1}}),
    ],
)
def test_what_is_no_tokenizer_is_refused(raw: bytes) -> None:
    with pytest.raises(BaseException, match=r"."):  # a panic of the library is no Exception
        read_tokenizer(raw)


TWO = [value("vector", ["batch", 3]), value("logits", ["batch", 2])]


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        (TWO[::-1], '["a", "b"]'),
        (TWO[:1], '["a", "b"]'),
        ([value("vector", ["batch", "wide"]), TWO[1]], '["a", "b"]'),
        ([value("vector", [3]), TWO[1]], '["a", "b"]'),
        (TWO, '["a"]'),
        (TWO, '["a", 2]'),
        (TWO, "2"),
        (TWO, "["),
        (TWO, '{"a": 1}'),
    ],
)
def test_an_encoder_that_does_not_say_what_it_gives(outputs: list[bytes], told: str) -> None:
    nodes = [node("Cast", ["x"], [name]) + attribute_of_number("to", 1) for name in ("vector", "logits")]
    graph = model(nodes, [], [value("x", ["batch", "n"], INT64)], outputs, columns=told)
    with pytest.raises((ValueError, TypeError)):
        load_encoder(graph, tokenizer())


def attribute_of_number(name: str, content: int) -> bytes:
    return block(5, block(1, name) + number(3, content) + number(20, 2))
