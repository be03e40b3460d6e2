"""Request bodies: counted, inflated within bounds, and read as strictly as a contract needs it."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from slant_service.body import BodyRefused, ClientGone, parse, whole
from slant_service.stream import lines


def read(*messages: Message, limit: int = 1_000, encoding: str = "identity", patience: float = 5.0) -> bytes:
    waiting = list(messages)

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    scope = {"type": "http", "headers": [(b"content-encoding", encoding.encode())]}
    return asyncio.run(whole(scope, receive, limit, patience))


def piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def refused(status: int, kind: str) -> Any:
    return pytest.raises(BodyRefused, check=lambda error: (error.status, error.kind) == (status, kind))


def test_pieces_become_one_body() -> None:
    assert read(piece(b"ab", more=True), piece(b"", more=True), piece(b"c")) == b"abc"


def test_bytes_are_counted_as_they_come() -> None:
    with refused(413, "body-too-large"):
        read(*[piece(b"x" * 400, more=True)] * 3)


def test_gzip_is_counted_as_it_inflates() -> None:
    small = gzip.compress(b"x" * 900)
    assert read(piece(small[:10], more=True), piece(small[10:]), encoding="gzip") == b"x" * 900
    bomb = gzip.compress(b"x" * 100_000_000)
    with refused(413, "body-too-large"):
        read(piece(bomb), encoding="GZIP")


@pytest.mark.parametrize("body", [b"", b"plain", gzip.compress(b"whole", mtime=0)[:-4]])
def test_what_is_not_gzip_is_refused(body: bytes) -> None:
    with refused(400, "not-gzip"):
        read(piece(body), encoding="gzip")


def test_other_encodings_are_refused() -> None:
    with refused(415, "unknown-encoding"):
        read(piece(b""), encoding="br")


def test_a_slow_client_is_cut_and_one_that_went_is_not_answered() -> None:
    with refused(408, "too-slow"):
        read(piece(b"a", more=True), patience=0.01)
    with pytest.raises(ClientGone):
        read(piece(b"a", more=True), {"type": "http.disconnect"})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"\xff", "UTF-8"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b"[NaN]", "NaN"),
        (b"-Infinity", "-Infinity"),
        (b"1e999", "too large"),
        (b"9" * 5_000, "too many digits"),
        (rb'"\ud800"', "surrogate"),
        (rb'{"\udfff": 1}', "surrogate"),
        (b"[" * 100_000, "levels"),
        (b"[" * 17 + b"]" * 17, "levels"),
        (b"", "Expecting value"),
    ],
)
def test_json_that_is_none_is_refused_without_quoting_it(body: bytes, said: str) -> None:
    with pytest.raises(json.JSONDecodeError, match=said):
        parse(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=8,
    )
)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value


def test_lines_come_as_soon_as_they_are_whole() -> None:
    assert collect([b"a\nb", b"c\n", b"\nd"], 10) == [b"a", b"bc", b"", b"d"]


def test_a_line_that_is_too_long_is_passed_over() -> None:
    assert collect([b"x" * 6, b"x" * 6, b"x\nab\n"], 5) == [None, b"ab"]
    assert collect([b"x" * 6], 5) == [None]


@given(st.lists(st.binary(max_size=8), max_size=8), st.integers(1, 5))
def test_lines_do_not_depend_on_how_the_bytes_come(pieces: list[bytes], size: int) -> None:
    body = b"".join(pieces)
    cut = [body[n : n + size] for n in range(0, len(body), size)]
    assert collect(pieces, 5) == collect(cut, 5)


def collect(pieces: Sequence[bytes], limit: int) -> list[bytes | None]:
    async def given() -> Any:
        for one in pieces:
            yield one

    async def found() -> list[bytes | None]:
        return [line async for line in lines(given(), limit)]

    return asyncio.run(found())
