"""Showing the app to others: nothing before the password, and nothing changed on a server that only shows."""

import ast

import pytest

from app.common import guard, jobs
from engine.builds import names
from engine.data import staged
from engine.paths import ROOT
from tests.app.at import button, said, sound, visit

# What changes something on this machine, as the app calls it.
CHANGING = {
    "staged.stage",
    "staged.remove",
    "runs.choose",
    "runs.remove",
    "workspace.judge",
    "workspace.runs.keep",
    "workspace.query_sets.keep",
    "workspace.evaluations.remove",
    "kept.remove",
    "job.cancel",
    "shutil.rmtree",
    "unpack",
    "rename",
    "remove",
    "registry().start",
    "living.add",
    "living.remove",
    "put_aside",
    "bring_back",
    "throw_away",
    "throw_all_away",
}
# Reached by nobody who visits: how a server is made ready, and a folder that is the process's own.
ELSEWHERE = {"app/prepare.py"}


def changing(path):
    """Places where something is changed outside a guarded function: the name that is called or handed on, and its line."""
    tree, found = ast.parse(path.read_text("utf-8")), []

    def walk(node, guarded):
        for child in ast.iter_child_nodes(node):
            inside = guarded
            if isinstance(child, ast.FunctionDef):
                inside = guarded or any(ast.unparse(one) == "guard.changes" for one in child.decorator_list)
                # One that asks for itself, and goes no further.
                inside = inside or "guard.read_only()" in ast.unparse(child)
            if isinstance(child, ast.Call):
                inside = inside or ast.unparse(child.func) == "guard.changes"
                if not inside and ast.unparse(child.func) in CHANGING:
                    found.append((ast.unparse(child.func), child.lineno))
                handed = [word.value for word in child.keywords if word.arg == "on_click"]
                found.extend((ast.unparse(one), child.lineno) for one in handed if not inside and ast.unparse(one) in CHANGING)
            walk(child, inside)

    walk(tree, False)
    return found


def test_whatever_changes_something_is_guarded():
    files = [path for folder in ("app", "pages") for path in sorted((ROOT / folder).rglob("*.py"))]
    loose = {path.relative_to(ROOT).as_posix(): changing(path) for path in files}
    assert {name: places for name, places in loose.items() if places and name not in ELSEWHERE} == {}


@pytest.mark.parametrize(
    ("written", "loose"),
    [
        ("def f():\n    staged.remove(1)\n", [("staged.remove", 2)]),
        ("@guard.changes\ndef f():\n    staged.remove(1)\n", []),
        ("st.button('x', on_click=job.cancel)\n", [("job.cancel", 1)]),
        ("st.button('x', on_click=guard.changes(job.cancel))\n", []),
    ],
)
def test_the_look_sees_what_is_not_guarded(tmp_path, written, loose):
    path = tmp_path / "page.py"
    path.write_text(written)
    assert changing(path) == loose


class TestReadOnly:
    @pytest.fixture(autouse=True)
    def set_up(self, monkeypatch):
        monkeypatch.setenv(guard.READ_ONLY, "1")

    def test_nothing_is_built_trained_handed_over_or_deleted(self, untrained):
        at = visit("train")
        assert guard.SHOWS in [toast.value for toast in sound(button(at, "Train node").click().run()).toast]
        assert not jobs.registry().all()
        at = visit("builds", one="sixty")
        sound(button(at, "Delete sixty").click().run())
        assert names.names() == ["sixty"]
        at = visit("catalogue")
        sound(button(at, "Try it with forty films").click().run())
        assert staged.everything() == []

    def test_a_query_is_answered_and_judging_it_keeps_nothing(self, with_trained):
        at = visit("compare", query="an old couple visits", doc=visit_first(with_trained))
        grades = [one for one in at.button if one.key and one.key.startswith("grade-")]
        for one in grades[:1]:
            sound(one.click().run())
        from engine import workspace
        from engine.builds.opened import Build

        assert not workspace.judged(Build(with_trained).manifest.corpus.sha256).qrels


def visit_first(folder):
    from engine.builds.opened import Build

    return Build(folder).documents[0].id


class TestPassword:
    def test_nothing_is_shown_before_it_and_everything_after(self, with_films, monkeypatch):
        monkeypatch.setenv(guard.PASSWORD, "open sesame")
        monkeypatch.setattr(guard, "WRONG_S", 0.0)
        at = visit("decode", query="robots")
        assert [box.label for box in at.text_input] == ["Password"]
        assert not at.selectbox
        at.text_input[0].set_value("wrong")
        at = sound(button(at, "Enter").click().run())
        assert at.error[0].value == "That is not the password."
        assert not at.selectbox
        at.text_input[0].set_value("open sesame")
        at = sound(button(at, "Enter").click().run())
        assert at.selectbox

    def test_without_one_nobody_is_asked(self, with_films):
        assert "Password" not in [box.label for box in visit("glossary").text_input]


def test_a_visit_that_only_shows_says_so(with_films, monkeypatch):
    monkeypatch.setenv(guard.READ_ONLY, "yes")
    assert "read only" in said(visit("glossary"))
    monkeypatch.setenv(guard.READ_ONLY, "0")
    assert "read only" not in said(visit("glossary"))
