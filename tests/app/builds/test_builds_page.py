"""The Builds page: all of them side by side, and what can be done with one."""

import shutil

import pytest

from app.builds import shelf
from app.common import jobs, resources
from engine import evaluation, workspace
from engine.builds import names
from engine.builds.aside import asides, bring_back, put_aside
from engine.builds.card import health
from engine.builds.listed import listed
from engine.builds.opened import Build
from engine.errors import TriescopeError
from tests.app.at import button, said, sound, table, visit


@pytest.fixture
def two(empty_home, sixty_home):
    (empty_home / "builds").mkdir()
    for name in ("sixty", "other"):
        shutil.copytree(sixty_home / "builds" / "sixty", empty_home / "builds" / name)
    return empty_home / "builds"


def test_without_a_build_it_leads_to_where_one_is_made(empty_home):
    at = visit("builds")
    assert "There is no build yet" in said(at)
    assert {"Your own catalogue", "The bundled films"} <= {link.proto.label for link in at.get("page_link")}


def test_they_stand_side_by_side_and_the_open_one_is_marked(two):
    rows = table(visit("builds", build="other"), "Build", "Decodes with")
    assert set(rows["Build"]) == {"sixty", "other"}
    assert rows[rows["Open"]]["Build"].tolist() == ["other"]
    assert (rows["MB"] > 0).all()


def test_their_health_is_judged_once_and_their_newest_figure_said_unless_its_split_is_private(two, monkeypatch):
    rows = table(visit("builds"), "Build", "Health")
    assert set(rows["Health"]) == {health(Build(two / "sixty")).verdict}
    assert not rows["nDCG@10"].any()
    monkeypatch.setattr(shelf, "health", None)  # what is known is not judged again
    build = Build(two / "sixty")
    of, asked = build.catalogue, {"dev": ["bm25", "generative"], "mine": ["bm25"]}
    found = {split: evaluation.evaluate(build, "dev", names, beams=2) for split, names in asked.items()}
    for split, one in found.items():
        workspace.evaluations.keep(of, "sixty", {"split": split}, one._replace(split=split).as_json() | one.by_query())
    means = {split: f"{one.values[asked[split][-1]]['nDCG@10'].mean():.3f}" for split, one in found.items()}
    told = table(visit("builds"), "Build", "nDCG@10").set_index("Build").loc["sixty", ["nDCG@10", "Of"]]
    assert told.tolist() == [means["mine"], "bm25, mine"]
    workspace.private.mark(of, "mine")
    told = table(visit("builds"), "Build", "nDCG@10").set_index("Build")
    assert told.loc["sixty", ["nDCG@10", "Of"]].tolist() == [means["dev"], "generative, dev"]
    assert not told.loc["other", "Of"]


def test_one_is_opened_renamed_and_deleted(two):
    at = visit("builds", build="other", one="sixty")
    at = sound(button(at, "Open it").click().run())
    assert at.query_params["build"] in ("sixty", ["sixty"])
    at.text_input("rename-sixty").set_value("new name").run()
    at = sound(button(at, "Call it new name").click().run())
    assert names.names() == ["new name", "other"]
    assert at.success[0].value == "sixty is called new name now\\."
    at = visit("builds", one="other")
    at = sound(button(at, "Delete other").click().run())
    assert names.names() == ["new name"]
    at = sound(button(at, "Bring it back").click().run())
    assert names.names() == ["new name", "other"]
    assert at.success[0].value == "other is back\\."


def test_what_was_deleted_comes_back_until_the_server_is_started_again(two):
    put_aside(two / "other")
    (two / ".half.removed").mkdir()  # of one that was killed while it cleared away
    assert asides(two) == ["other"]
    shutil.copytree(two / "sixty", two / "other")
    with pytest.raises(TriescopeError, match="there is another build 'other' now"):
        bring_back(two / "other")
    shutil.rmtree(two / "other")
    (two / ".other.removed" / "embeddings.npy").unlink()
    with pytest.raises(TriescopeError, match="the build is damaged"):
        bring_back(two / "other")
    resources.sweep.clear()
    sound(visit("builds", one="sixty"))
    assert asides(two) == []
    with pytest.raises(TriescopeError, match="it is gone for good"):
        bring_back(two / "other")


def test_a_name_that_cannot_be_is_said_before_it_is_pressed(two):
    at = visit("builds", one="sixty")
    at = at.text_input("rename-sixty").set_value("a/b").run()
    assert "its name holds a slash" in said(at)
    assert not any(one.label.startswith("Call it") for one in at.button)


def test_a_damaged_one_is_named_and_the_others_are_there(two):
    (two / "other" / "manifest.json").write_text("{}")
    at = visit("builds", build="sixty")
    assert "other is not listed" in at.warning[0].value
    assert table(at, "Build")["Build"].tolist() == ["sixty"]


def test_what_is_handed_on_can_be_taken_in(two):
    (row, *_) = listed()[0]
    content = shelf._packed(row.name)
    from engine.builds.packed import unpack

    file = two.parent / "x.zip"
    file.write_bytes(content)
    assert unpack(file, two, "third").is_dir()


def test_two_stand_side_by_side_with_what_is_kept_of_their_identifiers(two):
    at = visit("builds", one="sixty")
    kept = table(at, "Codes", "Same")
    assert (kept["Same"] == 1).all()
    assert "Documents in both: 60, changed 0; only in" in said(at)
    at = sound(button(at, "Ask both").click().run())
    figures = table(at, "Retriever", "B − A")
    assert "bm25" in set(figures["Retriever"])
    assert "judged alike in both" in said(at)


def test_one_is_made_anew_with_changes(two, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start_build", lambda *given: started.append(given))
    at = visit("builds", one="sixty")
    at.selectbox("anew-language-sixty").set_value("german")
    at.number_input("anew-seed-sixty").set_value(3)
    at = at.run()
    sound(button(at, "Build sixty-2").click().run())
    ((job, corpus, out, flags),) = started
    assert (job, corpus, out) == ("anew sixty", str(two / "sixty"), two / "sixty-2")
    assert flags == ["--ids", "rq-kmeans", "-o", "codes=4", "--seed", "3", "--language", "german"]
