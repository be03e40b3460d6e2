"""JSON, read as strictly as a contract needs it, by jiter; its shape is bounded before anything is built.

A few kilobytes of gzip can hold millions of empty lists, which take seconds and hundreds of megabytes to build. So the
brackets, commas and colons outside of strings are looked at first, and a body with more of them than any request has
is refused. What passes is built in milliseconds.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from pydantic_core import from_json

from slant_service.apart import apart

DEEPEST = 16
"""Levels of nesting that JSON may have; a request has three."""
MOST_MARKS = 10_000
"""Characters, white space apart, that may stand outside of strings; a full batch has about 4,000."""
AT_ONCE = 65_536
"""Bytes that are read in the event loop; more are read in a thread."""
MARK = b"\xef\xbb\xbf"
"""The byte order mark, which some editors and languages write before UTF-8, and which says nothing there."""
_INSIDE = re.compile(rb"(?:[^\"\\]++|\\.)*+", re.DOTALL)


async def parse_apart(body: bytes) -> Any:
    """Return what JSON says, without holding up the event loop; raises as ``parse``."""
    if len(body) <= AT_ONCE:
        return parse(body)
    return await apart(parse, body)


def parse(body: bytes) -> Any:
    """Return what JSON says. No error quotes the body.

    Raises
    ------
    JSONDecodeError
        It is not JSON in UTF-8, has a name twice in one object, a number that is none or too large, half a character,
        more levels than ``DEEPEST`` or more marks than ``MOST_MARKS``.
    """
    body = body.removeprefix(MARK)
    colons = _check_shape(body)
    try:
        found = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise _bad(str(error)) from error
    if _count_members(found) < colons:
        raise _bad("a name stands twice in one object")
    return found


def _check_shape(body: bytes) -> int:
    """Return how many members all objects together have; raises as ``parse`` if the shape is out of bounds."""
    depth, marks, colons, at = 0, 0, 0, 0
    while at < len(body):
        quote = body.find(b'"', at)
        outside = body[at : quote if quote >= 0 else None].translate(None, b" \t\r\n")
        marks += len(outside) + 1
        if marks > MOST_MARKS:
            raise _bad(f"it has more than {MOST_MARKS} values, names and brackets")
        colons += outside.count(b":")
        depth = _deepened(depth, outside)
        at = len(body) if quote < 0 else _end_of_string(body, quote + 1)
    return colons


def _deepened(depth: int, outside: bytes) -> int:
    for byte in outside:
        if byte in b"[{":
            depth += 1
            if depth > DEEPEST:
                raise _bad(f"it has more than {DEEPEST} levels")
        elif byte in b"]}":
            depth -= 1
    return depth


def _end_of_string(body: bytes, at: int) -> int:
    """Return where the string goes on after its closing quote, looking at so much at a time that threads take turns."""
    while True:
        inside = _INSIDE.match(body, at, at + AT_ONCE)
        end = inside.end() if inside else at
        if body[end : end + 1] == b'"':
            return end + 1
        if end == at:
            raise _bad("a string does not end")
        at = end


def _count_members(value: Any) -> int:
    """Return how many members the objects have that were built; a name that stands twice was built once."""
    count, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            count += len(one)
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, float) and math.isinf(one):
            raise _bad("a number is too large")
    return count


def _bad(said: str) -> json.JSONDecodeError:
    return json.JSONDecodeError(said, "", 0)
