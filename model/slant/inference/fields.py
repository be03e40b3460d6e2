"""Whether values that were read from JSON have the types that a dataclass declares.

A validating library would do it too, in twenty times the lines that are loaded here: a tenth of a second for every
process that only wants to know a bundle.
"""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null"}


def fault_in(kind: Any, value: object, place: str = "") -> str | None:
    """Tell where a value is not of a type, and what was wanted there, without quoting it.

    Parameters
    ----------
    kind
        A dataclass, ``str``, ``int``, ``float``, ``bool``, ``None``, ``list[kind]``, ``dict[str, kind]``, a union of
        these, or ``Any``.
    value
        What ``json.loads`` returned.
    place
        What to call the value.

    Returns
    -------
    str or None
        Such as ``topics[3].code: wanted text``, or ``None`` where all is as declared.
    """
    origin = get_origin(kind)
    if kind is Any:
        return None
    if is_dataclass(kind):
        return _fault_in_fields(kind, value, place)
    if origin in (Union, UnionType):
        faults = [fault_in(one, value, place) for one in get_args(kind)]
        return None if None in faults else faults[0]
    if origin is list:
        return _fault_in_list(get_args(kind)[0], value, place)
    if origin is dict:
        return _fault_in_dict(get_args(kind)[1], value, place)
    return None if type(value) is kind else f"{place}: wanted {NAMES[kind]}"


def _fault_in_fields(kind: Any, value: object, place: str) -> str | None:
    if not isinstance(value, dict):
        return f"{place}: wanted an object"
    before = f"{place}." if place else ""
    hints = get_type_hints(kind)
    if not value.keys() <= hints.keys():
        return f"{place or 'it'}: has fields beside {', '.join(hints)}"
    for one in fields(kind):
        if one.name in value:
            fault = fault_in(hints[one.name], value[one.name], before + one.name)
        else:
            needed = one.default is MISSING and one.default_factory is MISSING
            fault = f"{before}{one.name}: is missing" if needed else None
        if fault:
            return fault
    return None


def _fault_in_list(kind: Any, value: object, place: str) -> str | None:
    if not isinstance(value, list):
        return f"{place}: wanted a list"
    faults = (fault_in(kind, one, f"{place}[{n}]") for n, one in enumerate(value))
    return next(filter(None, faults), None)


def _fault_in_dict(kind: Any, value: object, place: str) -> str | None:
    """Look into an object whose keys are not declared, and so are not told."""
    if not isinstance(value, dict):
        return f"{place}: wanted an object"
    faults = (fault_in(kind, one, f"{place}[...]") for one in value.values())
    return next(filter(None, faults), None)
