"""Files as people have them: in many encodings, some of them no text at all."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slant import __version__
from slant.errors import ArticleError, OptionError
from slant.terminal import printable
from slant.text.decode import decode, is_page
from support import SAMPLES
from test_cli import Shell

WORDS = "Zoë paid €4 at the café: “Très cher”, she said."
LATIN = "Zoë paid 4 at the café: Très cher, she said."


@pytest.fixture
def slant(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def page(head: str) -> str:
    return f"<!doctype html><html><head>{head}</head><body><p>{WORDS}</p></body></html>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_says_how_a_file_is_encoded(encoding: str) -> None:
    assert decode(WORDS.encode(encoding)) == (WORDS, None)


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xff\xfe\0\0", "utf-32-le")]
)
def test_marks_of_either_order_are_known(mark: bytes, encoding: str) -> None:
    assert decode(mark + WORDS.encode(encoding)) == (WORDS, None)


@pytest.mark.parametrize(
    ("said", "encoding"),
    [
        ('<meta charset="windows-1252">', "cp1252"),
        ("<META CHARSET=windows-1252 />", "cp1252"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">', "cp1252"),
        ("<title>a</title>\n<meta name='x'><meta charset='utf-8'>", "utf-8"),
        ('<meta charset="utf-16">', "utf-8"),
    ],
)
def test_a_page_is_read_as_it_says_as_browsers_understand_it(said: str, encoding: str) -> None:
    text = page(said)
    assert decode(text.encode(encoding)) == (text, None)
    assert is_page("a.txt", text)


def test_an_xml_declaration_counts_too() -> None:
    text = '<?xml version="1.0" encoding="iso-8859-2"?>\n<html><p>Łódź</p></html>'
    assert decode(text.encode("iso-8859-2")) == (text, None)
    assert is_page("-", text)


def test_an_encoding_of_plain_bytes_is_believed() -> None:
    text = '<meta charset="iso-2022-jp"><p>日本</p>'
    assert decode(text.encode("iso-2022-jp")).text == text


def test_what_is_utf_8_is_so_whatever_a_page_once_was() -> None:
    text = page('<meta charset="iso-8859-1">')
    assert decode(text.encode("utf-8")) == (text, None)


@pytest.mark.parametrize("said", ["", '<meta charset="nothing">', '<meta charset="base64">', '<meta charset="utf-8">'])
def test_what_nothing_explains_is_taken_for_windows_1252_aloud(said: str) -> None:
    text = page(said)
    found = decode(text.encode("cp1252"))
    assert found.text == text
    assert found.said == "is not in UTF-8; read as Windows-1252 (--encoding names another)"


def test_a_named_encoding_goes_before_everything() -> None:
    assert decode("Łódź".encode("iso-8859-2"), "iso-8859-2").text == "Łódź"
    assert decode(WORDS.encode("utf-16-le"), "utf-16-le").text == WORDS
    assert decode(WORDS.encode("utf-8-sig"), "utf-8").text == WORDS
    with pytest.raises(ArticleError, match="is not in utf-8: byte 0xeb at 2 cannot stand there"):
        decode(LATIN.encode("cp1252"), "utf-8")
    for name in ("nothing", "base64", "rot13", "a\0b"):
        with pytest.raises(OptionError, match="is no encoding of text; some are utf-8"):
            decode(b"a", name)


def zipped(name: str, content: bytes = b"a") -> bytes:
    with zipfile.ZipFile(out := io.BytesIO(), "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


NO_TEXT = [
    (zipped("word/document.xml"), "a Word document"),
    (zipped("xl/workbook.xml"), "an Excel sheet"),
    (zipped("ppt/presentation.xml"), "a PowerPoint"),
    (zipped("mimetype", b"application/epub+zip"), "a book"),
    (zipped("mimetype", b"application/vnd.oasis.opendocument.text"), "an OpenDocument text"),
    (zipped("a.txt"), "an archive"),
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "an image"),
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "an image"),
    (b"GIF89a\x01\0\x01\0", "an image"),
    (b"RIFF\x24\0\0\0WEBPVP8 ", "an image"),
    (b"\0\0\0\x20ftypisom\0\0\2\0", "a video"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "an old Office document"),
    (rb"{\rtf1\ansi Rovers won.}", "a rich text document"),
    (gzip.compress(b"Rovers won."), "packed"),
    (b"\x7fELF\2\1\1" + bytes(9), "a program"),
    (bytes(range(256)) * 4, "binary data"),
    (b"PAR1" + bytes(40), "a table"),
]


@pytest.mark.parametrize(("raw", "what"), NO_TEXT, ids=[what for _, what in NO_TEXT])
def test_what_is_no_text_is_told_by_what_it_is(raw: bytes, what: str) -> None:
    with pytest.raises(ArticleError, match=f"is no text but {what}"):
        decode(raw)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_two_bytes_a_character_without_a_mark_are_told(encoding: str) -> None:
    with pytest.raises(
        ArticleError, match=f"in {encoding.upper()} without a byte order mark; --encoding {encoding} reads it"
    ):
        decode(WORDS.encode(encoding))


def test_a_stray_control_character_makes_no_binary() -> None:
    text = WORDS * 20 + "\0\x0c" + "\x1b[2J"
    assert decode(text.encode()).text == text


@pytest.mark.parametrize(
    "text", ['<?xml version="1.0"?>\n<!-- a --><rss version="2.0">', '<?xml version="1.0"?><nitf>']
)
def test_xml_of_another_kind_is_no_page(text: str) -> None:
    with pytest.raises(ArticleError, match=r"is XML \(<\w+>\), and no page and no text"):
        is_page("feed.xml", text)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.txt", "\n <!-- saved --> <HTML lang=en>", True),
        ("a.txt", '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">', True),
        ("a.txt", "<head><title>", True),
        ("a.xhtml", "text", True),
        ("a.txt", "<b>Rovers</b> won", False),
        ("a.txt", "Write <html> at the top.", False),
        ("a.txt", "<htmlx>", False),
    ],
)
def test_a_page_is_known_by_how_it_begins(name: str, text: str, wanted: bool) -> None:
    assert is_page(name, text) is wanted


@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_told(raw: bytes) -> None:
    with contextlib.suppress(ArticleError):
        assert isinstance(decode(raw).text, str)


@given(st.text(min_size=1, max_size=200).filter(lambda text: text.isprintable()))
def test_any_printable_text_in_utf_8_is_itself(text: str) -> None:
    raw = text.encode()
    if not raw.startswith(
        (b"%PDF", b"ID3", b"II*", b"Rar!", b"BZh", b"GIF8", b"OggS", b"PAR1", b"PK", b"\xef\xbb\xbf")
    ):
        assert decode(raw).text == text


def test_each_file_is_known_by_its_name_and_a_bad_one_costs_its_own_line(slant: Shell, tmp_path: Path) -> None:
    good = (SAMPLES / "08_football.txt").read_bytes()
    (tmp_path / "a.txt").write_bytes(good)
    (tmp_path / "b.txt").write_bytes(zipped("word/document.xml"))
    (tmp_path / "c.txt").write_text("Leave a Reply")
    (tmp_path / "d.txt").write_bytes((good.decode() + WORDS).encode("cp1252"))
    (tmp_path / "e.html").write_text("<html></html>")
    (tmp_path / "\x1b[2Jf.txt").write_bytes(b"%PDF-")
    odd = os.fsdecode(b"g\xff.txt")
    (tmp_path / odd).write_bytes(good)
    names = ["a.txt", "none.txt", "b.txt", "c.txt", "d.txt", "e.html", "\x1b[2Jf.txt", odd, "."]
    paths = [str(tmp_path / name) for name in names]
    code, out, err = slant("classify", *paths, "--json", "--target", "the referee")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 3
    assert [row["id"] for row in rows] == [paths[0], paths[4], f"{tmp_path}/g\ufffd.txt"]
    assert [line.split(": ")[1].rsplit("/", 1)[-1] for line in err.splitlines()] == [
        "none.txt", "b.txt", "c.txt", "d.txt", "e.html", "\ufffd[2Jf.txt", tmp_path.name,
    ]  # fmt: skip
    assert "b.txt: is no text but a Word document" in err
    assert "d.txt: is not in UTF-8; read as Windows-1252" in err
    assert printable(err) == err


def test_all_files_unreadable_is_a_wrong_command(slant: Shell, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"%PDF-")
    code, out, err = slant("classify", str(tmp_path / "b.txt"), "a\0b")
    assert (code, out) == (2, "")
    assert "cannot be read: embedded null byte" in err


def test_the_encoding_of_files_can_be_named(slant: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes((SAMPLES / "08_football.txt").read_text().encode("utf-16-be"))
    code, out, err = slant("classify", str(tmp_path / "a.txt"), "--json", "--encoding", "utf-16-be")
    assert (code, err, json.loads(out)["language"]) == (0, "", "en")
    code, _, err = slant("classify", str(tmp_path / "a.txt"), "--encoding", "nothing")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "'nothing' is no encoding of text" in err


def test_the_version_is_told(slant: Shell) -> None:
    assert slant("--version") == (0, f"slant {__version__}\n", "")
