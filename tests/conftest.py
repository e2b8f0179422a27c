"""What every test may use: a home of its own on disk, and one small real build, made once a run."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# One worker a core: threads that wait for each other's core would take most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from engine import paths
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, read
from tests.homes import known_home, link_cache, shared_home

# The same examples on every machine: a red suite can be made red again.
settings.register_profile("triescope", max_examples=50, deadline=None, derandomize=True, database=None)
settings.load_profile("triescope")

FILMS = 60


@pytest.fixture(scope="session")
def films_home(tmp_path_factory) -> Path:
    """A home that holds the films and nothing of what came with them, for all workers; look, do not touch."""
    from app import prepare

    with shared_home(tmp_path_factory, "films-home") as shared:
        prepare.build()
    return shared


@pytest.fixture(scope="session")
def sixty_home(tmp_path_factory, small_corpus) -> Path:
    """A home that holds the small corpus's build, for all workers; look, do not touch."""
    with shared_home(tmp_path_factory, "sixty-home") as shared:
        make(small_corpus, BuildSpec(settings={"codes": 4}), shared / "builds" / "sixty")
    return shared


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """A TRIESCOPE_HOME that no other worker uses; texts that another has embedded need no encoder."""
    home = tmp_path_factory.mktemp("home")
    link_cache(known_home(tmp_path_factory), home)
    return home


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory) -> Path:
    """A BEIR folder of 60 films; every fifth is asked for by its first words, in split dev or test."""
    folder = tmp_path_factory.mktemp("corpus") / "sixty"
    (folder / "qrels").mkdir(parents=True)
    lines = (paths.bundled() / "films" / "corpus.jsonl").read_text("utf-8").splitlines()[::20][:FILMS]
    (folder / "corpus.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    asked = [json.loads(line) for line in lines[::5]]
    queries = [{"_id": f"q{place}", "text": " ".join(film["text"].split()[:8])} for place, film in enumerate(asked)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries), "utf-8")
    for split, places in (("dev", range(0, len(asked), 2)), ("test", range(1, len(asked), 2))):
        rows = "".join(f"q{place}\t{asked[place]['_id']}\t2\n" for place in places)
        (folder / "qrels" / f"{split}.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows, "utf-8")
    return folder


@pytest.fixture(scope="session")
def small_corpus(small_folder) -> Corpus:
    return read(small_folder)


@pytest.fixture(scope="session")
def small_build(sixty_home, home) -> Iterator[Path]:
    """Folder of the small corpus's build; copy it before changing it."""
    folder = shutil.copytree(sixty_home / "builds" / "sixty", home / "builds" / "sixty")
    made = sorted(folder.rglob("*"))
    yield folder
    assert sorted(folder.rglob("*")) == made, "a test left something in the shared build; it should copy it first"


@pytest.fixture(scope="session")
def opened(small_build) -> Build:
    return Build(small_build)
