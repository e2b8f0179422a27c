"""Two visitors: what one adds or removes the other finds, or finds no more, at his next question."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.app.browser.driving import go, landed, serving, settled

pytestmark = pytest.mark.browser
TITLE, QUESTION = "Whalesong Lighthouse", "whalesong lighthouse keeper"


@pytest.fixture
def server(sixty_home, tmp_path):
    shutil.copytree(sixty_home / "builds", tmp_path / "builds")
    shutil.copytree(sixty_home / "cache", tmp_path / "cache")
    with serving(tmp_path, tmp_path / "server.log") as address:
        yield address


def finds(page, server):
    go(page, server, "compare", build="sixty", query=QUESTION)
    return page.get_by_test_id("stMain").get_by_text(TITLE).count() > 0


def test_add_search_remove_search_in_two_sessions(server, fresh):
    editor, reader = fresh(), fresh()
    assert not finds(reader, server)
    go(editor, server, "builds", build="sixty", one="sixty")
    editor.get_by_label("Id", exact=True).fill("whale")
    editor.get_by_label("Id", exact=True).press("Enter")
    settled(editor)
    editor.get_by_label("Title", exact=True).fill(TITLE)
    editor.get_by_label("Text", exact=True).fill("A lighthouse keeper learns the song of a whale.")
    editor.get_by_role("button", name="Add it").click()
    expect(editor.get_by_text("whale is added")).to_be_visible()
    assert finds(reader, server)
    assert finds(editor, server)
    go(editor, server, "builds", build="sixty", one="sixty")
    editor.get_by_role("radio", name="Remove", exact=True).click()
    settled(editor)
    editor.get_by_role("searchbox", name="Document to remove").fill("Whalesong")
    editor.get_by_role("combobox", name=re.compile(r"^1 found")).click()
    editor.get_by_role("option", name=re.compile(f"^{TITLE}")).click()
    editor.get_by_role("button", name="Remove it").click()
    expect(editor.get_by_text("whale is removed")).to_be_visible()
    landed(editor, "builds")
    assert not finds(reader, server)
    assert not finds(editor, server)
