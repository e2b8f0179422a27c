"""``decode`` with strategies, filters and interventions, and ``why``, through the shell."""

import pytest

from engine.builds.make import make
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.decoding.strategies import STRATEGIES

STEP = {"level", "code", "score", "rank", "kept"}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_decodes(told, small_build, opened, strategy):
    query = opened.corpus.queries["q1"]
    value = told("decode", small_build, query, "--strategy", strategy, "--beams", 5)
    assert value["strategy"] == strategy
    assert [step["level"] for step in value["steps"]] == list(range(1, len(value["steps"]) + 1))
    assert value["scored"] > 0
    known = {opened.identifier(row) for row in range(len(opened.corpus.documents))}
    assert {hit["identifier"] for hit in value["hits"]} <= known


def test_strategies_are_listed_with_their_options(told, shell):
    listed = told("strategies")
    assert [row["name"] for row in listed] == list(STRATEGIES)
    assert all(set(row) == {"name", "summary", "options", "citation"} for row in listed)
    assert "alpha" in shell("strategies")[1]


def test_options_and_seeds_are_taken(told, small_build):
    told("decode", small_build, "war", "--strategy", "diverse", "-o", "groups=2", "-o", "penalty=1.5")
    drawn = [
        told("decode", small_build, "war", "--strategy", "sample", "--beams", 3, "--seed", seed)["hits"] for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1]


def test_a_filter_a_forced_prefix_and_bans_are_obeyed(told, small_build, opened):
    films = {document.id: document for document in opened.corpus.documents}
    hits = told("decode", small_build, "war", "--filter", "year < 1980", "--beams", 50)["hits"]
    assert hits
    assert all(films[hit["id"]].metadata["year"] < 1980 for hit in hits)
    first = told("decode", small_build, "war")["hits"][0]["identifier"].split("-")[0]
    forced = told("decode", small_build, "war", "--force", first, "--beams", 50)["hits"]
    banned = told("decode", small_build, "war", "--ban", first, "--beams", 50)["hits"]
    assert all(hit["identifier"].startswith(f"{first}-") for hit in forced)
    assert banned
    assert not any(hit["identifier"].startswith(f"{first}-") for hit in banned)


def test_a_branch_shares_the_past_and_says_where_it_left_it(told, shell, small_build):
    steps = told("decode", small_build, "war", "--beams", 2)["steps"]
    prefix = str(steps[0]["pruned"][0]["code"])
    value = told("decode", small_build, "war", "--beams", 2, "--branch", prefix)
    assert value["branch"] == prefix
    assert [str(one["code"]) for one in value["steps"][0]["kept"]] == [prefix]
    assert {hit["identifier"].split("-")[0] for hit in value["hits"]} == {prefix}
    assert f"branched at step 1: {prefix}" in shell("decode", small_build, "war", "--beams", 2, "--branch", prefix)[1]
    code, _, err = shell("decode", small_build, "war", "--beams", 2, "--branch", "99")
    assert (code, err.count("\n")) == (2, 1)


def test_why_says_rank_cut_and_the_smallest_beam(told, shell, small_build, opened):
    ranked = told("decode", small_build, "war", "--strategy", "exact", "--beams", 60, "-k", 60)["hits"]
    last = ranked[-1]["id"]
    value = told("why", small_build, "war", last, "--beams", 1)
    assert set(value) >= {"identifier", "exact_rank", "beam_rank", "steps", "cut_at", "displaced_by", "smallest_beams"}
    assert all(set(step) >= STEP for step in value["steps"])
    assert (value["exact_rank"], value["beam_rank"]) == (60, None)
    assert value["cut_at"] == next(step["level"] for step in value["steps"] if not step["kept"])
    for beams, reached in ((value["smallest_beams"], True), (value["smallest_beams"] - 1, False)):
        found = {hit["id"] for hit in told("decode", small_build, "war", "--beams", beams, "-k", 60)["hits"]}
        assert (last in found) == reached
    assert f"{value['smallest_beams']} beams would keep it" in shell("why", small_build, "war", last, "--beams", 1)[1]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["decode", "war", "--strategy", "nosuch"], "unknown strategy 'nosuch'"),
        (["decode", "war", "--strategy", "diverse", "-o", "groups=0"], "groups must lie between"),
        (["decode", "war", "--strategy", "diverse", "-o", "groups=x"], "groups must be a number"),
        (["decode", "war", "--strategy", "beam", "-o", "alpha=1"], "beam has no option 'alpha'"),
        (["decode", "war", "--filter", "nosuch > 1"], "nosuch"),
        (["decode", "war", "--filter", "year > 3000"], "filter: none of 60 documents passes it"),
        (["decode", "war", "--force", "999"], "cannot be forced"),
        (["decode", "war", "--ban", "x"], "not a prefix"),
        (["why", "war", "nosuch"], "no document 'nosuch'"),
        (["why", "", "nosuch"], "the query is empty"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_two(shell, small_build, arguments, fault):
    code, out, err = shell(arguments[0], small_build, *arguments[1:])
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert fault in err


def test_values_that_a_filter_cannot_compare_are_counted(told, shell, tmp_path):
    prices = ["1,200", "15", "n/a", 20]
    documents = [Document(str(row), "A film", f"number {row}", {"price": price}) for row, price in enumerate(prices)]
    build = make(Corpus("films", documents, {}, {}, []), BuildSpec(scheme="atomic"), tmp_path / "films")
    asked = ("--filter", "price > 10")
    aside = "column 'price': 2 of 4 values are no numbers (such as '1,200'), and no number is compared with them"
    value = told("decode", build, "film", *asked)
    assert {hit["id"] for hit in value["hits"]} == {"1", "3"}
    assert value["left_aside"] == told("why", build, "film", "1", *asked)["left_aside"] == [aside]
    assert f"filter, {aside}\n" in shell("decode", build, "film", *asked)[1]
    assert shell("why", build, "film", "1", *asked)[1].startswith(f"filter, {aside}\n")
    assert "left_aside" not in told("decode", build, "film")
