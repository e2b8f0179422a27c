"""Documents of a build on the page Builds: added in a form, by a file, removed, folded in; seen by every session."""

import shutil

import pytest

from app.builds.changing import typed
from app.common import guard, jobs, resources
from engine.builds import living
from engine.builds.opened import Build
from tests.app.at import button, said, sound, visit


@pytest.fixture
def sixty(empty_home, sixty_home):
    (empty_home / "builds").mkdir()
    return shutil.copytree(sixty_home / "builds" / "sixty", empty_home / "builds" / "sixty")


def fill(at, identifier, title):
    at.text_input("change-id").set_value(identifier)
    at = at.run()
    next(box for box in at.text_input if box.label == "Title").set_value(title)
    return sound(next(one for one in at.button if one.label in ("Add it", "Change it")).click().run())


def test_one_is_added_changed_found_by_another_session_and_removed(sixty):
    other = visit("compare", build="sixty", query="glass dragon opera")
    assert "Glass dragon" not in said(other)
    at = fill(visit("builds", one="sixty"), "new", "Glass dragon of the opera")
    assert at.success[0].value.startswith("new is added")
    assert Build(sixty).documents[-1][:2] == ("new", "Glass dragon of the opera")
    assert "Glass dragon of the opera" in said(other.run())
    at = fill(at, "new", "A whale of glass")
    assert at.success[0].value.startswith("new is changed")
    assert len(Build(sixty).documents) == 61
    at.session_state["change-way"] = "Remove"
    at.session_state["change-gone"] = "new"
    at = sound(button(at.run(), "Remove it").click().run())
    assert at.success[0].value.startswith("new is removed")
    assert "A whale of glass" not in said(other.run())


def test_nothing_is_changed_where_the_server_only_shows(sixty, monkeypatch):
    monkeypatch.setenv(guard.READ_ONLY, "1")
    at = fill(visit("builds", one="sixty"), "new", "Glass")
    assert guard.SHOWS in [toast.value for toast in at.toast]
    at.session_state["change-way"] = "Remove"
    at.session_state["change-gone"] = Build(sixty).documents[0].id
    sound(button(at.run(), "Remove it").click().run())
    assert len(Build(sixty).documents) == 60


def test_what_lacks_an_id_or_words_is_said(sixty):
    at = visit("builds", one="sixty")
    at = sound(button(at, "Add it").click().run())
    assert at.error[0].value == "It needs an id, and a title or a text."


def test_changes_are_counted_and_folded_in_by_a_job(sixty, monkeypatch):
    living.remove(sixty, [Build(sixty).documents[3].id])
    at = visit("builds", one="sixty")
    assert "0 documents came or changed, and 1 went" in said(at)
    started = []
    monkeypatch.setattr(jobs, "start_command", lambda *given, **more: started.append(given[:2]))
    sound(button(at, "Fold them in").click().run())
    assert started == [("documents of sixty", ["compact", str(sixty)])]


def test_a_build_is_opened_again_only_when_something_changed(sixty):
    first = resources.opened("sixty")
    assert resources.opened("sixty") is first
    living.remove(sixty, [first.documents[0].id])
    second = resources.opened("sixty")
    assert (len(second.documents), second.base) == (59, first)
    assert resources.opened("sixty") is second


@pytest.mark.parametrize(
    ("value", "kind", "before", "wanted"),
    [
        ("2.5", float, None, 2.5),
        ("7", int, None, 7),
        ("soon", int, None, "soon"),
        (" a , b,", list, None, ["a", "b"]),
        ("x", None, None, "x"),
        ("8", str, 3, 8),
        (None, str, None, None),
    ],
)
def test_what_is_typed_becomes_what_the_column_holds(value, kind, before, wanted):
    assert typed(value, kind, before) == wanted
