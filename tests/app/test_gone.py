"""A build that is removed, or loses its files, while the app has it open: a line on the page, and no traceback."""

import shutil
from pathlib import Path

import pytest

from engine.builds.make import remove
from engine.builds.opened import Build
from tests.app.at import visit

STORED = Path(__file__).parents[1] / "engine" / "builds" / "format_2" / "thirteen"
PAGES = ("start", "decode", "trie", "map", "compare", "identifiers", "codebooks", "train")


@pytest.fixture
def thirteen(empty_home):
    folder = shutil.copytree(STORED, empty_home / "builds" / "thirteen")
    Build(folder)  # of format 3 from now on
    visit("glossary", build="thirteen")  # opened, and nothing of it read but the manifest
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_gone_when_a_page_first_asks_for_them_are_a_line(thirteen, page):
    for path in thirteen.rglob("*"):
        if path.is_file() and path.name != "manifest.json":
            path.unlink()
    at = visit(page, build="thirteen", query="a king", doc="tootsie-1982", k="5")
    assert [error.value for error in at.error] != []
    assert all("\n" not in error.value for error in at.error)


@pytest.mark.parametrize("page", PAGES)
def test_a_build_that_is_gone_is_said(thirteen, page):
    remove(thirteen)
    at = visit(page, build="thirteen", query="a king")
    told = [element.value for kind in (at.info, at.caption, at.subheader, at.warning) for element in kind]
    assert any("No build yet" in one or "There is no build yet" in one for one in told)
