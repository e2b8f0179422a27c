"""A check is made once for a file as it is; a change, however small and however old it looks, has it made again."""

import os

import pytest

from engine.errors import TriescopeError
from engine.stored import remembered


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(remembered, "_seen", set())


@pytest.fixture
def made(tmp_path):
    """A file, and how often it was looked at."""
    path = tmp_path / "a.npy"
    path.write_bytes(b"abc")
    return path, []


def look(path, looks, what="check"):
    remembered.once(what, [path], lambda: looks.append(path))
    return len(looks)


def test_once_in_this_process_and_in_the_next(made, monkeypatch):
    assert look(*made) == look(*made) == 1
    monkeypatch.setattr(remembered, "_seen", set())
    assert look(*made) == 1
    assert look(*made, "another check") == 2


def test_a_change_of_the_same_size_that_claims_the_old_time_is_seen(made):
    path, looks = made
    look(path, looks)
    before = path.stat()
    path.write_bytes(b"abd")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert look(path, looks) == 2


def test_what_was_refused_is_not_remembered(made):
    def refuse():
        raise TriescopeError("no")

    for _ in range(2):
        with pytest.raises(TriescopeError, match="no"):
            remembered.once("check", [made[0]], refuse)
    assert look(*made) == 1


def test_a_mark_beside_the_file_says_nothing(made):
    path, looks = made
    (path.parent / "checked").mkdir()
    look(path, looks)
    assert sorted(p.name for p in path.parent.iterdir()) == ["a.npy", "checked", "home"]
    assert list((path.parent / "checked").iterdir()) == []


def test_where_nothing_can_be_kept_it_is_looked_at_again_by_the_next_process(made, monkeypatch, tmp_path):
    (tmp_path / "home").write_text("no folder")
    assert look(*made) == look(*made) == 1
    monkeypatch.setattr(remembered, "_seen", set())
    assert look(*made) == 2


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(TriescopeError, match="no: cannot be read"):
        remembered.once("check", [tmp_path / "no"], lambda: None)
