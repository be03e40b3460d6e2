"""Judgements as the bytes of a part: the same bytes for the same judgements, whoever wrote them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

import pyarrow as pa
import pyarrow.parquet as pq

from slant.article import ALL, Judgement, StanceScore
from slant.batch import schema
from slant.batch.asked import Asked
from slant.batch.rows import Reject, Row
from slant.types import Json

Judged = tuple[Row, Judgement]


def part(asked: Asked, judged: Iterable[Judged]) -> bytes:
    """Return a part's content."""
    flat = asked.flat or asked.format == "csv"
    types = schema.flat(asked.labels) if flat else schema.nested(asked.labels)
    if not asked.keep:
        types = types.remove(types.get_field_index(schema.OTHERS.name))
    every = asked.topics == ALL
    rows = (row for one in judged for row in (_flat(*one, every=every) if flat else [_nested(*one)]))
    if asked.format == "parquet":
        return _parquet(types, rows)
    return _jsonl(types, rows) if asked.format == "jsonl" else _csv(types, rows)


def rejects(found: Iterable[Reject]) -> bytes:
    """Return rejected rows as JSON Lines."""
    return b"".join(json.dumps(one.to_dict(), ensure_ascii=False).encode() + b"\n" for one in found)


def _nested(row: Row, judgement: Judgement) -> Json:
    return {"file": row.raw.file, "row": row.raw.row, **judgement.to_dict(), "input": row.others}


def _flat(row: Row, judgement: Judgement, *, every: bool) -> Iterator[Json]:
    """Yield a row for each target; one with no target, where none was asked for."""
    topics = {level: [one.code for one in judgement.topics if one.given and one.level == level] for level in (1, 2)}
    for stance in judgement.stances or (None,):
        yield {
            "file": row.raw.file,
            "row": row.raw.row,
            "id": judgement.id,
            "language": judgement.language,
            "topics": topics[1],
            "subtopics": topics[2],
            "topic_scores": [asdict(one) for one in judgement.topics] if every else [],
            **_flat_stance(stance),
            "warnings": list(judgement.warnings),
            "input": row.others,
        }


def _flat_stance(stance: StanceScore | None) -> Json:
    if stance is None:
        return {"evidence": [], "sources": []}
    shares = {f"p_{label}": share for label, share in stance.probabilities.items()}
    said = {"target": stance.target, "label": stance.label, "confidence": stance.confidence}
    lists = {name: [asdict(one) for one in getattr(stance, name)] for name in ("evidence", "sources")}
    return said | shares | lists


def _parquet(types: pa.Schema, rows: Iterable[Json]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=types), content, compression="zstd")
    return content.getvalue()


def _jsonl(types: pa.Schema, rows: Iterable[Json]) -> bytes:
    """Return a line a row; the other columns of the input are an object there, not its JSON."""
    lines = list[str]()
    for row in rows:
        if row.get("input") is not None:
            row["input"] = json.loads(row["input"])
        lines.append(json.dumps({name: row.get(name) for name in types.names}, ensure_ascii=False))
    return "".join(f"{line}\n" for line in lines).encode()


def _csv(types: pa.Schema, rows: Iterable[Json]) -> bytes:
    """Return a header and a line a row; lists of words have | between them, spans, sources and scores are JSON."""
    content = io.StringIO()
    writer = csv.DictWriter(content, types.names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        spans = {
            name: json.dumps(row[name], ensure_ascii=False) if row[name] else ""
            for name in ("evidence", "sources", "topic_scores")
        }
        lists = {name: "|".join(row[name]) for name in ("topics", "subtopics", "warnings")}
        writer.writerow(row | lists | spans)
    return content.getvalue().encode()
