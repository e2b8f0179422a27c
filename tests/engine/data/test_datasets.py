import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from engine.data.datasets import DATASETS, Dataset, default_fields, fetch, load
from engine.errors import TriescopeError

MEMBERS = {
    "tiny/corpus.jsonl": '{"_id": "d", "title": "Kites", "text": "They fly."}\n',
    "tiny/queries.jsonl": '{"_id": "q", "text": "what flies"}\n',
    "tiny/qrels/test.tsv": "query-id\tcorpus-id\tscore\nq\td\t1\n",
}


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def served():
    """Serve bytes at /tiny.zip on the loopback; gives a function from bytes to a data set, and the paths asked for."""
    asked, content = [], {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = content.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serve(body, algorithm="sha256"):
        content["/tiny.zip"] = body
        known = f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"
        return Dataset("tiny", "For a test.", 1, "none", f"http://127.0.0.1:{server.server_port}/tiny.zip", known)

    yield serve, asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_an_archive_is_fetched_checked_and_unpacked(served, tmp_path, algorithm):
    serve, _ = served
    folder = fetch(serve(zipped(MEMBERS), algorithm), tmp_path)
    unpacked = {f"tiny/{path.relative_to(folder)}": path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert unpacked == MEMBERS


def test_a_second_fetch_does_not_download(served, tmp_path):
    serve, asked = served
    dataset = serve(zipped(MEMBERS))
    assert fetch(dataset, tmp_path) == fetch(dataset, tmp_path)
    assert asked == ["/tiny.zip"]


def test_an_archive_with_another_hash_is_refused_and_leaves_nothing(served, tmp_path):
    serve, _ = served
    wrong = serve(zipped(MEMBERS))._replace(known_hash="sha256:" + "0" * 64)
    with pytest.raises(TriescopeError, match="data set tiny: could not be fetched from its source") as caught:
        fetch(wrong, tmp_path / "sets")
    assert "\n" not in str(caught.value)
    assert [path for path in (tmp_path / "sets").rglob("*") if path.is_file()] == []


def test_a_set_that_its_source_does_not_have_is_an_error(served, tmp_path):
    serve, _ = served
    gone = serve(b"")
    with pytest.raises(TriescopeError, match="could not be fetched"):
        fetch(gone._replace(url=gone.url.replace("tiny.zip", "gone.zip")), tmp_path)


def test_a_source_that_does_not_answer_is_an_error(tmp_path):
    with pytest.raises(TriescopeError, match="could not be fetched"):
        fetch(Dataset("tiny", "", 1, "", "http://127.0.0.1:9/tiny.zip", "md5:" + "0" * 32), tmp_path)


def broken_zip():
    body = bytearray(zipped({"tiny/corpus.jsonl": MEMBERS["tiny/corpus.jsonl"] * 50}))
    # Behind the header of the first member: 30 bytes, and its name.
    start = 30 + len("tiny/corpus.jsonl")
    body[start : start + 8] = b"\xff" * 8
    return bytes(body)


@pytest.mark.parametrize(
    "body", [b"no archive", b"", zipped(MEMBERS)[:-30], broken_zip()], ids=["text", "empty", "cut", "inside"]
)
def test_a_damaged_archive_is_an_error_and_no_set(served, tmp_path, body):
    serve, _ = served
    with pytest.raises(TriescopeError, match="data set tiny: the archive is damaged"):
        fetch(serve(body), tmp_path)
    assert not (tmp_path / "tiny").exists()


def test_an_archive_without_a_corpus_is_an_error_and_no_set(served, tmp_path):
    serve, _ = served
    with pytest.raises(TriescopeError, match="data set tiny"):
        fetch(serve(zipped({"tiny/readme.txt": "nothing here"})), tmp_path)
    assert not (tmp_path / "tiny").exists()


@pytest.mark.parametrize(
    "name", ["../escaped.jsonl", "tiny/../../escaped.jsonl", "tiny/../../../escaped.jsonl", "//escaped.jsonl"]
)
def test_no_member_escapes_the_folder(served, tmp_path, name):
    serve, _ = served
    folder = fetch(serve(zipped(MEMBERS | {name: "{}"})), tmp_path / "deep" / "sets")
    assert folder == tmp_path / "deep" / "sets" / "tiny"
    assert all(path.is_relative_to(folder) for path in tmp_path.rglob("escaped*"))


def test_members_of_other_kinds_are_not_unpacked(served, tmp_path):
    serve, _ = served
    folder = fetch(serve(zipped(MEMBERS | {"tiny/run.py": "print()", "tiny/model.pkl": "x"})), tmp_path)
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".jsonl", ".tsv"}


def test_a_fetched_set_is_loaded_under_its_name(served, monkeypatch):
    serve, asked = served
    monkeypatch.setitem(DATASETS, "tiny", serve(zipped(MEMBERS)))
    corpus = load("tiny")
    assert (corpus.name, len(corpus.documents), corpus.qrels) == ("tiny", 1, {"test": {"q": {"d": 1}}})
    assert load("tiny") == corpus
    assert asked == ["/tiny.zip"]


def test_the_bundled_films_are_listed_and_as_many_as_said():
    films = load("films")
    assert films.name == "films"
    assert len(films.documents) == DATASETS["films"].documents
    assert DATASETS["films"].url is None
    assert set(default_fields("films")) <= set(films.documents[0].metadata)


def test_files_of_a_person_are_loaded_by_path_and_have_no_default_fields(small_folder):
    assert len(load(str(small_folder)).documents) == 60
    assert default_fields(str(small_folder)) == ()


def test_a_name_that_is_neither_set_nor_path_is_said_with_those_that_are():
    with pytest.raises(TriescopeError, match=r"atlantis: no such file or folder, and no data set of that name \(films, scifact"):
        load("atlantis")


def test_every_public_set_has_a_hash_and_a_licence():
    for dataset in DATASETS.values():
        assert dataset.licence
        assert dataset.url is None or dataset.made_by or dataset.known_hash.partition(":")[0] in ("md5", "sha256")


class TestInterrupted:
    @pytest.fixture
    def broken(self):
        """A source that breaks off after some bytes, once, and the ranges that it was asked for."""
        body, asked = zipped(MEMBERS), []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                start = self.headers["Range"]
                asked.append(start)
                first = int(start.removeprefix("bytes=").removesuffix("-")) if start and knows else 0
                self.send_response(206 if first else 200)
                self.send_header("Content-Length", str(len(body) - first))
                self.end_headers()
                self.wfile.write(body[first:] if len(asked) > 1 else body[: len(body) // 2])

            def log_message(self, *args):
                pass

        knows = True
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def serve(ranges, known=None):
            nonlocal knows
            knows = ranges
            address = f"http://127.0.0.1:{server.server_port}/tiny.zip"
            return Dataset("tiny", "For a test.", 1, "none", address, known or f"sha256:{hashlib.sha256(body).hexdigest()}")

        yield serve, asked, len(body) // 2
        server.shutdown()
        server.server_close()

    @pytest.mark.parametrize("ranges", [True, False])
    def test_a_download_that_broke_off_goes_on_or_begins_again_where_the_source_knows_no_ranges(self, broken, tmp_path, ranges):
        serve, asked, half = broken
        with pytest.raises(TriescopeError, match="bytes have come and are kept"):
            fetch(serve(ranges), tmp_path)
        folder = fetch(serve(ranges), tmp_path)
        assert asked == [None, f"bytes={half}-"]
        assert (folder / "corpus.jsonl").read_text() == MEMBERS["tiny/corpus.jsonl"]
        assert not list(tmp_path.glob(".*.part"))

    def test_parts_that_do_not_fit_are_refused_and_the_next_one_begins_anew(self, broken, tmp_path):
        serve, asked, _ = broken
        (tmp_path / ".tiny.zip.part").write_bytes(b"something else")
        asked.append("skip")
        with pytest.raises(TriescopeError, match="could not be fetched"):
            fetch(serve(True), tmp_path)
        assert (fetch(serve(True), tmp_path) / "corpus.jsonl").is_file()


def test_a_folder_of_sets_that_are_here_comes_first(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_DATASETS", str(tmp_path))
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "corpus.jsonl").write_text(MEMBERS["tiny/corpus.jsonl"])
    assert (
        fetch(Dataset("tiny", "For a test.", 1, "none", "http://127.0.0.1:1/", "sha256:0"), tmp_path / "no") == tmp_path / "tiny"
    )


def test_what_is_not_ours_says_whose_it_is():
    assert [entry.name for entry in DATASETS.values() if entry.url and not entry.citation] == []
