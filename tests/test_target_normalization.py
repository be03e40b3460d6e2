"""One form for every spelling of a target."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slant.targets.normalization import normalize_target

SPELLINGS = [
    "toll",
    "the toll",
    "The Toll",
    "THE TOLL",
    "the toll.",
    "toll?",
    "the toll!!!",
    "#toll",
    "\uff03toll",
    '"the toll"',
    "\u201cthe toll\u201d",
    "\u201cthe toll.\u201d",
    "\u00abthe toll\u00bb",
    "'the toll'",
    "(the toll)",
    "*the toll*",
    " the\u00a0 toll\n",
    "\u200bthe toll\ufeff",
    "the toll \u2014",
    "the \u201ctoll\u201d",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_one_target(spelling: str) -> None:
    assert normalize_target(spelling) == "toll"


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("#BlackLivesMatter", "black lives matter"),
        ("#NATOExpansion", "nato expansion"),
        ("a 5% tax", "a 5% tax"),
        ("GPS (global positioning)", "gps (global positioning)"),
        ("(a) and (b)", "(a) and (b)"),
        ('"X" is better than "Y"', '"x" is better than "y"'),
        ("Should the toll stay?", "should the toll stay"),
        ("C++", "c++"),
        ("A&E", "a&e"),
        ("theatre", "theatre"),
        ("another toll", "another toll"),
        ("the", "the"),
        ("...", "..."),
        ("no toll", "no toll"),
        ("not #toll", "not toll"),
    ],
)
def test_what_is_part_of_the_meaning_stays(target: str, wanted: str) -> None:
    assert normalize_target(target) == wanted


@given(st.text(min_size=1, max_size=80))
def test_any_target_is_normalized_once_and_for_all(target: str) -> None:
    once = normalize_target(target)
    assert normalize_target(once) == once
