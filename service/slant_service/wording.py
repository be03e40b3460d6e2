"""What is wrong with a request, in the words of JSON: what was wanted, and what came. No value is repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from slant_service.schemas import LISTED, BundleChange, Request

LONGEST_NAME = 100
"""Characters of a field's name that an error repeats."""
FIELDS = {
    "targets": 'a list of strings, as ["the toll"], or "auto"',
    "topics": 'true, false or "all"',
}
"""What is wanted in fields that take more than one kind of value."""
KINDS = {
    "string_type": "a string",
    "string_unicode": "a string of whole characters",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("of at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("of at most", "le"),
}
NO_WHITE_SPACE = "wanted at least 1 character that is no white space"


def path_of(error: Mapping[str, Any]) -> str:
    """Return where in the body a value stands: ``targets.0``."""
    parts = [str(part) for part in error["loc"] if part != LISTED]
    if error["type"] == "json_invalid":
        parts = []  # where it ends to be JSON is no field
    found = ".".join(parts) or "body"
    return found if len(found) <= LONGEST_NAME else found[:LONGEST_NAME] + "..."


def message_of(error: Mapping[str, Any]) -> str:
    """Return what is wrong with a value."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "json_invalid":
        return f"not JSON: {context.get('error', 'cannot be parsed')}"
    if kind in KINDS:
        field = str(error["loc"][0]) if error["loc"] else ""
        wanted = FIELDS.get(field, KINDS[kind]) if LISTED in error["loc"][-1:] else KINDS[kind]
        return f"wanted {wanted}, got {name_of(error['input'])}"
    if kind in BOUNDS:
        words, limit = BOUNDS[kind]
        return f"wanted a number {words} {context[limit]:g}"
    return _OTHERS.get(kind, _as_it_is)(error)


def name_of(value: object) -> str:
    """Return what JSON calls a value of this kind."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for kinds, name in (((int, float), "a number"), (str, "a string"), (list, "a list"), (dict, "an object")):
        if isinstance(value, kinds):
            return name
    return "something else"


def _too_long(error: Mapping[str, Any]) -> str:
    most, what = error["ctx"]["max_length"], "characters" if isinstance(error["input"], str) else "items"
    return f"wanted at most {most:,} {what}, got {len(error['input']):,}"


def _too_short(error: Mapping[str, Any]) -> str:
    least = error["ctx"]["min_length"]
    return NO_WHITE_SPACE if isinstance(error["input"], str) else f"wanted at least {least} item, got none"


def _unknown(error: Mapping[str, Any]) -> str:
    known = [*Request.model_fields, *BundleChange.model_fields]
    near = get_close_matches(str(error["loc"][-1]), known, n=1)
    return f"a field of this name is not permitted{f'; did you mean {near[0]}?' if near else ''}"


def _as_it_is(error: Mapping[str, Any]) -> str:
    return str(error["msg"]).removeprefix("Value error, ")


_OTHERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "string_too_long": _too_long,
    "too_long": _too_long,
    "string_too_short": _too_short,
    "too_short": _too_short,
    "string_pattern_mismatch": lambda _: NO_WHITE_SPACE,
    "extra_forbidden": _unknown,
    "literal_error": lambda error: f"wanted {error['ctx']['expected']}",
    "missing": lambda error: "wanted JSON, got nothing" if error["loc"] == ("body",) else "wanted, and missing",
}
