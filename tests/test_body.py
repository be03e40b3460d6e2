"""Request bodies: counted, inflated within bounds, and read as strictly as a contract needs it."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message

from slant_service.errors import Busy
from slant_service.lines import Lines
from slant_service.request_body import BodyRefused, ClientGone, whole
from slant_service.strict_json import parse

BLANK = b" \t\r\n"


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


def test_gzip_of_several_members_is_read_to_its_end() -> None:
    members = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    assert read(piece(members), encoding="gzip") == b"one two"
    for cut in range(1, len(members)):
        assert read(piece(members[:cut], more=True), piece(members[cut:]), encoding="gzip") == b"one two"


@pytest.mark.parametrize(
    "junk", [b"\0", b"junk", gzip.compress(b"x", mtime=0)[:-1], gzip.compress(b"x", mtime=0)[:5], b"\x1f"]
)
def test_junk_behind_gzip_is_refused(junk: bytes) -> None:
    with refused(400, "not-gzip"):
        read(piece(gzip.compress(b"one") + junk), encoding="gzip")


def test_what_inflates_too_many_times_is_refused_before_it_is_kept() -> None:
    with refused(413, "body-too-large"):
        read(piece(gzip.compress(b" " * 500_000)), encoding="gzip", limit=1_000_000)
    with refused(413, "body-too-large"):
        read(piece(gzip.compress(b"") * 100), encoding="gzip")
    prose = b" ".join(b"%d words of text" % n for n in range(20_000))
    assert read(piece(gzip.compress(prose)), encoding="gzip", limit=1_000_000) == prose


def test_a_body_has_so_long_in_all() -> None:
    async def slow() -> Message:
        await asyncio.sleep(0.005)
        return piece(b"a", more=True)

    scope = {"type": "http", "headers": []}
    with refused(408, "too-slow"):
        asyncio.run(whole(scope, slow, 1_000_000, patience=5, seconds=0.05))


def test_a_body_is_kept_only_where_there_is_room_for_it() -> None:
    held = []

    def hold(n: int) -> None:
        held.append(n)
        if sum(held) > 4:
            raise Busy("too many bytes are in hand")

    waiting = [piece(b"ab", more=True), piece(b"cd", more=True)]

    async def receive() -> Message:
        return waiting.pop(0)

    with pytest.raises(Busy):
        asyncio.run(whole({"type": "http", "headers": []}, receive, 1_000, 5, hold=hold))
    assert held == [2, 2, -2, 2, 2]  # what came, what is kept of it, what came no longer; and the same again


def test_other_encodings_are_refused() -> None:
    for name in ("br", "deflate", "gzip, gzip", "gzip,br", "identity, gzip", "x"):
        with refused(415, "unknown-encoding"):
            read(piece(b""), encoding=name)


def test_what_is_packed_twice_is_unpacked_once() -> None:
    inner = gzip.compress(b"x" * 1_000)
    assert read(piece(gzip.compress(inner)), encoding="gzip") == inner


def test_a_slow_client_is_cut_and_one_that_went_is_not_answered() -> None:
    with refused(408, "too-slow"):
        read(piece(b"a", more=True), patience=0.01)
    with pytest.raises(ClientGone):
        read(piece(b"a", more=True), {"type": "http.disconnect"})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'"\xff"', "invalid unicode"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b"[NaN]", "expected value"),
        (b"-Infinity", "invalid number"),
        (b"1e999", "too large"),
        (b"9" * 5_000, "out of range"),
        (rb'"\ud800"', "hex escape"),
        (rb'{"\udfff": 1}', "surrogate"),
        (b"[" * 5_000, "levels"),
        (b"[" * 100_000, "more than 10000 values"),
        (b"[" * 17 + b"]" * 17, "levels"),
        (b"", "EOF"),
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
    assert collect([b"a\nb", b"c\n", b"\nd"], 10) == [(1, b"a"), (2, b"bc"), (4, b"d")]


def test_a_line_that_is_too_long_is_passed_over() -> None:
    assert collect([b"x" * 6, b"x" * 6, b"x\nab\n"], 5) == [(1, None), (2, b"ab")]
    assert collect([b"x" * 6], 5) == [(1, None)]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=8) | st.text("a \n\r").map(str.encode), max_size=8), st.integers(1, 5))
def test_lines_do_not_depend_on_how_the_bytes_come(pieces: list[bytes], size: int) -> None:
    body = b"".join(pieces)
    cut = [body[n : n + size] for n in range(0, len(body), size)]
    found = collect(pieces, 5)
    assert found == collect(cut, 5)
    wanted = [(n, line.strip(BLANK)) for n, line in enumerate(body.split(b"\n"), 1) if line.strip(BLANK)]
    assert [number for number, _ in found] == [number for number, _ in wanted]
    assert all(line is None or line.strip(BLANK) == left for (_, line), (_, left) in zip(found, wanted, strict=True))


def test_what_is_held_of_lines_is_what_they_have() -> None:
    """What is passed over is given back at once; what nobody may hold is refused in its place."""
    held = 0

    def hold(n: int) -> None:
        nonlocal held
        if held + n > 8:
            raise Busy("too many bytes are in hand")
        held += n

    found = collect([b"aaaa", b"aaaaa\n", b"bb\ncc\n", b"dddddd\n"], 6, hold)
    assert found == [(1, None), (2, b"bb"), (3, b"cc"), (4, None)]
    assert held == 4


def test_a_line_that_never_ends_is_given_up() -> None:
    async def test() -> None:
        async def endless() -> AsyncIterator[bytes]:
            yield b"a\nb"
            await asyncio.Event().wait()

        lines = Lines(10, seconds=0.01).of(endless())
        assert (await anext(lines)).content == b"a"
        with refused(408, "too-slow"):
            await anext(lines)

    asyncio.run(asyncio.wait_for(test(), 10))


def collect(
    pieces: Sequence[bytes], limit: int, hold: Callable[[int], None] = lambda n: None
) -> list[tuple[int, bytes | None]]:
    async def given() -> AsyncIterator[bytes]:
        for one in pieces:
            yield one

    async def found() -> list[tuple[int, bytes | None]]:
        lines = Lines(limit, hold=hold)
        return [(line.number, None if line.problem else line.content) async for line in lines.of(given())]

    return asyncio.run(found())
