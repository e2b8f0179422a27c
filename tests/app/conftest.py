"""What the tests of the app share: the bundled catalogue built once a run, and an empty home for every test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from app import prepare
from engine.build import make
from engine.corpus import Corpus, Document
from engine.spec import BuildSpec
from engine.store import Build

# Text of a document that would become an image, a link or a script if a page took it for Markdown or HTML.
HOSTILE = "![x](http://192.0.2.1/a.png) <img src=http://192.0.2.1/b.png> <script>alert(1)</script> [y](http://192.0.2.1/c)"


@contextmanager
def shared_home(tmp_path_factory, name: str) -> Iterator[Path]:
    """A TRIESCOPE_HOME that all workers of the run share; the first that comes fills it, the others wait.

    ``TRIESCOPE_TEST_HOME`` names a home whose cache of embeddings is used, so that a build takes seconds.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    shared.mkdir(exist_ok=True)
    with FileLock(f"{shared}.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(shared))
        if known := os.environ.get("TRIESCOPE_TEST_HOME"):
            link_cache(Path(known), shared)
        yield shared


@pytest.fixture(scope="session")
def films_home(tmp_path_factory) -> Path:
    """A home that holds the films."""
    with shared_home(tmp_path_factory, "films-home") as shared:
        prepare.main()
    return shared


@pytest.fixture(scope="session")
def hostile_build(tmp_path_factory) -> Path:
    """Twelve documents whose ids and titles are markup."""
    documents = [Document(f"{number} {HOSTILE}", f"{HOSTILE} {number}", f"dreams {HOSTILE}", {}) for number in range(12)]
    with shared_home(tmp_path_factory, "hostile-home") as shared:
        return make(Corpus("hostile", documents, {}, {}, []), BuildSpec(settings={"codes": 4}), shared / "hostile")


@pytest.fixture(scope="session")
def films(films_home) -> Build:
    return Build(films_home / "builds" / "films")


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch) -> Path:
    """No test reads or writes the user's own home."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("TRIESCOPE_HOME", str(home))
    return home


@pytest.fixture
def with_films(empty_home, films_home, monkeypatch) -> Path:
    """The app finds the films; look, do not touch."""
    monkeypatch.setenv("TRIESCOPE_HOME", str(films_home))
    return films_home


@pytest.fixture
def warm_home(empty_home, films_home) -> Path:
    """A home without builds in which the embeddings of the films are known already."""
    link_cache(films_home, empty_home)
    return empty_home


def link_cache(known: Path, home: Path) -> None:
    (known / "cache").mkdir(parents=True, exist_ok=True)
    if not (home / "cache").exists():
        (home / "cache").symlink_to((known / "cache").resolve())
