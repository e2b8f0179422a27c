"""``python -m app.prepare``: the bundled catalogue is built once, and again only when it has to be."""

import json
import shutil

import pytest

from app import prepare
from engine.builds import make as build
from engine.builds import names, runs
from engine.builds.opened import Build
from engine.studies import bundled


@pytest.fixture
def copied(warm_home, films_home):
    """A build of the films that may be harmed."""
    return shutil.copytree(films_home / "builds" / "films", warm_home / "builds" / "films")


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """Names of the folders that were built."""
    names: list[str] = []

    def counted(corpus, spec, out, report):
        names.append(out.name)
        return build.make(corpus, spec, out, report)

    monkeypatch.setattr(prepare, "make", counted)
    return names


def times(folder) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_it_builds_once_and_the_second_call_does_nothing(warm_home, made, capsys):
    prepare.main()
    folder = warm_home / "builds" / "films"
    before = times(folder.parent)
    err = capsys.readouterr().err
    assert "once" in err
    assert all(name in err for name in bundled.KINDS.values())
    prepare.main()
    assert made == [".films.fresh"]
    assert times(folder.parent) == before
    assert capsys.readouterr().err == ""
    assert len(Build(folder).corpus.documents) == 1201
    assert names.names() == ["films"]


def cut_manifest(folder):
    (folder / "manifest.json").write_text("{", "utf-8")


def lose_manifest(folder):
    (folder / "manifest.json").unlink()


def change(folder, **facts):
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | facts), "utf-8")


def other_format(folder):
    change(folder, format=99)


def older_catalogue(folder):
    corpus = json.loads((folder / "manifest.json").read_text("utf-8"))["corpus"]
    change(folder, corpus=corpus | {"sha256": "0" * 64})


def other_defaults(folder):
    change(folder, spec_sha256="0" * 64)


@pytest.mark.parametrize("harm", [cut_manifest, lose_manifest, other_format, older_catalogue, other_defaults])
def test_a_damaged_or_outdated_build_is_replaced(copied, made, harm):
    harm(copied)
    prepare.main()
    assert len(made) == 1
    assert len(Build(copied).corpus.documents) == 1201
    assert names.names() == ["films"]
    assert sorted(path.name for path in copied.parent.iterdir()) == [".evaluations", ".maps", ".studies", "films"]


def test_a_good_build_is_left_alone_and_gets_what_it_lacks(copied, made):
    before = times(copied)
    prepare.main()
    assert made == []
    assert runs.names(copied) == [bundled.RUN]
    assert {path: time for path, time in times(copied).items() if "/trained" not in path} == before


@pytest.mark.parametrize("file", ["embeddings.npy", "names.parquet"])
def test_a_build_with_a_damaged_file_is_replaced(copied, made, file):
    (copied / file).write_bytes((copied / file).read_bytes()[:100])
    prepare.main()
    assert len(Build(copied).corpus.documents) == 1201


def test_a_replacement_that_was_interrupted_before_is_no_obstacle(copied, made):
    """An earlier run was killed after it had built the replacement and before it had put it in place."""
    shutil.copytree(copied, copied.with_name(".films.fresh"))
    other_defaults(copied)
    prepare.main()
    assert len(Build(copied).corpus.documents) == 1201
    assert names.names() == ["films"]


def test_an_outdated_replacement_is_no_obstacle(copied, made):
    other_defaults(shutil.copytree(copied, copied.with_name(".films.fresh")))
    other_defaults(copied)
    prepare.main()
    assert names.names() == ["films"]


def test_a_replacement_left_without_its_original_does_not_stay(copied, made):
    copied.rename(copied.with_name(".films.fresh"))
    prepare.main()
    assert names.names() == ["films"]
