"""Identifiers: the report card of the open build, remedies to press, and the form that builds with other identifiers."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from app.common import jobs, resources
from engine import identifiers
from engine.builds import names
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.health.card import Change
from engine.identifiers import SCHEMES
from engine.jobs.process import Told
from tests.app.at import button, labels, sound, visit, wait_for
from tests.homes import link_cache, shared_home

PATIENCE_S = 90


@pytest.fixture(scope="session")
def crowded_home(tmp_path_factory, small_corpus):
    """Sixty films under two identifiers: nothing about them is healthy."""
    with shared_home(tmp_path_factory, "crowded-home") as home:
        make(small_corpus, BuildSpec(settings={"levels": 1, "codes": 2}, resolver="leave"), home / "builds" / "sixty")
    return home


@pytest.fixture
def crowded(empty_home, crowded_home):
    link_cache(crowded_home, empty_home)
    return shutil.copytree(crowded_home / "builds" / "sixty", empty_home / "builds" / "sixty")


def fields(at: AppTest) -> dict[str, object]:
    """Values of the fields of options, by option."""
    drawn = [*at.number_input, *at.text_input, *at.selectbox]
    return {field.label: field.value for field in drawn if field.key and "-" in field.key}


def ended(name: str) -> Told:
    return wait_for(lambda: (told := jobs.registry().get(name).told()).state != "running" and told, "the end of the job")


def test_the_report_card_of_the_open_build_says_rules_and_remedies(crowded):
    at = visit("identifiers")
    assert any("Report card of rq-kmeans 2: broken" in expander.label for expander in at.expander)
    figures = next(frame.value for frame in at.dataframe if "Rule" in frame.value.columns)
    assert figures.set_index("Figure").loc["unique rate", "Verdict"] == "broken"
    assert any("resolve collisions with an extra code" in told.value for told in at.markdown)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_option_of_a_scheme_is_a_field(crowded, scheme):
    at = visit("identifiers", ids=scheme)
    assert {option.name.replace("_", " ") for option in SCHEMES[scheme].options} <= fields(at).keys()
    assert at.selectbox(f"resolver-{scheme}-0").options == list(SCHEMES[scheme].resolvers)
    assert f"Build sixty-{scheme}" in labels(at)


def test_a_remedy_fills_the_form_and_builds_nothing(crowded):
    at = visit("identifiers")
    card = [one for one in at.button if one.label == "Try it"]
    at = sound(card[0].click().run())
    assert at.selectbox("resolver-rq-kmeans-1").value == "extra-code"
    assert (fields(at)["levels"], fields(at)["codes"]) == (1, 2)
    assert names.names() == ["sixty"]
    again = sound([one for one in at.button if one.label == "Try it"][-1].click().run())
    assert fields(again)["levels"] == 2


def test_what_was_typed_last_is_built_where_the_button_is_pressed_straight_away(crowded, monkeypatch):
    seen = []
    monkeypatch.setattr(jobs, "start_again", lambda *given: seen.append(given))
    at = visit("identifiers", ids="pq")
    at.number_input("pq-0-levels").set_value(2)
    at.text_input("scheme-build-name").set_value("mine")
    sound(at.button("build-again").click().run())
    assert seen == [("again-sixty", crowded, "mine", Change(scheme="pq", settings={"levels": 2}, resolver="extra-code"), 0)]


def test_a_build_is_made_watched_and_opened(crowded):
    at = visit("identifiers", ids="pq")
    at.number_input("pq-0-levels").set_value(2)
    at.number_input("pq-0-codes").set_value(8)
    at.selectbox("resolver-pq-0").select("leave")
    at = sound(button(sound(at.run()), "Build sixty-pq").click().run())
    assert "Cancel" in labels(at)
    assert "Build sixty-pq" not in labels(at)
    assert ended("again-sixty").state == "done"
    # AppTest does not run a fragment again by itself; a person's browser does.
    at = sound(at.run())
    at = sound(at.run()) if "Open sixty-pq" not in labels(at) else at
    at = sound(button(at, "Open sixty-pq").click().run())
    assert at.selectbox("build").value == "sixty-pq"
    opened = Build(crowded.parent / "sixty-pq")
    assert opened.manifest.spec.settings == {"levels": 2, "codes": 8}
    assert opened.codes.shape == (60, 2)
    assert identifiers.load(opened.folder / "identifiers.npz").vocabulary == (8, 8)
    assert "Build sixty-pq-2" in labels(at)


def test_cancelling_leaves_nothing(crowded):
    jobs.start_build("again-sixty", str(crowded), crowded.with_name("sixty-opq"), ["--ids", "opq"])
    job = jobs.registry().get("again-sixty")
    job.cancel()
    assert job.told().state == "cancelled"
    assert names.names() == ["sixty"]
    assert not list(crowded.parent.glob(".sixty-opq*"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../../etc", "begins with a dot"),
        ("a/b", "a slash"),
        ("a\\b", "a slash"),
        ("x" * 30 + "\u202e", "cannot"),
        ("sixty", "There is"),
    ],
)
def test_a_name_that_cannot_be_used_is_said_and_nothing_can_be_started(crowded, name, told):
    at = visit("identifiers")
    at = sound(at.text_input("scheme-build-name").set_value(name).run())
    assert told in at.error[0].value
    assert not [one for one in at.button if one.label.startswith("Build ")]


def test_a_scheme_that_does_not_fit_the_catalogue_says_so(crowded):
    at = sound(button(visit("identifiers", ids="url"), "Build sixty-url").click().run())
    assert ended("again-sixty").state == "failed"
    at = sound(at.run())
    at = sound(at.run()) if not at.error else at
    assert "no URL or path column" in at.error[0].value
    assert names.names() == ["sixty"]


def test_what_is_asked_becomes_flags_of_the_shell(crowded, monkeypatch):
    seen = []
    monkeypatch.setattr(jobs, "start_command", lambda *given: seen.append(given))
    jobs.start_again("again-sixty", crowded, "new", Change(scheme="opq", settings={"levels": 2}, resolver="leave"), 7)
    flags = ["--ids", "opq", "-o", "levels=2", "--resolver", "leave", "--seed", "7"]
    ((name, arguments, _, label),) = seen
    assert (name, arguments, label) == (
        "again-sixty",
        ["build", str(crowded), "--out", str(crowded.with_name("new")), *flags],
        "new",
    )


def test_a_build_is_deleted_by_a_second_press_and_nothing_else_is(crowded):
    shutil.copytree(crowded, crowded.with_name("other"))
    at = visit("start", build="sixty")
    sound(button(at, "Delete sixty").click().run())
    assert names.names() == ["other"]
    assert sorted(path.name for path in crowded.parent.iterdir()) == [".sixty.removed", "other"]


def test_nothing_is_deleted_while_a_job_is_at_work(crowded, monkeypatch):
    monkeypatch.setattr(jobs, "at_work", lambda: True)
    assert button(visit("start"), "Delete sixty").disabled


def test_of_a_linked_build_only_the_link_is_deleted(crowded, tmp_path):
    elsewhere = crowded.rename(tmp_path / "elsewhere")
    crowded.symlink_to(elsewhere)
    resources.delete("sixty")
    assert not crowded.exists()
    assert Build(elsewhere).codes.shape == (60, 1)


@pytest.mark.parametrize("name", ["../elsewhere", "", ".", "nosuch"])
def test_a_name_that_is_no_build_deletes_nothing(crowded, name):
    resources.delete(name)
    assert names.names() == ["sixty"]
