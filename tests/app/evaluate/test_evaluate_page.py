"""Evaluate as a script: empty, one kept, flips that lead to Compare, judged queries of one's own, a real job."""

import pytest

from app.common import jobs, owner
from app.evaluate import asked
from engine import evaluation, workspace
from engine.builds.opened import Build
from engine.data import query_logs
from engine.evaluation import parity
from tests.app.at import button, infos, said, sound, table, visit, wait_for

NAMES = ["bm25", "dense"]


@pytest.fixture
def sixty(empty_home, sixty_home) -> Build:
    """The app finds the sixty films in a home of its own, whose workspace is empty."""
    (empty_home / "builds").mkdir()
    (empty_home / "builds" / "sixty").symlink_to(sixty_home / "builds" / "sixty")
    return Build(empty_home / "builds" / "sixty")


@pytest.fixture
def kept(sixty) -> dict:
    """What an evaluation found that was kept."""
    found = evaluation.evaluate(sixty, "dev", NAMES, beams=5)
    told = found.as_json() | found.by_query() | {"parity": parity.of_evaluation(sixty, found, "genre").as_json()}
    spec = {"split": "dev", "retrievers": NAMES, "beams": 5, "filter": "", "measures": list(evaluation.MEASURES)}
    assert workspace.evaluations.keep(sixty.manifest.corpus.sha256, "sixty", spec, told) == 1
    return told


def test_before_the_first_it_says_what_there_would_be_and_the_form_is_open(sixty):
    at = visit("evaluate", build="sixty")
    assert "was evaluated on this machine yet" in said(at)
    assert at.selectbox("split").options == ["dev", "test"]
    assert "Judged queries: dev 6, test 6" in said(at)
    assert "python -m engine evaluate sixty --split=dev --retriever=bm25" in " ".join(code.value for code in at.code)


@pytest.mark.usefixtures("sixty")
def test_a_retriever_can_be_typed_and_one_that_is_none_is_said():
    at = visit("evaluate", build="sixty")
    at.multiselect("evaluated").set_value(["bm25:k1=0.9"])
    assert "--retriever=bm25:k1=0.9" in " ".join(code.value for code in sound(at.run()).code)
    at.multiselect("evaluated").set_value(["bm25:k2=0.9"])
    at = sound(at.run())
    assert "has no option" in at.error[0].value
    assert "Evaluate" not in [one.label for one in at.button]


@pytest.mark.usefixtures("sixty")
def test_a_measure_that_is_none_is_said_and_nothing_can_be_started():
    at = visit("evaluate", build="sixty")
    at.multiselect("measures").set_value(["nDCG@ten"])
    at = sound(at.run())
    assert "nDCG@ten" in at.error[0].value.replace("\\", "")
    assert "Evaluate" not in [one.label for one in at.button]


def test_a_kept_one_is_shown_with_every_pair_and_the_queries_that_differ(kept):
    at = visit("evaluate", build="sixty")
    whole = table(at, "Retriever", "nDCG@10", "Search, ms")
    assert whole["Retriever"].tolist() == NAMES
    assert whole["Hit@1"].str.startswith(f"{kept['retrievers']['bm25']['Hit@1']['mean']:.3f}").iloc[0]
    (pair,) = table(at, "Less", "Won").to_dict("records")
    assert pair["Won"] + pair["Tied"] + pair["Lost"] == kept["queries"]
    flips = table(at, "Query", "Id")
    values = zip(*(kept["values"][name]["nDCG@10"] for name in NAMES), strict=True)
    assert len(flips) == sum(ours != theirs for ours, theirs in values)
    assert flips["Difference"].abs().is_monotonic_decreasing
    other = visit("evaluate", build="sixty", by="Hit@1", ours="dense", theirs="bm25")
    assert len(table(other, "Query", "Id")) == sum(
        ours != theirs for ours, theirs in zip(*(kept["values"][name]["Hit@1"] for name in NAMES), strict=True)
    )


def test_kinds_of_queries_are_a_table_and_a_picture_that_an_earlier_version_could_not_have(kept, sixty):
    at = visit("evaluate", build="sixty")
    groups = table(at, "Queries", "n")
    assert groups.columns.tolist() == ["Queries", "n", *NAMES]
    of_length = groups[groups["Queries"].str.contains("word") & ~groups["Queries"].str.contains("rarest")]
    assert of_length["n"].sum() in (0, kept["queries"])
    shown = table(at, "Retriever", "Gini")
    assert shown["Shown"].tolist() == [kept["exposure"][name]["shown"] for name in NAMES]
    exposed = table(at, "Value", "Of the documents")
    assert exposed["Of what is relevant"].tolist() == [one["relevant"] for one in kept["parity"]["values"]]
    assert exposed["dense"].iloc[0].startswith(f"{kept['parity']['values'][0]['shown']['dense']['mean']:.1%} [")
    assert "Groups, CSV" in {button.proto.label for button in at.get("download_button")}
    workspace.evaluations.keep(
        sixty.manifest.corpus.sha256,
        "sixty",
        {"split": "dev", "retrievers": NAMES, "beams": 5},
        {name: of for name, of in kept.items() if name not in ("features", "judged", "encode", "exposure", "parity")},
    )
    assert "An earlier version kept this evaluation" in said(visit("evaluate", build="sixty"))


def test_another_evaluation_stands_beside_it_with_what_changed(kept, sixty):
    assert "Beside another evaluation" not in [head.value for head in visit("evaluate", build="sixty").header]
    found = evaluation.evaluate(sixty, "dev", ["dense", "generative"], beams=2)
    spec = {"split": "dev", "retrievers": ["dense", "generative"], "beams": 2, "filter": ""}
    workspace.evaluations.keep(sixty.manifest.corpus.sha256, "sixty", spec, found.as_json() | found.by_query())
    at = visit("evaluate", build="sixty")
    assert at.selectbox("against").options[0] == "none"
    at = sound(at.selectbox("against").select("1").run())
    (row,) = table(at, "Now", "Before").to_dict("records")
    assert (row["Retriever"], row["Now"], row["p"]) == ("dense", row["Before"], "1")
    told = said(at).replace("\\", "")
    assert "Evaluation 1: beams 5, now 2." in told
    assert f"On the {kept['queries']} queries that both have" in told
    assert "In one of the two alone: generative, bm25." in told


def test_widths_are_drawn_where_they_were_asked_for(kept, sixty):
    at = visit("evaluate", build="sixty")
    assert "What the width of the beam buys" not in [head.value for head in at.header]
    at = sound(at.toggle("widths").set_value(True).run())
    assert "--widths" in " ".join(code.value for code in at.code)
    at = sound(at.selectbox("shown-by").select("genre").run())
    assert "--by=genre" in " ".join(code.value for code in at.code)
    found = evaluation.evaluate(sixty, "dev", ["generative"], beams=2, widths=True)
    spec = {"split": "dev", "retrievers": ["generative"], "beams": 2, "filter": ""}
    workspace.evaluations.keep(sixty.manifest.corpus.sha256, "sixty", spec, found.as_json() | found.by_query())
    rows = table(visit("evaluate", build="sixty"), "Beams", "nDCG@10")
    assert rows["Beams"].tolist() == [one.beams for one in found.widths["generative"]]


def test_how_sure_a_decoder_is_is_drawn_against_who_answers_in_its_place(kept, sixty):
    assert "How sure it is, and how right" not in [head.value for head in visit("evaluate", build="sixty").header]
    found = evaluation.evaluate(sixty, "dev", ["bm25", "generative", "dense"], beams=2)
    spec = {"split": "dev", "retrievers": ["bm25", "generative", "dense"], "beams": 2, "filter": ""}
    workspace.evaluations.keep(sixty.catalogue, "sixty", spec, found.as_json() | found.by_query())
    at = visit("evaluate", build="sixty")
    assert at.selectbox("sure-theirs").value == "dense"
    at = sound(at.selectbox("sure-theirs").select("bm25").run())
    rows = table(at, "Falls back", "Where it is sure")
    means = [found.values[name]["nDCG@10"].mean() for name in ("generative", "bm25")]
    assert [float(rows["nDCG@10"].iloc[place].split()[0]) for place in (0, -1)] == pytest.approx(means, abs=5e-4)


def test_what_an_address_asks_for_and_cannot_be_had_is_said(kept):
    at = visit("evaluate", build="sixty", evaluation="99")
    assert any("an evaluation that is not there" in warning.value for warning in at.warning)
    assert len(table(at, "Retriever", "Search, ms")) == 2


def test_one_can_be_forgotten(kept, sixty):
    at = visit("evaluate", build="sixty")
    at = sound(button(at, "Forget evaluation 1 for good").click().run())
    assert workspace.evaluations.listed(sixty.manifest.corpus.sha256) == []
    assert "was evaluated on this machine yet" in said(at)


def test_queries_that_were_judged_here_are_a_split_of_their_own(sixty):
    first = sixty.search("a road into the mountains", "bm25")[0][0].id
    workspace.judge(sixty.manifest.corpus.sha256, "a road into the mountains", first, 2)
    at = visit("evaluate", build="sixty")
    assert at.selectbox("split").options[-1] == "judged"
    assert "judged 1" in said(at)
    judged = workspace.judged(sixty.manifest.corpus.sha256)
    found = evaluation.evaluate(sixty, "judged", ["bm25"], asked=evaluation.Asked(judged.queries, judged.qrels))
    assert (found.split, found.queries, found.retrievers["bm25"].measures["Hit@1"].mean) == ("judged", 1, 1.0)


def test_queries_of_ones_own_are_read_kept_and_offered_and_what_is_wrong_is_said(sixty):
    at = visit("evaluate", build="sixty")
    at.text_input("bring-name").set_value("mine")
    at.file_uploader("bring-queries").set_value(("../../evil.CSV", b"id,text\n1,a road\n2,not judged\n", "text/csv"))
    at.file_uploader("bring-qrels").set_value(("qrels.txt", b"1 0 no-such 1\n1 0 nor-such\n", "text/plain"))
    at = sound(at.run())
    at = sound(at.button("bring").click().run())
    assert "judgements, row 2: expected" in at.error[0].value.replace("\\", "")
    assert workspace.query_sets.listed(sixty.manifest.corpus.sha256) == {}
    first = sixty.documents[0].id
    at.file_uploader("bring-qrels").set_value(("qrels.txt", f"1 0 {first} 1\n".encode(), "text/plain"))
    at = sound(at.button("bring").click().run())
    assert at.selectbox("split").options == ["dev", "test", "mine"]
    told = infos(at).replace("\\", "")
    assert "mine: 1 judged queries are kept" in told
    assert "1 queries have no judgement, and are left out" in told
    assert workspace.query_sets.read(sixty.manifest.corpus.sha256, "mine") == ({"1": "a road"}, {"1": {first: 1}})
    at = sound(button(at, "Forget mine").click().run())
    assert at.selectbox("split").options == ["dev", "test"]


def test_a_run_of_another_system_is_kept_and_stands_beside_ours(sixty):
    at = visit("evaluate", build="sixty")
    at.text_input("bring-run-name").set_value("theirs")
    at.file_uploader("bring-run").set_value(("x.trec", b"q0 Q0 a 1\n", "text/plain"))
    at = sound(sound(at.run()).button("bring-it").click().run())
    assert "run: line 1: 4 columns" in at.error[0].value.replace("\\", "")
    query, (document, _) = next((query, next(iter(of.items()))) for query, of in sixty.corpus.qrels["dev"].items())
    lines = f"{query} Q0 {document} 1 2 t\n{query} Q0 zz 2 1 t\n".encode()
    at.file_uploader("bring-run").set_value(("x.trec", lines, "text/plain"))
    at = sound(sound(at.run()).button("bring-it").click().run())
    assert "theirs: a run of 1 queries is kept" in infos(at).replace("\\", "")
    assert "1 of its 2 documents are not in the catalogue" in infos(at).replace("\\", "")
    at = sound(at.multiselect("others").set_value(["theirs"]).run())
    assert "--run=theirs" in " ".join(code.value for code in at.code)
    at = sound(button(at, "Forget theirs").click().run())
    assert workspace.runs.listed(sixty.manifest.corpus.sha256) == {}


def test_a_query_log_weighs_the_queries_and_its_clicks_are_called_clicks(kept, sixty):
    assert "By how often people ask" not in [head.value for head in visit("evaluate", build="sixty").header]
    at, (first, second, *_) = visit("evaluate", build="sixty"), kept["ids"]
    at.text_input("bring-log-name").set_value("mine")
    lines = f"{sixty.corpus.queries[first]}\t3\n{second}\t1\na road\t{sixty.documents[0].id}\t6\n".encode()
    at.file_uploader("bring-log").set_value(("x.tsv", lines, "text/plain"))
    at = sound(sound(at.run()).button("bring-the-log").click().run())
    assert "mine: a log of 10 searches is kept" in infos(at).replace("\\", "")
    assert f"mine: 1 queries by their {query_logs.CLICKS}" in infos(at).replace("\\", "")
    rows = table(at, "By query", "By search")
    assert rows["Retriever"].tolist() == NAMES
    for name, by_search in zip(NAMES, rows["By search"], strict=True):
        values = kept["values"][name]["nDCG@10"]
        assert by_search.startswith(f"{(3 * values[0] + values[1]) / 4:.3f}")
    assert "4 of 10 searches of the log (40.0%) are of 2 of 6 judged queries" in said(at).replace("\\", "")
    assert at.selectbox("split").options[-1] == "mine"
    judged = workspace.of_split(sixty.catalogue, "mine")
    found = evaluation.evaluate(sixty, "mine", ["bm25"], asked=evaluation.Asked(judged.queries, judged.qrels))
    spec = {"split": "mine", "retrievers": ["bm25"], "beams": 5, "filter": ""}
    workspace.evaluations.keep(sixty.catalogue, "sixty", spec, found.as_json() | found.by_query())
    assert f"mine is {query_logs.CLICKS}" in infos(visit("evaluate", build="sixty")).replace("\\", "")


def test_it_is_run_by_a_press_in_a_process_of_its_own_and_shown(sixty):
    at = visit("evaluate", build="sixty", split="test")
    at.multiselect("evaluated").set_value(["bm25"])
    at = sound(at.button("evaluate").click().run())
    job = jobs.registry().get(asked.job_name(sixty))
    told = wait_for(lambda: (told := job.told()).over and told, "the end of the evaluation")
    assert told.state == "done", told.message
    (one,) = workspace.evaluations.listed(sixty.manifest.corpus.sha256)
    assert (one.build, one.asked["split"], one.asked["retrievers"]) == ("sixty", "test", ["bm25"])
    assert "versions" in one.asked
    assert table(sound(at.run()), "Retriever", "Search, ms")["Retriever"].tolist() == ["bm25"]


def test_behind_a_password_each_person_has_the_own_and_what_is_everybodys(sixty, kept, monkeypatch):
    """Kept before there was a password: everybody sees it, and nobody who visits takes it away."""
    mine = workspace.shelf(sixty.catalogue, "me")
    number = workspace.evaluations.keep(mine, "sixty", {"split": "dev", "retrievers": NAMES, "beams": 5}, kept)
    workspace.runs.keep(mine, "theirs", {"q": ["d"]})
    for who, listed, runs in (("me", [str(number), "1"], ["theirs"]), ("you", ["1"], None)):
        monkeypatch.setattr(owner, "owner", lambda who=who: who)
        at = visit("evaluate", build="sixty")
        assert [option.split(":")[0] for option in at.selectbox("evaluation").options] == listed
        assert [box.options for box in at.multiselect if box.key == "others"] == ([runs] if runs else [])
        assert button(at, f"Forget evaluation {listed[0]} for good").disabled == (who == "you")
        assert ("Forget theirs" in [one.label for one in at.button]) == (who == "me")
    at = visit("evaluate", build="sixty", evaluation=str(number))
    assert "that is not there; this is 1" in at.warning[0].value.replace("\\", "")
