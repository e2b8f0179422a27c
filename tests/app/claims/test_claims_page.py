"""The page Claims: what came along, one claim by its address, that nothing is there, and the press that makes one anew."""

import pytest

from app.common import jobs
from engine.builds.opened import Build
from engine.claims import CLAIMS, kept, measure
from tests.app.at import button, infos, labels, said, table, visit

KEY = "nearby-prefixes"


@pytest.fixture
def alone(with_films, tmp_path, monkeypatch):
    """The films, and nothing known of any claim."""
    monkeypatch.setattr(kept, "folder", lambda build: tmp_path / "kept")
    monkeypatch.setattr(kept, "shipped_folder", lambda: tmp_path / "came")
    return Build(with_films / "builds" / "films")


def test_where_nothing_was_made_it_says_so_and_offers_to(alone, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start_command", lambda name, arguments, *rest: started.append((name, arguments)))
    at = visit("claims", claim="tree-index")
    assert table(at, "No.", "Verdict")["Verdict"].unique().tolist() == ["not made anew yet"]
    assert "Nobody has made it anew yet" in infos(at)
    button(at, "Make it anew on films (about 40 s)").click().run()
    button(at, "Make all anew").click().run()
    place = str(alone.folder)
    assert [arguments for _, arguments in started] == [["claims", place, "--only", "tree-index"], ["claims", place]]


def test_what_was_made_stands_with_its_verdict_rule_and_table(alone, tmp_path):
    finding = measure.finding(alone, CLAIMS[KEY])
    kept.keep(tmp_path / "came", finding)
    at = visit("claims", claim=KEY)
    assert finding.section.says in said(at).replace("\\", "")
    assert CLAIMS[KEY].rule in said(at).replace("\\", "")
    assert len(table(at, *finding.section.columns)) == len(finding.section.rows)
    assert not at.warning
    kept.keep(tmp_path / "kept", finding.model_copy(update={"manifest": "0" * 64}))
    assert "The build has changed since" in visit("claims", claim=KEY).warning[0].value
    (tmp_path / "kept" / f"{KEY}.json").write_text("{")
    assert "is damaged" in visit("claims").error[0].value


def test_an_address_of_no_claim_shows_the_first_and_the_last_has_no_next(with_films):
    at = visit("claims", claim="../../etc")
    assert at.selectbox("claim").value == next(iter(CLAIMS))
    assert "The address asks for a claim that is not there" in at.warning[0].value
    button(at, "Next claim").click().run()
    assert at.selectbox("claim").value == list(CLAIMS)[1]
    assert "Next claim" not in labels(visit("claims", claim=list(CLAIMS)[-1]))


def plain(at):
    """The running text without what keeps marks of Markdown from being read."""
    return said(at).replace("\\", "")


def test_what_came_along_of_other_catalogues_stands_below_one_at_a_time(alone, tmp_path):
    finding = measure.finding(alone, CLAIMS[KEY])
    kept.keep(tmp_path / "came", finding)
    for corpus, verdict in (("one", "holds"), ("two", "does not hold here")):
        words = finding.section.model_copy(update={"says": f"What is so of {corpus}."})
        kept.keep(kept.elsewhere() / corpus, finding.model_copy(update={"corpus": corpus, "verdict": verdict, "section": words}))
    at = visit("claims", claim=KEY)
    choice = at.segmented_control(key=f"elsewhere-{KEY}")
    assert [option.replace("\\", "") for option in choice.options] == ["one: holds", "two: does not hold here"]
    assert ["of one." in plain(at), "of two." in plain(at)] == [True, False]
    choice.set_value("two").run()
    assert ["of one." in plain(at), "of two." in plain(at)] == [False, True]
    assert not visit("claims", claim="tree-index").segmented_control
