"""The site has a page for every room and every file in it, and asks nobody for anything."""

import re
import runpy
import subprocess
import sys

import pytest

from engine.paths import ROOT

PAGES = runpy.run_path(str(ROOT / "docs" / "site_pages.py"))
MARKDOWN = runpy.run_path(str(ROOT / "docs" / "site_docstrings.py"))["markdown"]


def test_every_room_has_a_page_with_all_of_its_files():
    rooms = PAGES["rooms"]()
    files = {path for path in (ROOT / "engine").rglob("*.py") if path.parent != ROOT / "engine" or not path.name.startswith("__")}
    told = {name for room in rooms for name, _ in PAGES["modules"](room)}
    assert told == {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files}
    page = PAGES["room_page"]("serve", rooms["serve"])
    assert page.startswith("# serve\n\nBuilds that answer over HTTP")
    assert "::: engine.serve.batches\n" in page


def test_examples_of_docstrings_become_code_and_references_names():
    assert MARKDOWN("See :func:`~engine.open`.\n\n>>> 1 + 1\n2\n\nMore.") == (
        "See `engine.open`.\n\n```python\n>>> 1 + 1\n2\n```\n\nMore."
    )


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_fetches_nothing(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for page in tmp_path.rglob("*.html"):
        text = page.read_text("utf-8")
        assert not re.search(r"<(?:script|img|iframe)[^>]*\ssrc=\"(?:https?:)?//", text), page
        assert not re.search(r"<link[^>]*\shref=\"(?:https?:)?//", text), page
    assert "turned away" in (tmp_path / "rooms" / "serve" / "index.html").read_text("utf-8")
