"""What comes next is what the shell says; what is too heavy or personal is not served."""

import shutil

import pytest

from engine.builds.opened import Build
from engine.recommending import asked, joined, kinds
from engine.serve import next_items, told
from engine.serve.held import Held


def test_a_list_after_a_history_is_the_engine_s(client, folder):
    build = Build(folder)
    ids = [build.documents[row].id for row in (3, 17, 40)]
    found = client.get("/recommend", params={"history": ",".join(ids[:2]), "k": 5, "less": ids[2]})
    value = told.RecommendTold.model_validate(found.json())
    expected = asked.recommended(
        kinds.Opened(build, 100), "content", asked.of_text(build, ",".join(ids[:2])), 5, False, asked.banned_for(build, [40])
    )
    assert (value.model, value.history) == ("content", ids[:2])
    assert [(hit.id, hit.score, hit.because) for hit in value.hits] == [
        (hit.id, pytest.approx(hit.score, abs=1e-6), hit.because) for hit in expected
    ]
    assert len(value.hits) == 5


@pytest.mark.parametrize(
    ("asked_for", "status", "said"),
    [
        ({}, 422, "history: field required"),
        ({"history": "nobody"}, 400, "has no item 'nobody'"),
        ({"history": ","}, 400, "a history needs an item"),
        ({"history": "x", "model": "ease"}, 400, "'ease' is not served; there are"),
        ({"history": "x", "model": "knn+content"}, 400, "is not served"),
        ({"history": "x", "model": "../run"}, 400, "is not served"),
    ],
)
def test_what_cannot_be_had_is_told(client, asked_for, status, said):
    found = client.get("/recommend", params=asked_for)
    assert (found.status_code, said in found.json()["error"]) == (status, True), found.text


def test_where_people_took_things_the_counting_model_answers_and_sees_what_is_joined_anew(small_build, tmp_path):
    place = shutil.copytree(small_build, tmp_path / "sixty")
    ids = [document.id for document in Build(place).documents]
    people = [" ".join([f"u{person}", *(ids[(person + step) % 60] for step in range(5))]) for person in range(40)]
    (tmp_path / "taken.txt").write_text("\n".join(people) + "\n")
    held = Held(place)
    before = next_items.recommended(held, ids[0], "", "", 3, 100, False)
    joined.join(Build(place), tmp_path / "taken.txt")
    after = next_items.recommended(held, ids[0], "", "", 3, 100, False)
    assert (before["model"], after["model"]) == ("content", "counting")
    expected = asked.recommended(kinds.Opened(Build(place), 100), "counting", asked.of_text(Build(place), ids[0]), 3)
    assert after["hits"] == [hit._asdict() for hit in expected]
    assert after["hits"][0]["because"]
