"""The Codebooks page's pictures as data: nothing here starts the app."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts import codebooks, residuals
from app.charts.palette import RAMP
from app.codebooks import codes
from app.common import documents
from engine.health.usage import ResidualStep, lorenz, residual_steps, usage, usage_given_prefix
from engine.identifiers.base import Identifiers
from tests.engine.oracles import identifiers, padded

HOSTILE = '<script>alert(1)</script> {b} {@x} & "quoted"'
SIZE = 5


def drawn_of(words, name=""):
    table = padded(words)
    sizes = (SIZE,) * table.shape[1]
    counts = usage(table, sizes)
    named = [dict.fromkeys(range(SIZE), name) for _ in counts]
    return codebooks.cells(counts, usage_given_prefix(table, sizes), named), counts


def pieces_of(option):
    return option["visualMap"]["pieces"]


def piece(option, value):
    """Label of the band that a value falls into; there must be exactly one."""
    found = [p["label"] for p in pieces_of(option) if p["gte"] <= value and ("lt" not in p or value < p["lt"])]
    assert len(found) == 1, (value, pieces_of(option))
    return found[0]


@given(identifiers(), st.booleans(), st.sets(st.integers(1, 4)))
def test_every_cell_has_one_colour_and_only_dead_codes_are_blank(words, conditional, counting):
    drawn, counts = drawn_of(words)
    option = codebooks.heat_map(drawn, counts, counting, conditional)
    for cell, item in zip(drawn, option["series"][0]["data"], strict=True):
        assert (piece(option, item["value"][2]) == "dead") == (cell.documents == 0)
        assert item["value"][:2] == [cell.place, cell.level - 1]
    json.dumps(option, allow_nan=False)


@given(identifiers())
def test_a_row_runs_from_the_most_to_the_least_used_code_and_counts_its_dead(words):
    drawn, counts = drawn_of(words)
    option = codebooks.heat_map(drawn, counts, set(), False)
    for level, found in enumerate(counts, 1):
        row = [cell for cell in drawn if cell.level == level]
        assert [cell.documents for cell in row] == sorted(found.tolist(), reverse=True)
        assert [cell.place for cell in row] == list(range(SIZE))
        dead = sum(count == 0 for count in found)
        assert option["yAxis"]["data"][level - 1].endswith(f"{dead} of {SIZE} dead" if dead else "none dead")


def test_a_click_comes_back_as_a_place_in_the_cells_and_selects_one_cell_only():
    drawn, counts = drawn_of([(0, 1), (0, 2), (3, 1)])
    series = codebooks.heat_map(drawn, counts, set(), False)["series"][0]
    assert series["selectedMode"] == "single"
    # ECharts selects by name; nameless cells take the name of their column.
    assert len({item["name"] for item in series["data"]}) == len(drawn)


def test_a_wide_map_is_cut_at_the_least_used_codes_and_says_so():
    table = np.repeat(np.arange(2000), 2)[:3000, None].astype(np.int32)
    counts = usage(table, (2000,))
    drawn = codebooks.cells(counts, usage_given_prefix(table, (2000,)), [{}])
    assert len(drawn) == codebooks.COLUMNS
    assert {cell.documents for cell in drawn} == {2}
    assert f"{2000 - codebooks.COLUMNS:,} least used" in codebooks.note(drawn, counts, False)
    assert "label" not in codebooks.heat_map(drawn, counts, set(), False)["series"][0]["data"][0]
    option = codebooks.heat_map(drawn, counts, set(), False)
    assert option["yAxis"]["data"][0].endswith("500 of 2,000 dead")
    told = ["tooltip" in item for item in option["series"][0]["data"]]
    assert told == [True] * codebooks.TOLD + [False] * (codebooks.COLUMNS - codebooks.TOLD)
    assert option["tooltip"]["formatter"].endswith("{b}")


def test_the_toggle_colours_the_same_cells_by_their_part_of_the_prefix():
    drawn, counts = drawn_of([(0, 0), (0, 0), (1, 1), (1, 2), (1, 2), (1, 2)])
    raw, conditional = (codebooks.heat_map(drawn, counts, set(), given) for given in (False, True))
    assert [item["name"] for item in raw["series"][0]["data"]] == [item["name"] for item in conditional["series"][0]["data"]]
    values = {item["name"]: item["value"][2] for item in conditional["series"][0]["data"]}
    assert (values["2-0"], values["2-1"], values["2-2"], values["2-3"]) == (1, 0.25, 0.75, 0)


def test_counting_levels_are_marked_and_do_not_stretch_the_scale():
    drawn, counts = drawn_of([(code, number) for code in range(4) for number in range(1)] * 20)
    option = codebooks.heat_map(drawn, counts, {2}, False)
    assert option["yAxis"]["data"] == ["level 1\n1 of 5 dead", "level 2\nonly counts"]
    assert pieces_of(option)[-1]["gte"] <= 20
    assert "numbers documents" in option["series"][0]["data"][SIZE]["tooltip"]["formatter"]
    assert "numbers documents" not in option["series"][0]["data"][0]["tooltip"]["formatter"]


def test_the_chosen_code_is_marked_where_it_is_drawn():
    drawn, counts = drawn_of([(0, 1), (0, 2), (3, 1)])
    mark = codebooks.heat_map(drawn, counts, set(), False, (2, 1))["series"][0]["markPoint"]["data"]
    assert mark == [{"coord": [0, 1]}]
    assert codebooks.heat_map(drawn, counts, set(), False, (2, 99))["series"][0]["markPoint"]["data"] == []


@pytest.mark.parametrize("conditional", [False, True])
def test_words_of_documents_stay_words(conditional):
    drawn, counts = drawn_of([(0, 1), (0, 2), (3, 1)], HOSTILE)
    for item in codebooks.heat_map(drawn, counts, set(), conditional)["series"][0]["data"]:
        said = item["tooltip"]["formatter"]
        assert "<script" not in said
        assert "{" not in said
        assert "&lt;script&gt;" in said


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30))
def test_bands_rise_and_there_are_no_more_than_colours(values):
    edges = codebooks._edges([float(value) for value in values], True)
    assert edges[0] == 1
    assert edges == sorted(set(edges))
    assert len(edges) <= len(RAMP)
    assert edges[-1] <= max(values)


def test_lorenz_curves_have_a_line_a_level_and_the_diagonal():
    curves = {"level 1": lorenz(np.array([1, 2, 3])), "level 2": lorenz(np.arange(5000))}
    option = codebooks.lorenz_curves(curves)
    even, first, second = option["series"]
    assert even["data"] == [[0, 0], [1, 1]]
    assert first["data"] == curves["level 1"].round(4).tolist()
    assert len(second["data"]) <= 400
    assert (second["data"][0], second["data"][-1]) == ([0, 0], [1, 1])
    assert first["lineStyle"]["type"] != second["lineStyle"]["type"]  # not told apart by colour alone
    assert option["legend"]["data"] == ["level 1", "level 2"]
    json.dumps(option, allow_nan=False)


def test_alternative_texts_say_what_to_take_away():
    _, counts = drawn_of([(0, 1), (0, 2), (3, 1)])
    assert codebooks.describe_heat_map(counts) == "Documents a code; level 1: 2 of 5 codes used; level 2: 2 of 5 codes used."
    assert codebooks.describe_lorenz({"level 1": lorenz(np.array([0, 0, 5, 5]))}).endswith("level 1 0%.")
    assert "0.90 after the last" in residuals.describe([ResidualStep(1, 2, 1.0, 0.9, 0.4, 3, 0.95)])
    assert residuals.describe([]) == "No level has a codebook."


STEPS = [ResidualStep(1, 2, 1.0, 0.8, 0.6, 3, 0.9), ResidualStep(2, 0, 0.8, 0.7, 0.75, 1, 0.65)]


def test_the_residual_starts_at_the_whole_embedding_and_the_cosine_after_the_first_code():
    option = residuals.picture(STEPS)
    left, cosine = ([point and point["value"] for point in line["data"]] for line in option["series"])
    assert option["xAxis"]["data"] == ["start", "level 1", "level 2"]
    assert (left, cosine) == ([1.0, 0.8, 0.7], [None, 0.6, 0.75])
    json.dumps(option, allow_nan=False)
    places = [[point and point["label"]["position"] for point in line["data"]] for line in option["series"]]
    assert places == [["top", "top", "bottom"], [None, "bottom", "top"]]


def test_a_cosine_below_zero_stays_in_the_picture():
    assert residuals.picture([ResidualStep(1, 0, 1.0, 1.2, -0.3, None, None)])["yAxis"]["min"] == -0.3


def test_sentences_name_the_runner_up_or_why_the_nearest_was_not_taken():
    assert "the nearest of 8; the second nearest, 3, at 0.900" in residuals.explain(STEPS[0], 8)
    assert "Code 1 is nearer (0.650)" in residuals.explain(STEPS[1], 8)
    assert "is the only one" in residuals.explain(ResidualStep(1, 0, 1.0, 0.9, 0.4, None, None), 1)


def test_tables_and_export_hold_what_the_pictures_show(films):
    facts = codes.facts(films)
    saved = json.loads(json.dumps(codes.export(facts), allow_nan=False))
    assert [level["documents"] for level in saved] == [counts.tolist() for counts in facts.counts]
    assert [level["counts_only"] for level in saved] == [False, False, False, True]
    assert all(level["used"] + level["dead"] == level["codes"] == len(level["documents"]) for level in saved)
    row = int(facts.rows(2, 17)[0])
    table = documents.frame(films, facts.rows(2, 17))
    assert len(table) == facts.counts[1][17]
    assert table["Id"][0] == films.corpus.documents[row].id
    assert all(identifier.split("-")[1] == "17" for identifier in table["Identifier"])
    steps = residual_steps(facts.fitted, films.embeddings[row], facts.fitted.codes[row])
    assert codes.steps_table(steps)["Code"].tolist() == facts.fitted.codes[row, :3].tolist()
    near = codes.neighbours_table(facts, 2, 17, 8)
    assert 17 not in near["Code"].tolist()
    assert near["Documents"].tolist() == [facts.counts[1][code] for code in near["Code"]]


def test_words_are_the_schemes_own_where_it_has_some(films):
    facts = codes.facts(films)
    own = facts._replace(fitted=Identifiers(facts.fitted.codes, facts.fitted.vocabulary, words=[["drama", "comedy"]] * 4))
    assert own.words(1, [1, 0]) == ["comedy", "drama"]
    assert len(facts.words(1, [0, 1])) == 2
    assert facts.words(1, [int(np.argmax(facts.counts[0]))])[0].count(" · ") == 2
