"""Files in the encodings that people have, packed or not: the same documents, or a line that says what to do."""

import gzip
import json

import pyarrow as pa
import pytest

from engine.data.corpus import read
from engine.data.records import kind_of
from engine.errors import TriescopeError

WANTED = [("1", "Café Łódź", "naïve – € 5"), ("2", "Ring", "plain")]
LATIN = [("1", "Café", "naïve"), ("2", "Ring", "plain")]
WRITTEN = {
    "utf-8": (WANTED, "utf-8"),
    "utf-8-sig": (WANTED, "utf-8"),
    "utf-16": (WANTED, "utf-8"),
    "latin-1": (LATIN, "latin-1"),
    "cp1252": ([("1", "Café", "naïve – € 5"), LATIN[1]], "cp1252"),
}


def text_of(kind, rows):
    if kind == "jsonl":
        return "".join(
            json.dumps(dict(zip(("id", "title", "text"), row, strict=True)), ensure_ascii=False) + "\n" for row in rows
        )
    tab = "\t" if kind == "tsv" else ","
    return "".join(tab.join(row) + "\r\n" for row in [("id", "title", "text"), *rows])


def packed(path, content):
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    elif path.suffix == ".zst":
        with pa.CompressedOutputStream(str(path), "zstd") as file:
            file.write(content)
    else:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_every_kind_in_every_encoding_packed_or_not(tmp_path, kind, written, ending):
    rows, told = WRITTEN[written]
    path = packed(tmp_path / f"a.{kind}{ending}", text_of(kind, rows).encode(written))
    assert kind_of(path) == kind
    assert [document[:3] for document in read(path, encoding=told).documents] == rows


def test_what_is_no_unicode_is_told_which_option_reads_it(tmp_path):
    path = packed(tmp_path / "a.csv", text_of("csv", LATIN).encode("latin-1"))
    with pytest.raises(TriescopeError, match=r"row 1: not UTF-8; if it is Latin-1 or of Windows, say so \(--encoding latin-1"):
        read(path)
    with pytest.raises(TriescopeError, match="row 1: not cp1252: a byte that stands for nothing there"):
        read(packed(path, b"id,title\n1,\x81\n"), encoding="cp1252")
    with pytest.raises(TriescopeError, match="encoding 'koi8' is not read; there are utf-8, latin-1, cp1252"):
        read(path, encoding="koi8")


@pytest.mark.parametrize("cut", [lambda content: content[:-9], lambda content: b"no zstd at all", lambda content: content[:2]])
def test_a_zstd_stream_that_is_none_or_ends_early_is_said(tmp_path, cut):
    path = packed(tmp_path / "a.csv.zst", text_of("csv", WANTED * 500).replace("\r\n2", "\r\n3").encode())
    path.write_bytes(cut(path.read_bytes()))
    with pytest.raises(TriescopeError, match="not a ZSTD stream, or one that is cut off or damaged"):
        read(path)


def test_the_shell_builds_and_adds_by_the_option(shell, tmp_path):
    path = packed(tmp_path / "a.csv", text_of("csv", LATIN).encode("latin-1"))
    code, out, _ = shell("examine", path, "--encoding", "latin-1")
    assert code == 0
    assert "2 documents" in out
    code, _, err = shell("examine", path)
    assert code == 2
    assert "--encoding latin-1" in err
