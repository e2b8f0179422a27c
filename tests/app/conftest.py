"""What the tests of the app share: the bundled catalogue built once a run, and an empty home for every test."""

import json
import shutil
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from streamlit.components.v2 import manifest_scanner

from app.common import jobs, ready
from engine.builds import map as stored_map
from engine.builds import runs
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.studies import schemes as study
from engine.training.spec import TrainSpec
from engine.training.train import train
from tests import taken
from tests.app.browser.driving import CHROMIUMS, PATIENCE_MS, USUAL, Opener, serving, watch
from tests.homes import link_cache, shared_home
from tests.maps import thrown_down

# AppTest looks through all installed packages for components before each run of a page: most of what a run would take.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)

STUDIED = ("rq-kmeans", "hierarchical-kmeans", "category", "random", "url")
WATCHED = "old couple visit their busy grown-up children in the city"
HTML = "<script>alert(1)</script> :red[no] **bold**"
# Text of a document that would become an image, a link or a script if a page took it for Markdown or HTML.
HOSTILE = "![x](http://192.0.2.1/a.png) <img src=http://192.0.2.1/b.png> <script>alert(1)</script> [y](http://192.0.2.1/c)"


def change_run(folder, name: str, **changes) -> None:
    path = runs.folder_of(folder, name) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


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
def empty_home(tmp_path, monkeypatch) -> Iterator[Path]:
    """No test reads or writes the user's own home."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("TRIESCOPE_HOME", str(home))
    yield home
    # What a page opens in the background goes to the home of the moment: of this test, not of the next one.
    for thread in threading.enumerate():
        if thread.name == ready.THREAD:
            thread.join(60)


@pytest.fixture(autouse=True)
def no_job_stays() -> Iterator[None]:
    """Nothing that a test started outlives it."""
    yield
    jobs.registry().forget()


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


@pytest.fixture
def studied(studied_home, empty_home, monkeypatch) -> Build:
    """The app finds the films with their study; look, do not touch."""
    monkeypatch.setenv("TRIESCOPE_HOME", str(studied_home))
    return Build(studied_home / "builds" / "films")


@pytest.fixture(scope="session")
def studied_home(tmp_path_factory, films_home) -> Path:
    """A home that holds the films, a study of five schemes, and a map that is thrown down at random: no UMAP."""
    with shared_home(tmp_path_factory, "studied-home") as home:
        (home / "builds").mkdir(exist_ok=True)
        if not (home / "builds" / "films").exists():
            (home / "builds" / "films").symlink_to(films_home / "builds" / "films")
        link_cache(films_home, home)
        opened = Build(home / "builds" / "films")
        if study.read(opened) is None:
            study.run(opened, STUDIED)
            documents = len(opened.corpus.documents)
            stored_map.write(thrown_down(documents), stored_map.map_folder(opened))
    return home


@pytest.fixture(scope="session")
def two_home(tmp_path_factory, sixty_home, small_corpus) -> Path:
    """A home that holds sixty films and, as ``fewer``, forty of them with other identifiers; look, do not touch."""
    with shared_home(tmp_path_factory, "two-home") as home:
        if not (home / "builds" / "sixty").exists():
            link_cache(sixty_home, home)
            (home / "builds").mkdir(exist_ok=True)
            (home / "builds" / "sixty").symlink_to(sixty_home / "builds" / "sixty")
            forty = small_corpus._replace(name="fewer", documents=small_corpus.documents[:40])
            make(forty, BuildSpec(scheme="hierarchical-kmeans", settings={"branching": 4, "leaf": 3}), home / "builds" / "fewer")
    return home


@pytest.fixture
def two(two_home, empty_home, monkeypatch) -> tuple[Build, Build]:
    """The app finds both: A is ``sixty``, B is ``fewer``."""
    monkeypatch.setenv("TRIESCOPE_HOME", str(two_home))
    return Build(two_home / "builds" / "sixty"), Build(two_home / "builds" / "fewer")


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory, sixty_home) -> Path:
    """A home that holds sixty films with two trained scorers, a few steps each; copy it before changing it."""
    with shared_home(tmp_path_factory, "trained-home") as home:
        if not (home / "builds" / "sixty").exists():
            (home / "builds").mkdir(exist_ok=True)
            made = shutil.copytree(sixty_home / "builds" / "sixty", home / "sixty", dirs_exist_ok=True)
            for name, softmax in (("node", "level"), ("slow", "siblings")):
                settings = {"softmax": softmax}
                train(made, TrainSpec(steps=20, evaluate_every=5, batch=16, beams=5, settings=settings, watch=(WATCHED,)), name)
            made.rename(home / "builds" / "sixty")
    return home


@pytest.fixture
def with_trained(empty_home, trained_home) -> Path:
    """The build of sixty films with its two trained scorers, the test's own to change."""
    link_cache(trained_home, empty_home)
    return shutil.copytree(trained_home / "builds" / "sixty", empty_home / "builds" / "sixty")


@pytest.fixture
def untrained(with_trained):
    for name in ("node", "slow"):
        runs.remove(with_trained, name)
    return with_trained


@pytest.fixture(scope="session")
def server(studied_home, trained_home, hostile_build, tmp_path_factory) -> Iterator[str]:
    """Serves the films with their study and map, sixty films with two trained scorers, and the hostile catalogue."""
    home = tmp_path_factory.mktemp("served")
    (home / "builds").mkdir()
    for name in (".studies", ".maps"):
        (home / "builds" / name).symlink_to(studied_home / "builds" / name)
    # A copy: whatever a browser does to them stays here, and not in the home that all tests share.
    shutil.copytree(studied_home / "builds" / "films", home / "builds" / "films")
    (home / "builds" / "hostile").symlink_to(hostile_build)
    shutil.copytree(trained_home / "builds" / "sixty", home / "builds" / "sixty")  # tests train more
    taken.join(home / "builds" / "sixty", home / "sequences.txt")
    with serving(home, home / "server.log") as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = next((path for path in CHROMIUMS if path.exists()), None)
    assert chromium, "install Debian's chromium-headless-shell or chromium with apt-get; .ci/run does"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium), args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def fresh(browser) -> Iterator[Opener]:
    """Opens a page in a context of its own, as another visitor would, and watches it."""
    faults: list[str] = []
    contexts = []

    def opener(**options) -> Page:
        context = browser.new_context(**(USUAL | options))
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        watch(page, faults)
        return page

    expect.set_options(timeout=PATIENCE_MS)
    yield opener
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(fresh) -> Page:
    return fresh()
