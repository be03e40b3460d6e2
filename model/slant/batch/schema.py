"""The types of the output: nested as the HTTP answer is, or flat, a row for each article and target."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from slant.labels import STANCES

TEXT, SHARE, PLACE, COUNT = pa.string(), pa.float64(), pa.int64(), pa.int32()
WHERE = [pa.field("file", TEXT), pa.field("row", PLACE)]
"""Where a row stood: its file, and its line in it (of Parquet: its row), from 1."""
OTHERS = pa.field("input", TEXT)
"""The other columns of the row, as JSON."""
OF_ARTICLE = {"text": "article_text", "sources": "article_sources"}
"""What is said of the whole article, under names that nothing within a stance or a topic has: a table whose lists were
unpacked then has no two columns of one name.
"""
YES = pa.bool_()
TOPIC = pa.struct(
    [("code", TEXT), ("name", TEXT), ("probability", SHARE), ("level", COUNT), ("broader", TEXT), ("given", YES)]
)
SPAN = pa.struct([("start", PLACE), ("end", PLACE), ("text", TEXT), ("label", TEXT), ("probability", SHARE)])
WORDS = pa.list_(pa.struct([("start", PLACE), ("end", PLACE), ("text", TEXT)]))
SOURCES = pa.list_(pa.struct([("name", TEXT), ("role", TEXT), ("spans", WORDS)]))
MODEL = pa.struct([("name", TEXT), ("version", TEXT), ("sha256", TEXT)])
READ = pa.struct([("characters", PLACE), ("windows", COUNT), ("of_windows", COUNT)])
_SHARES = pa.struct([(label, SHARE) for label in STANCES])
SOURCE_STANCES = pa.list_(
    pa.struct(
        [
            ("name", TEXT),
            ("role", TEXT),
            ("label", TEXT),
            ("confidence", SHARE),
            ("probabilities", _SHARES),
            ("spans", WORDS),
        ]
    )
)


def nested(labels: Sequence[str]) -> pa.Schema:
    """Return the schema of one row an article; ``labels`` are the bundle's stances."""
    stance = [
        ("target", TEXT),
        ("label", TEXT),
        ("confidence", SHARE),
        ("probabilities", pa.struct([(label, SHARE) for label in labels])),
        ("evidence", pa.list_(SPAN)),
        ("label_set", pa.list_(TEXT)),
        ("sources", SOURCE_STANCES),
    ]
    answer = [
        ("id", TEXT),
        ("language", TEXT),
        ("topics", pa.list_(TOPIC)),
        ("stances", pa.list_(pa.struct(stance))),
        ("read", READ),
        ("warnings", pa.list_(TEXT)),
        ("model", MODEL),
        *((name, kind) for name, kind in zip(OF_ARTICLE.values(), (TEXT, SOURCES), strict=True)),
    ]
    return pa.schema([*WHERE, *answer, OTHERS])


def flat(labels: Sequence[str]) -> pa.Schema:
    """Return the schema of one row an article and target."""
    stance = [("target", TEXT), ("label", TEXT), ("confidence", SHARE), *((f"p_{label}", SHARE) for label in labels)]
    topics = [("topics", pa.list_(TEXT)), ("subtopics", pa.list_(TEXT)), ("topic_scores", pa.list_(TOPIC))]
    answer = [("id", TEXT), ("language", TEXT), *topics, *stance, ("evidence", pa.list_(SPAN)),
              ("sources", SOURCE_STANCES), ("warnings", pa.list_(TEXT))]  # fmt: skip
    return pa.schema([*WHERE, *answer, OTHERS])
