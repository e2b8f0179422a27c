"""The table of a study leads from a row to the form, and what could not run stands below it with its reason."""

import pytest

from app.identifiers import scheme_form, study_table
from tests.app.at import said, sound, table, visit


@pytest.fixture
def at(studied_home, empty_home, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(studied_home))
    return visit("identifiers")


def test_a_chosen_row_fills_the_form(at):
    shown = table(at, "Scheme", "Health")
    row = list(shown["Scheme"]).index("random")
    at.session_state[study_table.KEY] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    at = sound(at.run())
    at = sound(next(button for button in at.button if button.key == "build-row").click().run())
    assert at.selectbox(scheme_form.SCHEME).value == "random"


def test_what_could_not_run_is_a_sentence_and_no_row_and_the_open_builds_scheme_is_marked(at):
    shown = table(at, "Scheme", "Health")
    assert "url" not in list(shown["Scheme"])
    assert "Could not run here: url (the corpus has no URL" in said(at).replace("\\", "")
    notes = dict(zip(shown["Scheme"], shown["Note"], strict=True))
    assert notes["rq-kmeans"] == "of the open build"
    assert all("open build" not in note for name, note in notes.items() if name != "rq-kmeans")
