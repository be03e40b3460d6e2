"""Files as pandas, polars, DuckDB, Excel, Spark, MySQL and Postgres write them, drawn at random from public kinds.

What is not installed here is written by the rules that its manual states.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from reading import packed

Rows = list[dict[str, Any]]
PIECES = (
    "The mayor spoke", "a, b", "she said \"no\"", "50%; 60%", "tab\there", "pipe|pipe", "C:\\new\\table", "it's", "é à ü ß ñ",
    "line\nbreak", "two\n\nlines", " ", "NULL", "NA", "#N/A", "{\"a\": 1}", "[1, 2]", "=1+1", "\"quoted\"", "''", "a,,b", "–",
)  # fmt: skip
BEYOND = ("“quotes” — dash…", "日本語", "emoji 🙂", "Привет", "\u2028", "nbsp\u00a0")


@dataclass
class Case:
    """A file, or several, and what must be read: of each row its id, title, text and note."""

    name: str
    files: dict[str, bytes]
    rows: Rows
    given: dict[str, Any] = field(default_factory=dict)


def drawn(number: int) -> Case:
    """Return the case of a number: each kind of file in turn, with rows of its own."""
    chance = random.Random(number)
    name, make = list(KINDS.items())[number % len(KINDS)]
    case = make(chance, _rows(chance, plain=name in PLAIN))
    return Case(f"{number}: {name}", case.files, case.rows, case.given)


def _rows(chance: random.Random, *, plain: bool) -> Rows:
    pieces = PIECES if plain else PIECES + BEYOND
    rows = Rows()
    for n in range(chance.randint(1, 30)):
        words = " ".join(chance.choice(pieces) for _ in range(chance.randint(1, 8)))
        title = chance.choice([f"Head {n}", f'Head, "{n}"', None, f"Head; {n}"])
        text = f"Text {n}: {words} end" if chance.random() < 0.8 else f"“{n}” end" if not plain else f'"{n}" end'
        rows.append({"id": f"r{n}", "title": title, "text": text, "note": chance.choice([f"x{n}", ""])})
    return rows


def _lf(text: str) -> bytes:
    return text.encode()


def _frame(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame(rows)


def pandas_csv(chance: random.Random, rows: Rows) -> Case:
    """Write by ``to_csv`` with any of its options."""
    sep, encoding = chance.choice([",", ";", "\t", "|"]), chance.choice(["utf-8", "utf-8-sig", "utf-16"])
    quoting = chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    end = chance.choice(["\n", "\r\n"])
    text = _frame(rows).to_csv(index=chance.random() < 0.5, sep=sep, quoting=quoting, lineterminator=end)
    content, ending = text.encode(encoding), "tsv" if sep == "\t" else "csv"
    if chance.random() < 0.3:
        content, ending = packed(content), f"{ending}.gz"
    return Case("", {f"in.{ending}": content}, rows)


def pandas_cp1252(chance: random.Random, rows: Rows) -> Case:
    """Write in the encoding of Windows, which the reader is told."""
    text = _frame(rows).to_csv(index=False, sep=chance.choice([",", ";"]))
    return Case("", {"in.csv": text.encode("cp1252")}, rows, {"encoding": "cp1252"})


def pandas_escaped(chance: random.Random, rows: Rows) -> Case:
    """Write with a backslash before quotation marks."""
    text = _frame(rows).to_csv(index=False, quoting=csv.QUOTE_ALL, doublequote=False, escapechar="\\")
    return Case("", {"in.csv": _lf(text)}, rows, chance.choice([{}, {"escape": "\\"}]))


def pandas_json(chance: random.Random, rows: Rows) -> Case:
    """Write by ``to_json``: lines or an array, with an indent or none."""
    lines = chance.random() < 0.5
    options: dict[str, Any] = {"orient": "records", "lines": lines, "force_ascii": chance.random() < 0.5}
    content = _frame(rows).to_json(**options, **({} if lines else {"indent": chance.choice([None, 2])})).encode()
    return Case("", {chance.choice(["in.jsonl", "in.json"]): content}, rows)


def pandas_ids(chance: random.Random, rows: Rows) -> Case:
    """Write ids of other types to Parquet: an int column with nulls, dates, floats."""
    frame = _frame(rows)
    kind = chance.choice(["float", "date", "int"])
    numbers = list(range(1, len(rows) + 1))
    if kind == "date":
        frame["id"] = pd.to_datetime([f"2026-01-{1 + n % 28:02}" for n in numbers]).date
        wanted: list[str | None] = [f"2026-01-{1 + n % 28:02}" for n in numbers]
    else:
        frame["id"] = [None if kind == "float" and n % 3 == 0 else n for n in numbers]
        wanted = [None if kind == "float" and n % 3 == 0 else str(n) for n in numbers]
    content = io.BytesIO()
    frame.assign(score=float("nan")).to_parquet(content)
    return Case(
        "", {"in.parquet": content.getvalue()}, [row | {"id": name} for row, name in zip(rows, wanted, strict=True)]
    )


def polars_csv(chance: random.Random, rows: Rows) -> Case:
    """Write by ``write_csv``."""
    content = io.BytesIO()
    styles: list[Any] = ["necessary", "always", "non_numeric"]
    pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String)).write_csv(
        content, separator=chance.choice([",", ";", "\t"]), include_bom=chance.random() < 0.3,
        quote_style=chance.choice(styles), line_terminator=chance.choice(["\n", "\r\n"]),
    )  # fmt: skip
    return Case("", {"in.csv": content.getvalue()}, rows)


def polars_other(chance: random.Random, rows: Rows) -> Case:
    """Write by ``write_ndjson``, ``write_json`` or ``write_parquet``."""
    frame, content = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String)), io.BytesIO()
    name = chance.choice(["in.ndjson", "in.json", "in.parquet"])
    if name == "in.parquet":
        frame.write_parquet(content, compression=chance.choice(["zstd", "snappy", "lz4"]))
    elif name == "in.json":
        frame.write_json(content)
    else:
        frame.write_ndjson(content)
    return Case("", {name: content.getvalue()}, rows)


def duckdb_copy(chance: random.Random, rows: Rows) -> Case:
    """Write by ``COPY ... TO``: CSV, JSON lines or an array, Parquet, packed or not."""
    import tempfile

    ways = {
        "in.csv": "format csv, header",
        "semi.csv": "format csv, header, delimiter ';'",
        "all.tsv": "format csv, header, delimiter '\t', force_quote *",
        "in.csv.gz": "format csv, header, compression gzip",
        "in.csv.zst": "format csv, header, compression zstd",
        "in.json": "format json",
        "array.json": "format json, array true",
        "in.jsonl.gz": "format json, compression gzip",
        "in.parquet": "format parquet",
    }
    name = chance.choice(list(ways))
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as base:
        table = pa.Table.from_pylist(rows, pa.schema([(key, pa.string()) for key in rows[0]]))
        base.register("given", table)
        base.execute(f"copy (select * from given) to '{folder}/{name}' ({ways[name]})")
        return Case("", {name: Path(folder, name).read_bytes()}, rows)


def _excel_cell(text: str | None, sep: str) -> str:
    text = text or ""
    quoted = any(sign in text for sign in (sep, '"', "\n")) or (sep == "\t" and "," in text)
    return '"' + text.replace('"', '""') + '"' if quoted else text


def _excel(rows: Rows, sep: str, empty: int = 0) -> str:
    lines = [sep.join([*rows[0], *[""] * empty])]
    lines += [sep.join([*(_excel_cell(row[name], sep) for name in row), *[""] * empty]) for row in rows]
    return "".join(f"{line}\r\n" for line in lines)


def excel_utf_8(chance: random.Random, rows: Rows) -> Case:
    """Save as 'CSV UTF-8': a mark, commas or semicolons by the country, empty columns behind the last."""
    sep, empty = chance.choice([",", ";"]), chance.choice([0, 0, 2])
    hint = f"sep={sep}\r\n" if chance.random() < 0.2 else ""
    return Case("", {"in.csv": (hint + _excel(rows, sep, empty)).encode("utf-8-sig")}, rows)


def excel_unicode(chance: random.Random, rows: Rows) -> Case:
    """Save as 'Unicode text': UTF-16 with a mark, tabs."""
    rows = [{name: value and value.replace("\t", " ") for name, value in row.items()} for row in rows]
    return Case("", {chance.choice(["in.txt", "in.csv"]): b"\xff\xfe" + _excel(rows, "\t").encode("utf-16-le")}, rows)


def excel_old_mac(chance: random.Random, rows: Rows) -> Case:
    """Save as 'CSV (Macintosh)': lines end with a carriage return, within cells too."""
    rows = [{name: value and value.replace("\n", " ") for name, value in row.items()} for row in rows]
    content = _excel(rows, ";").replace("\r\n", "\r").encode("mac-roman")
    return Case("", {"in.csv": content}, rows, {"encoding": "mac-roman"})


def _spark_cell(text: str | None, sep: str) -> str:
    if text is None:
        return ""
    text = text.strip(" \t\n")
    if not text:
        return '""'
    if any(sign in text for sign in (sep, '"', "\n")):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def spark_csv(chance: random.Random, rows: Rows) -> Case:
    """Write a folder by ``df.write.csv`` with a header: a backslash before quotes, white space cut off the ends."""
    sep = chance.choice([",", ";", "\t"])
    half = len(rows) // 2
    files = {"_SUCCESS": b""}
    for n, some in enumerate((rows[:half], rows[half:])):
        lines = [sep.join(rows[0]), *(sep.join(_spark_cell(row[name], sep) for name in row) for row in some)]
        content, pack = "".join(f"{line}\n" for line in lines).encode(), chance.random() < 0.4
        files[f"part-0000{n}-5d2c.csv" + ".gz" * pack] = packed(content) if pack else content
        files[f".part-0000{n}-5d2c.csv.crc"] = b"crc\0"
    cut = [{name: value and value.strip(" \t\n") for name, value in row.items()} for row in rows]
    return Case("", files, cut, chance.choice([{}, {"escape": "\\"}]) if sep != "\t" else {})


def spark_json(chance: random.Random, rows: Rows) -> Case:
    """Write a folder by ``df.write.partitionBy("note").json``: null fields are left out."""
    files, kept = {"_SUCCESS": b""}, Rows()
    for value in sorted({row["note"] for row in rows}):
        some = [row for row in rows if row["note"] == value]
        folder = f"note={value or '__HIVE_DEFAULT_PARTITION__'}"
        lines = ({key: cell for key, cell in row.items() if cell is not None and key != "note"} for row in some)
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
        files[f"{folder}/part-00000-77.c000.json"] = content
        kept += some
    return Case("", files, kept)


def spark_parquet(chance: random.Random, rows: Rows) -> Case:
    """Write Parquet in several parts, text as plain bytes, as old Spark and Impala did."""
    files, step = dict[str, bytes](), max(1, len(rows) // 3)
    schema = pa.schema([(name, chance.choice([pa.binary(), pa.string()])) for name in rows[0]])
    for n, start in enumerate(range(0, len(rows), step)):
        some = [{name: value if value is None or schema.field(name).type == pa.string() else value.encode()
                 for name, value in row.items()} for row in rows[start : start + step]]  # fmt: skip
        content = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(some, schema), content, row_group_size=chance.choice([3, 100]))
        files[f"part-{n:05}.snappy.parquet"] = content.getvalue()
    return Case("", files, rows)


def mysql_tabs(chance: random.Random, rows: Rows) -> Case:
    """Write by ``SELECT ... INTO OUTFILE`` as it is by default: tabs, no quotes, a backslash before what means itself."""

    def cell(text: str | None) -> str:
        return "\\N" if text is None else re.sub("([\\\\\t\n])", r"\\\1", text)

    lines = ["\t".join(rows[0]), *("\t".join(map(cell, row.values())) for row in rows)]
    return Case("", {chance.choice(["in.tsv", "in.txt"]): _lf("\n".join(lines) + "\n")}, rows, {"escape": "\\"})


def mysql_quoted(chance: random.Random, rows: Rows) -> Case:
    """Write by ``SELECT ... INTO OUTFILE`` with quotes around and commas between."""

    def cell(text: str | None) -> str:
        return "\\N" if text is None else '"' + re.sub('([\\\\"])', r"\\\1", text) + '"'

    end = chance.choice(["\n", "\r\n"])
    lines = [",".join(f'"{name}"' for name in rows[0]), *(",".join(map(cell, row.values())) for row in rows)]
    return Case("", {"in.csv": _lf(end.join(lines) + end)}, rows, {"escape": "\\"})


def postgres_text(chance: random.Random, rows: Rows) -> Case:
    """Write by ``COPY ... TO (HEADER)``: tabs, letters behind a backslash for line ends and tabs."""
    letters = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}

    def cell(text: str | None) -> str:
        return "\\N" if text is None else "".join(letters.get(sign, sign) for sign in text)

    lines = ["\t".join(rows[0]), *("\t".join(map(cell, row.values())) for row in rows)]
    return Case("", {"in.tsv": _lf("\n".join(lines) + "\n")}, rows, {"escape": "backslash"})


def postgres_csv(chance: random.Random, rows: Rows) -> Case:
    """Write by ``COPY ... TO (FORMAT csv, HEADER)``: quotes doubled, nothing for null and quotes for empty."""

    def cell(text: str | None) -> str:
        if text is None:
            return ""
        quoted = not text or any(sign in text for sign in ',"\n\r') or text == "\\."
        return '"' + text.replace('"', '""') + '"' if quoted else text

    lines = [",".join(rows[0]), *(",".join(map(cell, row.values())) for row in rows)]
    return Case("", {"in.csv": _lf("\n".join(lines) + "\n")}, rows)


KINDS: dict[str, Callable[[random.Random, Rows], Case]] = {
    make.__name__: make
    for make in (
        pandas_csv, pandas_cp1252, pandas_escaped, pandas_json, pandas_ids, polars_csv, polars_other, duckdb_copy,
        excel_utf_8, excel_unicode, excel_old_mac, spark_csv, spark_json, spark_parquet, mysql_tabs, mysql_quoted,
        postgres_text, postgres_csv,
    )
}  # fmt: skip
PLAIN = ("pandas_cp1252", "excel_old_mac")
"""Kinds that hold no characters but those of Western Europe."""
