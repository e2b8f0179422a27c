"""A server behind a password, in the browser: nothing before it, a person a browser, what another has running is busy; and one
that only shows explores and answers, and takes in, builds, trains, judges and deletes nothing."""

import re
import shutil
import subprocess

import pytest
from playwright.sync_api import expect

from app.common import guard, owner
from engine.jobs import record
from tests.app.browser.driving import PATIENCE_MS, TITLES, choose_page, serving, settled

pytestmark = pytest.mark.browser


@pytest.fixture
def guarded(tmp_path, monkeypatch):
    """A server with a password, over a home in which somebody else's job runs."""
    monkeypatch.setenv(guard.PASSWORD, "open sesame")
    home = tmp_path / "home"
    (home / "builds").mkdir(parents=True)
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as job:
        record.write(home / "builds", "catalogue secret", ["build", "x"], "secret", {}, "somebody", job.pid)
        with serving(home, tmp_path / "log") as address:
            yield address
        job.kill()


def cookie(page):
    return [one["value"] for one in page.context.cookies() if one["name"] == owner.COOKIE]


def test_each_browser_is_a_person_and_others_jobs_are_busy(fresh, guarded):
    page = fresh()
    page.goto(f"{guarded}/glossary")
    page.get_by_label("Password").first.fill("wrong")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_text("That is not the password.")).to_be_visible(timeout=PATIENCE_MS)
    assert cookie(page) == []
    page.get_by_label("Password").first.fill("open sesame")
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("button", name=re.compile("1 job at work")).click(timeout=PATIENCE_MS)
    expect(page.get_by_text("busy: somebody else's")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("secret")).to_have_count(0)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    (known,) = cookie(page)
    assert re.fullmatch("[0-9a-f]{32}", known)
    page.close()  # before its server goes


@pytest.fixture
def showing(tmp_path, monkeypatch, sixty_home):
    """A server that only shows, behind a password, and its home."""
    monkeypatch.setenv(guard.PASSWORD, "open sesame")
    monkeypatch.setenv(guard.READ_ONLY, "1")
    home = tmp_path / "home"
    shutil.copytree(sixty_home / "builds", home / "builds")
    shutil.copytree(sixty_home / "cache", home / "cache")
    with serving(home, tmp_path / "log") as address:
        yield address, home


def files(home):
    """What lies in a home; what it computes for itself is no change."""
    kept = (path for path in home.rglob("*") if path.is_file() and "cache" not in path.relative_to(home).parts)
    return {path: path.stat().st_mtime_ns for path in kept}


def test_a_server_that_only_shows_explores_and_answers_and_changes_nothing(showing, page):
    address, home = showing
    before = files(home)
    page.goto(f"{address}/compare?build=sixty&query=a+crew+answers+a+signal&doc=alien-1979&columns=bm25&columns=generative")
    page.get_by_label("Password").first.fill("open sesame")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLES["compare"])
    settled(page)
    expect(page.get_by_text("read only").first).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_text("Alien").first).to_be_visible()
    refused = [
        ("", re.compile("Highly relevant")),
        ("Catalogue", re.compile("Try it with forty films")),
        ("Builds", re.compile("Delete sixty")),
        ("Train", re.compile("Train .*node")),
    ]
    for name, press in refused:
        if name:
            choose_page(page, "Build", name)
            expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[name.lower()])
        if name == "Builds":
            settled(page).get_by_role("button", name="Delete", exact=False).first.click()
        settled(page).get_by_role("button", name=press).first.click()
        expect(page.get_by_text(guard.SHOWS).first).to_be_visible()
        expect(page.get_by_text(guard.SHOWS)).to_have_count(0)  # gone again before the next is pressed
    assert files(home) == before
    page.close()
