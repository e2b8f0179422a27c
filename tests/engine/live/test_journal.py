"""Changes are read back as they were written, in their order; what was altered, is missing, or is of another build is refused."""

import os
import subprocess
import sys

import numpy as np
import pytest

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.live import journal
from engine.live.journal import Change

KITES = Document("kites", "Kites", "How they fly. 東京", {"year": 1999, "topic": ["Toys"]})


def change(documents=(KITES,), removed=(), width=2):
    n = len(documents)
    return Change(tuple(removed), list(documents), np.eye(n, width, dtype=np.float32), np.zeros((n, 3), np.int32), np.full(n, 3))


@pytest.fixture
def build(tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    return tmp_path


def read(build):
    return journal.read(build, 2, journal.origin(build))


def test_what_is_written_is_read_back_in_its_order(build):
    assert journal.stamp(build) == ""
    journal.append(build, change())
    first = journal.stamp(build)
    journal.append(build, change((), ["kites"]))
    assert journal.stamp(build) > first
    found = read(build)
    assert [(one.removed, one.documents) for one in found] == [((), [KITES]), (("kites",), [])]
    np.testing.assert_array_equal(found[0].vectors, [[1, 0]])
    assert found[0].codes.tolist() == [[0, 0, 0]]
    assert found[0].content.tolist() == [3]
    assert not list((build / "live").glob(".*"))


def test_an_altered_change_is_refused(build):
    path = journal.append(build, change())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(TriescopeError, match="altered"):
        read(build)


def test_a_change_that_is_missing_is_missed(build):
    first = journal.append(build, change())
    journal.append(build, change((), ["kites"]))
    first.unlink()
    with pytest.raises(TriescopeError, match="the change before it is missing"):
        read(build)


def test_changes_of_another_build_are_refused(build):
    journal.append(build, change())
    (build / "manifest.json").write_text('{"another": 1}')
    with pytest.raises(TriescopeError, match="another build"):
        read(build)


@pytest.mark.parametrize(
    "wrong",
    [
        change()._replace(vectors=np.eye(1, 3)),
        change()._replace(vectors=np.full((1, 2), np.nan)),
        change()._replace(codes=np.full((1, 3), -2)),
        change()._replace(content=np.array([4])),
        change((KITES._replace(title=7),)),
        change((KITES._replace(metadata=[]),)),
        change((), [7]),
    ],
)
def test_a_change_that_is_none_is_refused_when_it_is_read(build, wrong):
    journal.append(build, wrong)
    with pytest.raises(TriescopeError, match="damaged"):
        read(build)


def test_a_writer_that_is_killed_leaves_nothing_and_the_next_one_clears_up(build):
    code = (
        "import os, sys, numpy as np; from pathlib import Path; from engine.live import journal\n"
        "os.replace = lambda *names: os._exit(9)\n"
        "journal.append(Path(sys.argv[1]), journal.Change((), [], np.empty((0, 2)), np.empty((0, 3)), np.empty(0)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(build)], check=False)
    assert done.returncode == 9
    assert read(build) == []
    assert len(os.listdir(build / "live")) == 1
    journal.append(build, change())
    assert len(read(build)) == 1
    assert len(os.listdir(build / "live")) == 1
