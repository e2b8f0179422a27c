"""Judging on Compare: one press a grade, marked on the cards, there after a restart, in files that evaluations read."""

import pytest

from app.common import state
from engine import workspace
from engine.builds.opened import Build
from engine.workspace import store
from tests.app.at import sound, visit

ASKED = {"build": "sixty", "query": "a road into the mountains", "columns": "bm25"}


@pytest.fixture
def sixty(empty_home, sixty_home) -> Build:
    """The app finds the sixty films in a home of its own, whose workspace is empty."""
    (empty_home / "builds").mkdir()
    (empty_home / "builds" / "sixty").symlink_to(sixty_home / "builds" / "sixty")
    return Build(empty_home / "builds" / "sixty")


def marks(at) -> int:
    return sum(":material/check_circle:" in element.value for element in at.markdown)


def test_a_press_keeps_the_grade_marks_the_hit_and_can_be_taken_back(sixty):
    first = sixty.search(ASKED["query"], "bm25")[0][0].id
    at = visit("compare", **ASKED, doc=first)
    assert [at.button(f"grade-{grade}").label for grade in range(3)] == ["Not relevant", "Relevant", "Highly relevant"]
    assert not store.place().exists()  # looking makes no file
    at = sound(at.button("grade-2").click().run())
    assert workspace.of_query(sixty.manifest.corpus.sha256, ASKED["query"]) == {first: 2}
    assert marks(at) == 1
    again = visit("compare", **ASKED, doc=first)  # another tab, another day
    assert marks(again) == 1
    assert "Judgements, JSON" in {button.proto.label for button in again.get("download_button")}
    at = sound(again.button("grade-none").click().run())
    assert workspace.judged(sixty.manifest.corpus.sha256).qrels == {}
    assert marks(at) == 0


def test_a_judgement_made_here_goes_before_that_of_the_catalogue(sixty):
    judged = sixty.corpus.qrels["dev"]
    query, (document, grade) = next((query, next(iter(grades.items()))) for query, grades in judged.items())
    asked = ASKED | {"query": sixty.corpus.queries[query]}
    assert grade == 2
    at = visit("compare", **asked, doc=document)
    before = marks(at)
    assert before >= 1
    assert marks(sound(at.button("grade-0").click().run())) == before - 1


def test_a_workspace_that_cannot_be_read_is_said_and_the_page_goes_on(sixty):
    store.place().write_bytes(b"no database")
    at = visit("compare", **ASKED)
    assert "not a workspace" in at.error[0].value
    assert at.text_input(state.QUERY).value == ASKED["query"]
    assert store.place().read_bytes() == b"no database"
