"""Files as other programs write them: read as they are meant, or refused in one sentence that says what is wanted."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reading import packed, read
from slant.batch.asked import Columns
from slant.errors import DataError, OptionError

CAFE = "Le café d'été, “déjà vu” — naïve"


def texts_of(path: Path, content: bytes, **given: Any) -> list[str | None]:
    path.write_bytes(content)
    found = read(path, **given)
    assert not found.rejects
    return found.texts


@pytest.mark.parametrize("part", ["id", "text", "title", "html", "targets"])
@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.parquet"])
def test_a_named_column_that_is_not_there_is_refused_with_near_names(part: str, name: str, tmp_path: Path) -> None:
    rows = [{"text": "a", "targets": "b", "titles": "c", "ids": "d", "htmls": "e"}]
    path = tmp_path / name
    if name.endswith("parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        pd.DataFrame(rows).to_csv(path, index=False) if name == "in.csv" else path.write_text(json.dumps(rows[0]))
    wrong = {"id": "idz", "text": "txt", "title": "title_", "html": "html_", "targets": "target"}[part]
    with pytest.raises(DataError, match=rf"no column '{wrong}'; near it: '.+'; there are: text, targets"):
        read(path, columns=Columns(**{part: wrong}))


IDS: dict[str, tuple[Any, str]] = {
    "a float of an int column with a null": (pa.array([1.0, None]), "1"),
    "a true float": (pa.array([1.5, None]), "1.5"),
    "a date": (pa.array([datetime.date(2026, 1, 2)] * 2), "2026-01-02"),
    "a moment": (pa.array([datetime.datetime(2026, 1, 2, 3, 4)] * 2), "2026-01-02T03:04:00"),
    "a decimal": (pa.array([decimal.Decimal("12.50")] * 2), "12.50"),
    "bytes": (pa.array([b"abc"] * 2), "abc"),
    "bytes that are no text": (pa.array([b"\xff\x00"] * 2), "ff00"),
    "a huge int": (pa.array([2**63 - 1] * 2), str(2**63 - 1)),
    "a truth": (pa.array([True, None]), "true"),
}


@pytest.mark.parametrize("name", IDS)
def test_ids_of_any_type_are_kept_as_text(name: str, tmp_path: Path) -> None:
    column, wanted = IDS[name]
    pq.write_table(pa.table({"id": column, "text": ["a", "b"]}), tmp_path / "in.parquet")
    found = read(tmp_path / "in.parquet")
    assert not found.rejects
    assert found.ids[0] == wanted


def test_a_uuid_is_kept_as_text(tmp_path: Path) -> None:
    one = uuid.UUID("12345678-1234-5678-1234-567812345678")
    column = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([one.bytes], pa.binary(16)))
    pq.write_table(pa.table({"id": column, "text": ["a"]}), tmp_path / "in.parquet")
    assert read(tmp_path / "in.parquet").ids == [str(one)]


def test_an_id_that_may_have_been_rounded_is_told(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": 9007199254740993.0, "text": "a"}\n{"id": 9007199254740993, "text": "b"}')
    found = read(tmp_path / "in.jsonl")
    assert [row.note is not None for row in found.rows] == [True, False]
    assert found.ids[1] == "9007199254740993"


def test_a_title_that_is_a_number_costs_no_row(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "a", "title": 1984}\n')
    assert read(tmp_path / "in.jsonl").rows[0].article.title == "1984"


def test_an_index_without_a_name_is_read_and_said(tmp_path: Path) -> None:
    pd.DataFrame({"id": ["x", "y"], "text": ["a", "b, c"]}).to_csv(tmp_path / "in.csv")
    found = read(tmp_path / "in.csv")
    assert (found.ids, found.texts) == (["x", "y"], ["a", "b, c"])
    assert json.loads(found.rows[0].others or "") == {"column_1": "0"}
    assert any("columns without a name are called column_1" in note for note in found.notes)


@pytest.mark.parametrize(
    "content",
    [
        b"id,text,,\n1,a,,\n2,b,,\n",  # the empty last columns of Excel
        b"id,text\n1,a,\n2,b,\n",  # an empty field more in every row
        b'id, text\n1, "a"\n2, "b"\n',
        b'"id", "text"\n"1", "a"\n"2", "b"\n',
        b"sep=;\nid;text\n1;a\n2;b\n",
        b'"sep=;"\r\nid;text\r\n1;a\r\n2;b\r\n',
        b"\xef\xbb\xbfid;text\n1;a\n2;b\n",
        b'"a,b,c,d";id;text\nx;1;a\ny;2;b\n',  # delimiters in the names
        b"\n\nid\ttext\n1\ta\n2\tb\n",
        b"id|text\n1|a\n2|b",
        b"id,text\r1,a\r2,b\r",
        b"id,text,n,n\n1,a,3,4\n2,b,5,6\n",  # a name twice that nobody reads
    ],
    ids=repr,
)
@pytest.mark.parametrize("size", [4, 10_000])
def test_csv_as_programs_write_it_is_read(content: bytes, size: int, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    found = read(tmp_path / "in.csv", size=size)
    assert (found.ids, found.texts, found.rejects) == (["1", "2"], ["a", "b"], [])


def test_what_stands_in_quotes_behind_a_space_is_one_column(tmp_path: Path) -> None:
    assert texts_of(tmp_path / "in.csv", b'id, text\n1, "a, b"\n2, "c"\n') == ["a, b", "c"]


def test_a_row_with_a_column_too_many_or_too_few_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"id,text\n1,a,x\n2\n3,c\n")
    found = read(tmp_path / "in.csv")
    assert found.texts == ["c"]
    assert [one.reason for one in found.rejects] == [f"it has {n} columns; the header has 2" for n in (3, 1)]


@pytest.mark.parametrize("asked", [{}, {"text": "text"}])
def test_two_columns_of_one_name_are_refused_only_if_they_are_read(asked: Any, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"text,text,body\na,b,c\n")
    if asked:
        with pytest.raises(DataError, match=r"in\.csv: two columns of one name: 'text', 'text'"):
            read(tmp_path / "in.csv", columns=Columns(**asked))
    else:
        assert read(tmp_path / "in.csv").texts == ["c"]
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"]), pa.array(["c"])], names=["n", "n", "text"])
    pq.write_table(table, tmp_path / "in.parquet")
    assert read(tmp_path / "in.parquet").texts == ["c"]


def test_numbers_that_are_none_cost_nothing_in_columns_that_nobody_reads(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "a", "score": NaN}\n')
    pq.write_table(pa.table({"text": ["a"], "score": [float("nan")]}), tmp_path / "in.parquet")
    for name in ("in.jsonl", "in.parquet"):
        assert json.loads(read(tmp_path / name).rows[0].others or "") == {"score": None}


def test_text_that_parquet_holds_as_bytes_is_decoded(tmp_path: Path) -> None:
    table = pa.table({"text": [CAFE.encode(), b"\xff"], "title": [b"t", b"u"], "tags": [[b"x"], [b"y"]]})
    pq.write_table(table, tmp_path / "in.parquet")
    found = read(tmp_path / "in.parquet", columns=Columns(targets="tags"))
    assert found.texts == [CAFE]
    assert (found.rows[0].article.title, found.rows[0].targets) == ("t", ("x",))
    assert [one.reason for one in found.rejects] == ["not UTF-8: invalid start byte, in column 'text'"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
@pytest.mark.parametrize("name", ["in.csv", "in.tsv", "in.txt", "in.jsonl"])
def test_an_encoding_that_a_mark_tells_is_read(encoding: str, name: str, tmp_path: Path) -> None:
    lines = f"id\ttext\r\n1\t{CAFE}\r\n2\tb\r\n"
    rows = "".join(
        json.dumps({"id": n, "text": text}, ensure_ascii=False) + "\r\n" for n, text in ((1, CAFE), (2, "b"))
    )
    (tmp_path / name).write_bytes((rows if name.endswith("jsonl") else lines).encode(encoding))
    found = read(tmp_path / name, size=10)
    assert (found.ids, found.texts) == (["1", "2"], [CAFE, "b"])
    assert (encoding == "utf-8-sig") != any(f"it is read as {encoding}" in note for note in found.notes)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "utf-16-be", "mac-roman", "cp1251", "shift_jis"])
def test_an_encoding_that_is_named_is_read(encoding: str, tmp_path: Path) -> None:
    text = {"cp1251": "Привет, мир", "shift_jis": "日本語、表"}.get(encoding, "café à la")
    content = f'id,text\n1,"{text}"\n2,b\n'.encode(encoding)
    assert texts_of(tmp_path / "in.csv", content, encoding=encoding, size=5) == [text, "b"]
    assert texts_of(tmp_path / "in.csv", packed(content), encoding=encoding, size=5) == [text, "b"]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le"])
def test_an_encoding_that_nothing_tells_is_guessed_and_asked_for(encoding: str, tmp_path: Path) -> None:
    rows = "".join(f"{n},Un café près de l’été numéro {n}\n" for n in range(5))
    (tmp_path / "in.csv").write_bytes(f"id,text\n{rows}".encode(encoding))
    with pytest.raises(DataError, match=rf"in\.csv: it .*looks like {encoding}; name it with --encoding {encoding}$"):
        read(tmp_path / "in.csv")
    assert len(read(tmp_path / "in.csv", encoding=encoding).rows) == 5


def test_one_row_that_is_not_utf_8_among_others_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes("id,text\n1,é\n2,ü\n".encode() + b"3,\xe9\n4,d\n")
    found = read(tmp_path / "in.csv")
    assert found.ids == ["1", "2", "4"]
    assert [one.reason for one in found.rejects] == [
        "not UTF-8: unexpected end of data, at byte 0; --encoding names another"
    ]


def test_bytes_that_stand_for_nothing_in_an_encoding_cost_their_row(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"id,text\n1,a\x81b\n2,caf\xe9\n")
    found = read(tmp_path / "in.csv", encoding="cp1252")
    assert found.texts == ["café"]
    assert [one.reason for one in found.rejects] == ["not cp1252: it has bytes that stand for nothing there"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"encoding": "cp125"}, r"--encoding 'cp125': no such encoding; near it: cp125"),
        ({"encoding": "rot13"}, r"--encoding 'rot13': no such encoding"),
        ({"delimiter": "||"}, r"--delimiter '\|\|': wanted one character, as ; or tab"),
        ({"escape": "ab"}, r"--escape 'ab': wanted one character, as \\"),
    ],
)
def test_a_layout_that_is_none_is_refused(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=said):
        read(tmp_path, **given)


ESCAPED: dict[str, tuple[bytes, dict[str, Any]]] = {
    "Spark": (b'id,text\n1,"say \\"hi\\", C:\\new"\n2,b\n', {}),
    "Spark, named": (b'id,text\n1,"say \\"hi\\", C:\\new"\n2,b\n', {"escape": "backslash"}),
    "MySQL, quoted": (b'"id","text"\n"1","say \\"hi\\", C:\\\\new"\n"2","b"\n', {"escape": "\\"}),
    "MySQL, tabs": (b'id\ttext\n1\tsay "hi", C:\\\\new\n2\tb\n', {"escape": "\\"}),
    "Postgres": (b'id\ttext\tn\n1\tsay "hi", C:\\\\new\t\\N\n2\tb\t1\n', {}),
}


@pytest.mark.parametrize("name", ESCAPED)
@pytest.mark.parametrize("size", [4, 10_000])
def test_escapes_are_read_as_their_writers_mean_them(name: str, size: int, tmp_path: Path) -> None:
    content, given = ESCAPED[name]
    (tmp_path / "in.csv").write_bytes(content)
    found = read(tmp_path / "in.csv", size=size, **given)
    assert (found.texts, found.ids, found.rejects) == (['say "hi", C:\\new', "b"], ["1", "2"], [])
    assert bool(given) != any("escaped with a backslash" in note for note in found.notes)


def test_escaped_line_ends_are_in_the_text(tmp_path: Path) -> None:
    mysql = b"id\ttext\n1\tone\\\ntwo\\\\\n2\tb\\tc\n3\t\\N\n"
    (tmp_path / "in.tsv").write_bytes(mysql)
    for size in (4, 1_000):
        found = read(tmp_path / "in.tsv", escape="\\", size=size)
        assert found.texts == ["one\ntwo\\", "b\tc"]
        assert [one.raw.row for one in found.rejects] == [5]
    assert texts_of(tmp_path / "in.csv", b'id,text\n1,"one\\\ntwo"\n2,"b"\n', escape="\\") == ["one\ntwo", "b"]


def test_a_delimiter_that_is_named_is_taken(tmp_path: Path) -> None:
    content = b"id~text\n1~a, b; c\n"
    assert texts_of(tmp_path / "in.csv", content, delimiter="~") == ["a, b; c"]
    assert texts_of(tmp_path / "in.txt", content, delimiter="~") == ["a, b; c"]
    assert texts_of(tmp_path / "in.csv", b"id\ttext\n1\ta\n", delimiter="tab") == ["a"]


JSONS: dict[str, bytes] = {
    "an array": b'[{"id": 1, "text": "a"}, {"id": 2, "text": "b }] \\" {"}]',
    "an array of many lines": b'[\n  {"id": 1,\n   "text": "a"},\n  {"id": 2, "text": "b }] \\" {"}\n]\n',
    "an array with a line each": b'[{"id": 1, "text": "a"}\n,{"id": 2, "text": "b }] \\" {"}\n]',
    "printed prettily": b'{\n "id": 1,\n "text": "a"\n}\n{\n "id": 2,\n "text": "b }] \\" {"\n}\n',
    "one behind the other": b'{"id": 1, "text": "a"}{"id": 2, "text": "b }] \\" {"}',
    "with a mark": b'\xef\xbb\xbf[{"id": 1, "text": "a"}, {"id": 2, "text": "b }] \\" {"}]',
}


@pytest.mark.parametrize("name", JSONS)
@pytest.mark.parametrize("ending", ["jsonl", "json", "json.gz"])
@pytest.mark.parametrize("size", [4, 10_000])
def test_json_that_is_no_json_lines_is_said_and_read(name: str, ending: str, size: int, tmp_path: Path) -> None:
    content = JSONS[name]
    (tmp_path / f"in.{ending}").write_bytes(packed(content) if ending.endswith("gz") else content)
    found = read(tmp_path / f"in.{ending}", size=size)
    assert (found.texts, found.ids, found.rejects) == (["a", 'b }] " {'], ["1", "2"], [])
    assert [row.raw.row for row in found.rows] == [1, 2]
    assert any("it is no JSON Lines; each object of its JSON is taken for a row" in note for note in found.notes)


def test_what_is_no_object_in_an_array_is_rejected_and_counted(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_bytes(b'[{"text": "a"}, 5, {"text": "b"}, {"text": 5}, {"text": "c"}, {"te')
    found = read(tmp_path / "in.json")
    assert found.texts == ["a", "b", "c"]
    reasons = [one.reason.split(":")[0] for one in found.rejects]
    assert reasons == ["wanted a JSON object, got something else", "column 'text'", "not JSON"]


def test_sparks_folders_of_json_are_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(3):
        (tmp_path / "in" / f"part-0000{n}-abc.json").write_text(f'{{"id": {n}, "text": "row {n}"}}\n')
        (tmp_path / "in" / f".part-0000{n}-abc.json.crc").write_bytes(b"crc")
    (tmp_path / "in" / "_SUCCESS").touch()
    assert read(tmp_path / "in").ids == ["0", "1", "2"]


@pytest.mark.parametrize("name", ["in.jsonl", "in.csv", "in.parquet", "in.jsonl.zst"])
def test_what_is_packed_under_another_name_is_read(name: str, tmp_path: Path) -> None:
    assert texts_of(tmp_path / "in.jsonl", packed(b'{"text": "a"}\n')) == ["a"]
    assert texts_of(tmp_path / "in.csv.gz", b"text\na\n") == ["a"]
    pq.write_table(pa.table({"text": ["p"]}), tmp_path / "x.parquet")
    assert texts_of(tmp_path / name, (tmp_path / "x.parquet").read_bytes()) == ["p"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("in.jsonl", b"", "wanted .jsonl, .csv or .parquet; it is empty"),
        ("in.csv", b"\n\n", "wanted .jsonl, .csv or .parquet; it is empty"),
        ("in.parquet", b"", "cannot be read: "),
        ("in.jsonl.gz", packed(b""), "wanted .jsonl, .csv or .parquet; it is empty"),
        ("in.jsonl", b"id,text\n1,a\n", "no line of it is an object of JSON; wanted .*; it begins with 'id,text'"),
        ("in.csv", b"PK\x03\x04rest", "it is a ZIP archive or an Excel workbook; wanted it unpacked, or saved as"),
        ("in.jsonl", b'{"text": "a\n{"text": "b\n', "none of its rows can be read; the first: not JSON: "),
        ("in.txt", b"The mayor spoke.\nNobody came.\n", "wanted .*; its first line tells no columns apart"),
        ("in.csv", b"a,b\n1,2\n", "no text column; there are: a, b; name it with --text-column"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{name}: {said}") as error:
        read(tmp_path / name)
    assert "\0" not in str(error.value)


def test_a_first_line_of_more_than_a_megabyte_is_read(tmp_path: Path) -> None:
    long = "x" * (2**20 + 5)
    assert texts_of(tmp_path / "in.jsonl", json.dumps({"text": long}).encode() + b'\n{"text": "b"}\n') == [long, "b"]
    pretty = json.dumps([{"text": long}, {"text": "b"}], indent=1).encode()
    assert texts_of(tmp_path / "in.json", pretty) == [long, "b"]


def test_a_text_that_comes_late_is_found(tmp_path: Path) -> None:
    lines = ['{"n": 1}'] * 120 + ['{"n": 2, "text": "late"}']
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    found = read(tmp_path / "in.jsonl")
    assert (found.texts, len(found.rejects)) == (["late"], 120)
    (tmp_path / "in.jsonl").write_text("\n".join(['{"text": "a"}'] * 120 + ['{"text": "b", "tags": ["t"]}']))
    assert read(tmp_path / "in.jsonl", columns=Columns(targets="tags")).rows[-1].targets == ("t",)


def test_columns_are_guessed_for_each_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,a\n")
    (tmp_path / "b.csv").write_text("url;body\nu;b\n")
    (tmp_path / "c.jsonl").write_text('{"headline": "t", "content": "c"}\n')
    found = read(tmp_path)
    assert (found.texts, found.ids, found.rejects) == (["a", "b", "c"], ["1", "u", None], [])
    assert f"column 'body' is taken for the text in {tmp_path}/b.csv" in found.notes


def test_a_file_that_cannot_be_read_costs_itself(tmp_path: Path) -> None:
    for n in range(5):
        (tmp_path / f"good{n}.csv").write_text(f"id,text\n{n},a\n")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "none.csv").write_text("a,b\n1,2\n")
    pq.write_table(pa.table({"text": ["x"] * 100}), tmp_path / "cut.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "cut.parquet").read_bytes()[:-9])
    (tmp_path / "cut.jsonl.gz").write_bytes(packed(b'{"text": "a"}\n' * 99)[:-9])
    found = read(tmp_path)
    assert found.ids == ["0", "1", "2", "3", "4"]
    assert {Path(path).name for path in found.plan.bad} == {"empty.csv", "none.csv", "cut.parquet", "cut.jsonl.gz"}
    assert sum(note.startswith("rejected: ") for note in found.notes) == 4


def test_a_file_without_a_column_that_is_named_costs_itself_where_others_have_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,target\na,t\n")
    (tmp_path / "b.csv").write_text("text,targets\na,t\n")
    (tmp_path / "c.jsonl").write_text('{"text": "c"}\n')
    found = read(tmp_path, columns=Columns(targets="target"))
    assert [(row.article.text, row.targets) for row in found.rows] == [("a", ("t",)), ("c", ())]
    assert list(found.plan.bad.values()) == ["no column 'target'; near it: 'targets'; there are: text, targets"]
    assert f"no column 'target' in {tmp_path}/c.jsonl: there it is taken for empty" in found.notes


def test_what_the_names_of_folders_say_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "year=2026" / "desk=a%20b"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"text": ["a"]}), folder / "x.parquet")
    (folder / "y.csv").write_text("text,year\nb,2025\n")
    found = read(tmp_path / "in")
    kept = [json.loads(row.others or "") for row in found.rows]
    assert kept == [{"year": "2026", "desk": "a b"}, {"year": "2025", "desk": "a b"}]
    assert read(tmp_path / "in", columns=Columns(targets="desk")).rows[0].targets == ("a b",)


def test_a_name_twice_and_a_mark_are_taken_as_by_http(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(
        b'\xef\xbb\xbf{"text": "a"}\n\xef\xbb\xbf{"text": "b"}\n{"text": "c", "text": "d"}\n'
    )
    found = read(tmp_path / "in.jsonl")
    assert found.texts == ["a", "b"]
    assert [one.reason for one in found.rejects] == ["not JSON that can be read: 'text' stands twice in one object"]


def test_types_of_arrow_for_text_are_read(tmp_path: Path) -> None:
    kinds = [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()), pa.large_binary()]
    for n, kind in enumerate(kinds):
        column = pa.array(["a", "b"]).cast(pa.large_binary() if kind == pa.large_binary() else pa.string()).cast(kind)
        pq.write_table(pa.table({"text": column, "n": np.arange(2)}), tmp_path / f"{n}.parquet")
    assert read(tmp_path).texts == ["a", "b"] * len(kinds)


def test_what_was_read_rightly_before_still_is(tmp_path: Path) -> None:
    odd = "line\u2028sep\u0085 nul \0 tab\t “quotes”"
    rows = [{"text": odd}, {"text": "x" * 5_000_000}, {"text": "é\r\nnew\nline"}]
    assert texts_of(tmp_path / "a b's [1].jsonl", "\n\n".join(json.dumps(row) for row in rows).encode()) == [
        row["text"] for row in rows
    ]
    (tmp_path / "in.csv").write_bytes(b'id,text\r\n1,"a\r\nb ""c"""\r\n2,"open\r\n3,c\r\n')
    found = read(tmp_path / "in.csv")
    assert found.texts == ['a\r\nb "c"', "c"]
    assert [one.reason for one in found.rejects] == ["not CSV: a quote is opened and not closed"]
