"""Files that nobody meant: read right, or refused in a line; never a traceback, a hang, or something left behind.

Fifty of each kind here, five thousand with ``make test-slow``.
"""

import gzip
import io
import json
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.data import staged
from engine.data.corpus import read
from engine.data.examined import examine
from engine.errors import TriescopeError

KINDS = "csv tsv jsonl parquet csv.gz jsonl.zst".split()
FEW, MANY = 50, 5_000
TOLD = [
    ("Ring", "A ring."),
    ('Quo"te', "two\nlines"),
    ("Zürich", "tab\there, comma"),
    ("東京", "「物語」"),
    ("", "=1+1"),
    ("nan", ""),
]
ROWS = [
    {"id": str(n), "title": title, "text": text, "genre": ["War", "Drama"], "year": 1990 + n, "more": {"a": [None, 1.5]}}
    for n, (title, text) in enumerate(TOLD)
]
# What is put into a file, beside bytes of its own at other places and bytes at random.
SCRAPS = b'\x00 \xff\xfe \xef\xbb\xbf " \r \t , \\ud800 { 1e999 NaN \xc3 \xe2\x80\xae null {"id": }{ \'"\' \x1a \x85'.split(b" ")
SCRAPS += [b"[" * 3000, b"0" * 5000, b"-" * 200, b"\r\n\r\n", b"sep=;\n", b"\x0b\x0c"]


def whole(kind):
    """A good file of a kind."""
    inner = kind.partition(".")[0]
    if inner == "parquet":
        out = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(ROWS), out)
        content = out.getvalue()
    elif inner == "jsonl":
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    else:
        flat = [[str(row[name]) for name in ("id", "title", "text", "year")] for row in ROWS]
        if inner == "csv":
            flat = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in flat]
        else:
            flat = [[cell.replace("\t", " ").replace("\n", " ") for cell in row] for row in flat]
        glue = "," if inner == "csv" else "\t"
        content = "\r\n".join(glue.join(row) for row in [["id", "title", "text", "year"], *flat]).encode()
    return content


def broken(content, random):
    """The file with up to six things done to it."""
    data = bytearray(content)
    for _ in range(random.integers(1, 7)):
        at = int(random.integers(len(data) + 1))
        what = random.integers(6)
        if what == 0:
            data[at:at] = SCRAPS[random.integers(len(SCRAPS))]
        elif what == 1 and len(data):
            data[min(at, len(data) - 1)] = int(random.integers(256))
        elif what == 2:
            del data[at : at + int(random.integers(1, 40))]
        elif what == 3:
            data[at:at] = data[: int(random.integers(200))]
        elif what == 4 and random.integers(4) == 0:
            del data[at:]
        else:
            data[at:at] = random.bytes(int(random.integers(1, 12)))
    return bytes(data)


def packed(kind, content, random):
    """Packed as the name says; sometimes broken once more behind that."""
    if kind.endswith(".gz"):
        content = gzip.compress(content)
    elif kind.endswith(".zst"):
        content = pa.compress(content, codec="zstd", asbytes=True)
    return broken(content, random) if "." in kind and random.integers(3) == 0 else content


def refused(work):
    """What some work gives, or None where it is refused, in a line."""
    try:
        return work()
    except TriescopeError as error:
        line = str(error)
    assert "\n" not in line
    assert len(line) < 2_000
    return None


def check(path):
    """Read it in the three ways that there are, which must agree."""
    found = refused(lambda: examine(path))
    for leave_out in (False, True):
        corpus = refused(lambda leave_out=leave_out: read(path, leave_out=leave_out))
        if corpus is None:
            assert found is None or found.wrong or not found.documents
            continue
        assert found is not None
        assert leave_out or not found.wrong
        assert len(corpus.documents) == found.documents
        ids = [document.id for document in corpus.documents]
        assert len(set(ids)) == len(ids)
        assert all(ids)
        json.dumps([list(document) for document in corpus.documents], ensure_ascii=False).encode()
        assert all(document.title or document.text for document in corpus.documents)


def fuzz(tmp_path, kind, first, count):
    for seed in range(first, first + count):
        random = np.random.default_rng(seed)
        path = tmp_path / f"a.{kind}"
        path.write_bytes(packed(kind, broken(whole(kind), random), random))
        try:
            check(path)
        except Exception as error:
            raise AssertionError(f"{kind}, seed {seed}") from error


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_meant_is_read_right_or_refused_in_a_line(tmp_path, kind):
    fuzz(tmp_path, kind, 0, FEW // 5 if kind == "parquet" else FEW)  # DuckDB takes its time to be opened


def test_a_column_of_parquet_whose_name_is_no_text_is_refused(tmp_path):
    """The one of five thousand that was not."""
    path = tmp_path / "a.parquet"
    random = np.random.default_rng(433)
    path.write_bytes(packed("parquet", broken(whole("parquet"), random), random))
    with pytest.raises(TriescopeError, match="the name of a column, or a text, is not UTF-8"):
        read(path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_five_thousand_files_are_read_right_or_refused_in_a_line(tmp_path, kind):
    fuzz(tmp_path, kind, FEW, MANY)


def archive(random):
    out = io.BytesIO()
    names = ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv", "../x", "a/b/c", "/etc/x", "corpus.jsonl"]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names[: random.integers(1, len(names) + 1)]:
            file.writestr(name, whole("jsonl"))
    return broken(out.getvalue(), random) if random.integers(2) else out.getvalue()


def stage_all(tmp_path, monkeypatch, first, count):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    for seed in range(first, first + count):
        random = np.random.default_rng(seed)
        before = {one.key for one in staged.everything()}
        kept = refused(lambda random=random: staged.stage("a.zip", io.BytesIO(archive(random))))
        if kept is None:
            assert {one.key for one in staged.everything()} == before
            assert not [path for path in (tmp_path / "home" / "imports").iterdir() if path.name not in before]
            continue
        inside = {path.relative_to(kept.path).as_posix() for path in kept.path.rglob("*") if path.is_file()}
        assert all(staged.INSIDE.fullmatch(name) for name in inside)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_that_was_not_meant_is_unpacked_or_leaves_nothing(tmp_path, monkeypatch):
    stage_all(tmp_path, monkeypatch, 0, FEW)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_five_thousand_archives_are_unpacked_or_leave_nothing(tmp_path, monkeypatch):
    for first in range(FEW, MANY, 500):
        stage_all(tmp_path / str(first), monkeypatch, first, 500)
