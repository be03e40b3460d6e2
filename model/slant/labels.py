"""Topics and stances, in the one order that every array uses."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias, get_args

Stance: TypeAlias = Literal["favor", "against", "neutral", "unrelated"]
STANCES: tuple[Stance, ...] = get_args(Stance)
OPPOSITE = {"favor": "against", "against": "favor"}
"""What a stance becomes when its target is turned round; the other stances stay."""


class Topic(NamedTuple):
    """An IPTC Media Topic (https://iptc.org/standards/media-topics/, CC BY 4.0), or one of the user's own.

    ``broader`` is the code of the topic that it lies beneath, ``None`` for one of the first level.
    """

    code: str
    name: str
    broader: str | None = None

    @property
    def level(self) -> int:
        """Return 1, or 2 for a topic beneath another."""
        return 1 if self.broader is None else 2


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
"""The first level."""

_BENEATH: dict[str, tuple[tuple[str, str], ...]] = {
    "medtop:01000000": (
        ("medtop:20000002", "arts and entertainment"),
        ("medtop:20000038", "culture"),
        ("medtop:20000045", "mass media"),
    ),
    "medtop:02000000": (
        ("medtop:20000082", "crime"),
        ("medtop:20000106", "judiciary"),
        ("medtop:20000121", "law"),
        ("medtop:20000129", "law enforcement"),
    ),
    "medtop:03000000": (
        ("medtop:20000139", "accident and emergency incident"),
        ("medtop:20000148", "disaster"),
        ("medtop:20000168", "emergency response"),
    ),
    "medtop:04000000": (
        ("medtop:20000170", "business information"),
        ("medtop:20000209", "products and services"),
        ("medtop:20000344", "economy"),
        ("medtop:20000385", "market and exchange"),
    ),
    "medtop:05000000": (
        ("medtop:20000398", "parents group"),
        ("medtop:20000399", "religious education"),
        ("medtop:20000400", "school"),
        ("medtop:20000410", "social learning"),
        ("medtop:20000412", "curriculum"),
        ("medtop:20000413", "educational testing and examinations"),
        ("medtop:20000414", "entrance examination"),
        ("medtop:20000415", "students"),
        ("medtop:20000416", "teachers"),
        ("medtop:20001216", "vocational education"),
        ("medtop:20001217", "educational grading"),
        ("medtop:20001337", "online and remote learning"),
    ),
    "medtop:06000000": (
        ("medtop:20000418", "climate change"),
        ("medtop:20000420", "conservation"),
        ("medtop:20000424", "environmental pollution"),
        ("medtop:20000430", "natural resources"),
        ("medtop:20000441", "nature"),
        ("medtop:20001374", "sustainability"),
    ),
    "medtop:07000000": (
        ("medtop:20000446", "disease and condition"),
        ("medtop:20000461", "health facility"),
        ("medtop:20000463", "health organisation"),
        ("medtop:20000464", "health treatment and procedure"),
        ("medtop:20000480", "government health care"),
        ("medtop:20000483", "health insurance"),
        ("medtop:20000484", "private health care"),
        ("medtop:20000485", "medical profession"),
        ("medtop:20001358", "public health"),
    ),
    "medtop:08000000": (
        ("medtop:20000498", "award and prize"),
        ("medtop:20000499", "record and achievement"),
        ("medtop:20000501", "ceremony"),
        ("medtop:20000503", "human mishap"),
        ("medtop:20000504", "high society"),
        ("medtop:20000505", "celebrity"),
        ("medtop:20001237", "anniversary"),
        ("medtop:20001238", "birthday"),
    ),
    "medtop:09000000": (
        ("medtop:20000509", "employment"),
        ("medtop:20000521", "employment legislation"),
        ("medtop:20000523", "labour market"),
        ("medtop:20000524", "labour relations"),
        ("medtop:20000531", "retirement"),
        ("medtop:20000533", "unemployment"),
        ("medtop:20000536", "unions"),
    ),
    "medtop:10000000": (
        ("medtop:20000538", "leisure"),
        ("medtop:20000565", "lifestyle"),
        ("medtop:20001339", "wellness"),
    ),
    "medtop:11000000": (
        ("medtop:20000574", "election"),
        ("medtop:20000587", "fundamental rights"),
        ("medtop:20000593", "government"),
        ("medtop:20000621", "government policy"),
        ("medtop:20000638", "international relations"),
        ("medtop:20000646", "non-governmental organisation"),
        ("medtop:20000647", "political crisis"),
        ("medtop:20000648", "political dissent"),
        ("medtop:20000649", "political process"),
    ),
    "medtop:12000000": (
        ("medtop:20000657", "belief systems"),
        ("medtop:20000688", "religious conflict"),
        ("medtop:20000690", "religious festival and holiday"),
        ("medtop:20000696", "religious ritual"),
        ("medtop:20000697", "religious facility"),
        ("medtop:20000702", "relations between religion and government"),
        ("medtop:20000703", "religious leader"),
        ("medtop:20000705", "religious text"),
    ),
    "medtop:13000000": (
        ("medtop:20000710", "biomedical science"),
        ("medtop:20000715", "mathematics"),
        ("medtop:20000717", "natural science"),
        ("medtop:20000735", "scientific research"),
        ("medtop:20000741", "scientific institution"),
        ("medtop:20000742", "social sciences"),
        ("medtop:20000755", "scientific standards"),
        ("medtop:20000756", "technology and engineering"),
    ),
    "medtop:14000000": (
        ("medtop:20000768", "communities"),
        ("medtop:20000770", "demographics"),
        ("medtop:20000771", "immigration"),
        ("medtop:20000772", "emigration"),
        ("medtop:20000775", "discrimination"),
        ("medtop:20000780", "family"),
        ("medtop:20000788", "mankind"),
        ("medtop:20000799", "social condition"),
        ("medtop:20000802", "social problem"),
        ("medtop:20000808", "values"),
        ("medtop:20000817", "welfare"),
        ("medtop:20001373", "diversity, equity and inclusion"),
    ),
    "medtop:15000000": (
        ("medtop:20000822", "competition discipline"),
        ("medtop:20001103", "disciplinary action in sport"),
        ("medtop:20001104", "drug use in sport"),
        ("medtop:20001108", "sport event"),
        ("medtop:20001124", "sport industry"),
        ("medtop:20001125", "sport organisation"),
        ("medtop:20001126", "sport venue"),
        ("medtop:20001148", "sports transaction"),
        ("medtop:20001301", "sport achievement"),
        ("medtop:20001323", "sports coaching"),
        ("medtop:20001324", "sports management and ownership"),
        ("medtop:20001325", "sports officiating"),
    ),
    "medtop:16000000": (
        ("medtop:20000053", "act of terror"),
        ("medtop:20000056", "armed conflict"),
        ("medtop:20000065", "civil unrest"),
        ("medtop:20000070", "coup d'etat"),
        ("medtop:20000071", "massacre"),
        ("medtop:20000073", "peace process"),
        ("medtop:20000077", "post-war reconstruction"),
        ("medtop:20000080", "prisoners of war"),
        ("medtop:20001361", "cyber warfare"),
    ),
    "medtop:17000000": (
        ("medtop:20001128", "weather forecast"),
        ("medtop:20001129", "weather phenomena"),
        ("medtop:20001130", "weather statistic"),
        ("medtop:20001131", "weather warning"),
    ),
}
SUBTOPICS: tuple[Topic, ...] = tuple(
    Topic(code, name, broader) for broader, beneath in _BENEATH.items() for code, name in beneath
)
"""The second level: those of the vocabulary of October 2023 that are in use."""
