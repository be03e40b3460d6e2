"""Topics and stances, in the one order that every array uses."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias, get_args

Stance: TypeAlias = Literal["favor", "against", "neutral", "unrelated"]
STANCES: tuple[Stance, ...] = get_args(Stance)
OPPOSITE = {"favor": "against", "against": "favor"}
"""What a stance becomes when its target is turned round; the other stances stay."""


class Topic(NamedTuple):
    """A top-level IPTC Media Topic (https://iptc.org/standards/media-topics/, CC BY 4.0)."""

    code: str
    name: str


TOPICS: tuple[Topic, ...] = (
    Topic("medtop:01000000", "arts, culture, entertainment and media"),
    Topic("medtop:02000000", "crime, law and justice"),
    Topic("medtop:03000000", "disaster, accident and emergency incident"),
    Topic("medtop:04000000", "economy, business and finance"),
    Topic("medtop:05000000", "education"),
    Topic("medtop:06000000", "environment"),
    Topic("medtop:07000000", "health"),
    Topic("medtop:08000000", "human interest"),
    Topic("medtop:09000000", "labour"),
    Topic("medtop:10000000", "lifestyle and leisure"),
    Topic("medtop:11000000", "politics"),
    Topic("medtop:12000000", "religion"),
    Topic("medtop:13000000", "science and technology"),
    Topic("medtop:14000000", "society"),
    Topic("medtop:15000000", "sport"),
    Topic("medtop:16000000", "conflict, war and peace"),
    Topic("medtop:17000000", "weather"),
)
