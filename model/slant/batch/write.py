"""Judgements as the bytes of a part: the same bytes for the same judgements, whoever wrote them."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from slant.article import ALL, Judgement, StanceScore
from slant.batch import schema
from slant.batch.asked import Asked
from slant.batch.rows import Reject, Row
from slant.types import Json

Judged = tuple[Row, Judgement]
IN_MEMORY = 64 * 2**20
"""Bytes of a file in the making that are held in memory; a larger one goes to a temporary file."""
END = "\r\n"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Text that begins so is taken for a formula by a spreadsheet."""


class _Form(Protocol):
    """A form of output. ``encoded`` is the content of rows; what cannot be written raises, and leaves no trace."""

    def encoded(self, rows: list[Json]) -> Any: ...

    def write(self, content: Any) -> None: ...

    def close(self) -> None: ...


class Part:
    """A part in the making, and its rejected rows beside it."""

    def __init__(self, asked: Asked) -> None:
        self.content: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - nobody but us holds it
        self.rejects: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self._flat, self._every = asked.flat or asked.format == "csv", asked.topics == ALL
        types = schema.flat(asked.labels) if self._flat else schema.nested(asked.labels)
        if not asked.keep:
            types = types.remove(types.get_field_index(schema.OTHERS.name))
        forms: dict[str, Callable[[pa.Schema, IO[bytes]], _Form]] = {
            "parquet": _Parquet,
            "jsonl": _JsonLines,
            "csv": _SafeCsv if asked.csv_safe else _Csv,
        }
        self._form: _Form = forms[asked.format](types, self.content)

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):  # what was not ended is given up
            self._form.close()
        self.content.close()
        self.rejects.close()

    def add(self, rows: Iterable[Judged | Reject]) -> list[Judged | Reject]:
        """Write rows, in order; return them, with those rejected that cannot be written."""
        found = list(rows)
        content = self._encoded(found)
        if content is None:
            found = [one if isinstance(one, Reject) else self._tried(one) for one in found]
            content = self._form.encoded(self._rows(found))
        self._form.write(content)
        for one in found:
            if isinstance(one, Reject):
                self.rejects.write(one.to_json())
        return found

    def end(self) -> tuple[int, int]:
        """End the part; return how many bytes it has, and its rejected rows."""
        self._form.close()
        return self.content.seek(0, os.SEEK_END), self.rejects.seek(0, os.SEEK_END)

    def _tried(self, one: Judged) -> Judged | Reject:
        """Return a row that can be written, or why it cannot."""
        try:
            self._form.encoded(self._rows([one]))
        except Exception as error:  # whatever is wrong with a row costs this one
            return Reject(one[0].raw, f"cannot be written: {type(error).__name__}: {error}")
        return one

    def _encoded(self, rows: Sequence[Judged | Reject]) -> Any:
        """Return the content of the rows that are judged; ``None`` if one of them has none."""
        try:
            return self._form.encoded(self._rows(rows))
        except Exception:  # which of them it is, is found out
            return None

    def _rows(self, rows: Sequence[Judged | Reject]) -> list[Json]:
        judged = [one for one in rows if not isinstance(one, Reject)]
        return [row for one in judged for row in (_flat(*one, every=self._every) if self._flat else [_nested(*one)])]


def _nested(row: Row, judgement: Judgement) -> Json:
    said = {schema.OF_ARTICLE.get(name, name): value for name, value in judgement.to_dict().items()}
    return {"file": row.raw.file, "row": row.raw.row, **said, "input": row.others}


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


class _Parquet:
    """Parquet, a group of rows for each handful."""

    def __init__(self, types: pa.Schema, out: IO[bytes]) -> None:
        self._types = types
        self._writer = pq.ParquetWriter(out, types, compression="zstd")

    def encoded(self, rows: list[Json]) -> pa.Table:
        return pa.Table.from_pylist(rows, schema=self._types)

    def write(self, content: pa.Table) -> None:
        self._writer.write_table(content)

    def close(self) -> None:
        self._writer.close()


class _Lines:
    """A form of lines."""

    def __init__(self, types: pa.Schema, out: IO[bytes]) -> None:
        self._names, self._out = types.names, out

    def write(self, content: bytes) -> None:
        self._out.write(content)

    def close(self) -> None:
        """There is nothing more to write."""


class _JsonLines(_Lines):
    """A line a row; the other columns of the input are an object there, not its JSON."""

    def encoded(self, rows: list[Json]) -> bytes:
        return b"".join(self._line(row) for row in rows)

    def _line(self, row: Json) -> bytes:
        found: Json = {name: row.get(name) for name in self._names}
        if found.get("input") is not None:
            found["input"] = json.loads(found["input"])
        return json.dumps(found, ensure_ascii=False, allow_nan=False).encode() + b"\n"


class _Csv(_Lines):
    """A header and a line a row; lists of words have | between them; spans, sources and scores are JSON."""

    def __init__(self, types: pa.Schema, out: IO[bytes]) -> None:
        super().__init__(types, out)
        self._out.write(self._encoded([dict(zip(self._names, self._names, strict=True))]))

    def encoded(self, rows: list[Json]) -> bytes:
        return self._encoded([self._cells(row) for row in rows])

    def _encoded(self, rows: list[Json]) -> bytes:
        """Return lines, each with quotes around whatever any reader may take for the end of one."""
        lines = list[str]()
        for row in rows:
            line = io.StringIO()
            csv.DictWriter(line, self._names, extrasaction="ignore", lineterminator=END).writerow(row)
            lines.append(line.getvalue().removesuffix(END))
        return "".join(f"{line}\n" for line in lines).encode()

    def _cells(self, row: Json) -> Json:
        spans = {name: _json_or_nothing(row[name]) for name in ("evidence", "sources", "topic_scores")}
        return row | {name: "|".join(row[name]) for name in ("topics", "subtopics", "warnings")} | spans


class _SafeCsv(_Csv):
    """CSV in which no text is a formula."""

    def _cells(self, row: Json) -> Json:
        cells = super()._cells(row)
        risky = {name: f"'{cell}" for name, cell in cells.items() if isinstance(cell, str) and cell.startswith(FORMULA)}
        return cells | risky


def _json_or_nothing(found: list[Json]) -> str:
    return json.dumps(found, ensure_ascii=False, allow_nan=False) if found else ""
