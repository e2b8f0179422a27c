"""A build as one file and back: the same build, or nothing; and a build's other name."""

import errno
import io
import shutil
import zipfile

import pytest

from engine import paths
from engine.builds import layout, packed
from engine.builds.listed import listed
from engine.builds.naming import rename
from engine.builds.opened import Build
from engine.builds.packed import pack, unpack
from engine.errors import TriescopeError
from engine.files import alone


@pytest.fixture(scope="module")
def archive(small_build):
    """The sixty films as a file."""
    content = io.BytesIO()
    pack(small_build, content)
    return content.getvalue()


@pytest.fixture
def own(small_build, tmp_path, monkeypatch):
    """A home of its own with the sixty films in it."""
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    return shutil.copytree(small_build, paths.builds() / "sixty")


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def changed(archive, change):
    """The archive with its members given to a function (name, content) -> the same, or None to leave it out."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(content, "w") as new:
        for member in old.infolist():
            if (made := change(member.filename, old.read(member))) is not None:
                new.writestr(*made)
    content.seek(0)
    return content


def test_what_is_unpacked_is_what_was_packed_byte_by_byte(archive, small_build, tmp_path):
    made = unpack(io.BytesIO(archive), tmp_path, "again")
    assert files_of(made) == files_of(small_build)
    assert Build(made).search("old samurai", "bm25").hits == Build(small_build).search("old samurai", "bm25").hits
    again = io.BytesIO()
    pack(made, again)
    assert again.getvalue() == archive  # the same build gives the same file, whenever and wherever
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def test_what_breaks_off_while_it_is_packed_leaves_the_file_that_was_there(small_build, tmp_path):
    out = tmp_path / "build.zip"
    out.write_bytes(b"the one before")

    def full(stage, done, total):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(TriescopeError, match="no space left on device"):
        pack(small_build, out, full)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"build.zip": b"the one before"}


@pytest.mark.parametrize(
    "name", ["../up.npy", "/etc/passwd", ".hidden", "a/b/c/d/e", "a\\b", "trie/.x", "x" * 200, "./manifest.json", "tri\ne"]
)
def test_a_member_that_no_build_has_is_refused_and_leaves_nothing(archive, tmp_path, name):
    content = changed(archive, lambda member, of: (member, of))
    with zipfile.ZipFile(content, "a") as zipped:
        zipped.writestr(zipfile.ZipInfo(name), b"x")
    content.seek(0)
    builds = tmp_path / "builds"
    builds.mkdir()
    with pytest.raises(TriescopeError, match=r"which no build has|damaged"):
        unpack(content, builds, "again")
    assert list(tmp_path.rglob("*")) == [builds]


def test_what_is_damaged_or_too_much_or_no_build_is_refused_and_leaves_nothing(archive, tmp_path, monkeypatch):
    other = changed(archive, lambda name, of: (name, of[:-1] + b"x") if name == "embeddings.npy" else (name, of))
    none = changed(archive, lambda name, of: None if name == "manifest.json" else (name, of))
    for content, says in ((other, "damaged"), (none, "no manifest.json"), (io.BytesIO(b"PK\x03\x04"), "damaged")):
        with pytest.raises(TriescopeError, match=says):
            unpack(content, tmp_path, "again")
    monkeypatch.setattr(packed, "LARGEST", 10_000)
    with pytest.raises(TriescopeError, match="holds more than"):
        unpack(io.BytesIO(archive), tmp_path, "again")
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_is_counted_as_it_is_read(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "LARGEST", 40 << 20)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("bomb", bytes(64 << 20))
    content.seek(0)
    with pytest.raises(TriescopeError, match="holds more than"):
        unpack(content, tmp_path, "again")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_or_none_is_refused(archive, tmp_path):
    (tmp_path / "there").mkdir()
    for name, says in (("there", "already"), ("x/y", "slash"), ("", "empty")):
        with pytest.raises(TriescopeError, match=says):
            unpack(io.BytesIO(archive), tmp_path, name)


def test_what_was_left_of_a_killed_one_is_no_obstacle(archive, tmp_path):
    left = layout.fresh_of(tmp_path / "again")
    left.mkdir()
    (left / "half").write_bytes(b"x")
    assert "half" not in files_of(unpack(io.BytesIO(archive), tmp_path, "again"))


def test_another_name_takes_map_and_runs_along(own):
    opened = Build(own)
    beside = layout.map_of(own, opened.manifest.spec_sha256, opened.manifest.corpus.sha256)
    beside.mkdir(parents=True)
    (beside / "map.json").write_text("{}")
    new = rename(own, "other name")
    assert not own.exists()
    assert Build(new).search("an old samurai and his village", "bm25").hits
    moved = layout.map_of(new, opened.manifest.spec_sha256, opened.manifest.corpus.sha256)
    assert (moved / "map.json").is_file()
    assert not beside.exists()


def test_a_build_keeps_its_name_where_the_new_one_cannot_be_or_somebody_works_in_it(own):
    shutil.copytree(own, own.with_name("taken"))
    for name, says in (("taken", "already"), ("a/b", "slash"), (".x", "dot")):
        with pytest.raises(TriescopeError, match=says):
            rename(own, name)
    work = layout.partial_of(own / "trained" / "node")
    work.mkdir(parents=True)
    with alone(work, "x"), pytest.raises(TriescopeError, match="a process works in it"):
        rename(own, "new")
    assert own.is_dir()


def test_builds_are_listed_and_what_cannot_be_is_named(own, shell, told):
    shutil.copytree(own, own.with_name("broken"))
    (own.with_name("broken") / "manifest.json").write_text("{}")
    rows, faults = listed()
    assert [row.name for row in rows] == ["sixty"]
    codes = " × ".join(map(str, Build(own).manifest.identifiers.vocabulary))
    assert (rows[0].documents, rows[0].codes, rows[0].scorer, rows[0].trained) == (60, codes, "centroid", ())
    assert set(faults) == {"broken"}
    assert told("builds")["builds"][0]["name"] == "sixty"
    code, out, _ = shell("rename", "sixty", "films of mine")
    assert (code, out.strip()) == (0, "sixty is called films of mine now")
    value = told("pack", "films of mine", "--out", own.parent / "handed.zip")
    assert value["files"] == len(files_of(own.with_name("films of mine")))
    assert len(Build(unpack(own.parent / "handed.zip", own.parent, "in")).documents) == 60
    code, _, err = shell("unpack", own.parent / "handed.zip", "--name", "in")
    assert code == 2
    assert "already" in err
