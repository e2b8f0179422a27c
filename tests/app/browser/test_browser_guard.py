"""A server behind a password, in the browser: nothing before it, a person a browser, and what another has running is busy."""

import re
import subprocess

import pytest
from playwright.sync_api import expect

from app.common import guard, owner
from engine.jobs import record
from tests.app.browser.driving import PATIENCE_MS, serving

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
