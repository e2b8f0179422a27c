"""The beam picture says what the trace says."""

import itertools
import json
from collections import Counter

import numpy as np
import pytest

from app.charts import beams
from engine.pictures import beam_points

HOSTILE = '<script>alert(1)</script> {b} {@x} & "quoted" <img src=x onerror=alert(1)>'
QUERY = "the vector counts, not these words"


@pytest.fixture(scope="module", params=[1, 3, 10, 40])
def trace(request, films):
    """A document's own embedding is the query: no encoder needed."""
    return films.decode(QUERY, request.param, np.array(films.embeddings[17]))


@pytest.fixture(scope="module")
def drawn(trace, films):
    return beam_points.points(trace, films.trie, films.names, films.trie.levels)


@pytest.fixture(scope="module")
def every(trace, films):
    """All that was kept, and what was nearly kept."""
    return beam_points.points(trace, films.trie, films.names, films.trie.levels, kept_drawn=None)


@pytest.fixture(scope="module")
def narrow(films):
    return films.decode(QUERY, 10, np.array(films.embeddings[3]))


class TestBeams:
    def test_one_point_a_kept_beam_and_at_most_eight_cut_ones_a_step(self, trace, every):
        for step in trace.steps:
            here = [point for point in every if point.step == step.level]
            assert sum(point.state != "pruned" for point in here) == len(step.kept.node)
            assert sum(point.state == "pruned" for point in here) == min(beam_points.PRUNED_DRAWN, len(step.pruned.node))
            assert [point.rank for point in here] == [point.drawn_at for point in here] == list(range(1, len(here) + 1))

    def test_the_first_ten_kept_are_drawn_and_the_others_gathered_in_one(self, trace, drawn, every, films):
        for step in trace.steps:
            here = [point for point in drawn if point.step == step.level]
            alone = [point for point in here if point.state not in ("pruned", "gathered")]
            gathered = [point for point in here if point.state == "gathered"]
            width, first = len(step.kept.node), min(beam_points.KEPT_DRAWN, len(step.kept.node))
            assert [point.rank for point in alone[:first]] == list(range(1, first + 1))
            assert len(gathered) <= 1
            assert len(alone) + sum(point.gathered for point in gathered) == width
            assert [point.drawn_at for point in here] == list(range(1, len(here) + 1))
            one_by_one = {point.prefix for point in alone}
            rest = [point for point in every if point.step == step.level and point.state != "pruned"]
            rest = [point for point in rest if point.prefix not in one_by_one]
            for point in gathered:
                assert (point.gathered, point.documents) == (len(rest), sum(other.documents for other in rest))
                assert (point.rank, point.total) == (rest[0].rank, rest[0].total)
        whole = {(point.step, point.prefix): point for point in every}
        for point in drawn:
            if point.state != "gathered":
                other = whole[point.step, point.prefix]
                assert point._replace(parent=0, drawn_at=0) == other._replace(parent=0, drawn_at=0)

    def test_a_parent_is_a_kept_point_of_the_step_before_or_what_it_is_gathered_in(self, drawn, every):
        assert drawn[0].parent == -1
        ones = {(point.step, point.prefix) for point in drawn if point.state != "gathered"}
        for point in drawn[1:]:
            parent = drawn[point.parent]
            assert (parent.step, parent.state == "pruned") == (point.step - 1, False)
            above = point.prefix.rpartition("-")[0]
            if point.state != "gathered":
                assert parent.prefix == above if (parent.step, above) in ones else parent.state == "gathered"
        for point in (point for point in drawn if point.state == "gathered"):
            here = {other.prefix for other in drawn if other.step == point.step}
            inside = [every[o.parent] for o in every if o.step == point.step and o.state != "pruned" and o.prefix not in here]
            came_from = Counter(above.prefix if (above.step, above.prefix) in ones else "" for above in inside)
            assert came_from[drawn[point.parent].prefix] == max(came_from.values())

    def test_the_leading_points_are_one_path_that_ends_at_the_best_beam(self, trace, drawn):
        leading = [point for point in drawn if point.state == "leading"]
        assert [point.step for point in leading] == list(range(len(trace.steps) + 1))
        assert leading[-1].rank == 1
        for above, below in itertools.pairwise(leading):
            assert drawn[below.parent] == above

    def test_points_tell_what_the_trie_and_the_trace_hold(self, trace, drawn, films):
        for point in (point for point in drawn[1:] if point.state != "gathered"):
            node = films.trie.find(tuple(map(int, point.prefix.split("-"))))
            assert (point.name, point.documents) == (films.names[node], films.trie.counts[node])
            assert point.code == int(point.prefix.split("-")[-1])
            assert 0 <= point.probability <= 1
        best = next(point for point in drawn if point.step == len(trace.steps) and point.rank == 1)
        assert best.total == pytest.approx(float(trace.steps[-1].kept.total[0]))

    def test_the_odds_of_siblings_sum_to_one_at_most(self, drawn):
        sums: dict[int, float] = {}
        for point in (point for point in drawn[1:] if drawn[point.parent].state != "gathered"):
            sums[point.parent] = sums.get(point.parent, 0.0) + point.probability
        assert max(sums.values()) <= 1 + 1e-4

    @pytest.mark.parametrize("shown", range(5))
    def test_only_the_steps_shown_are_drawn(self, narrow, films, shown):
        some = beam_points.points(narrow, films.trie, films.names, shown)
        assert max(point.step for point in some) == shown
        assert sum(point.state == "leading" for point in some) == shown + 1

    def test_the_lead_may_change_from_step_to_step_but_the_points_do_not_move(self, narrow, films):
        whole = beam_points.points(narrow, films.trie, films.names, 4)
        for shown in range(4):
            part = beam_points.points(narrow, films.trie, films.names, shown)
            assert [p._replace(state="") for p in part] == [p._replace(state="") for p in whole[: len(part)]]

    def test_the_option_is_json_with_a_node_a_point_and_an_edge_a_parent(self, trace, drawn):
        option = json.loads(json.dumps(beams.option(trace, drawn)))
        graph = option["series"][0]
        assert [node["value"] for node in graph["data"]] == [[point.step, point.drawn_at] for point in drawn]
        assert len({node["name"] for node in graph["data"]}) == len(drawn)
        assert [(link["source"], link["target"]) for link in graph["links"]] == [
            (str(point.parent), str(place)) for place, point in enumerate(drawn) if place
        ]
        assert len(option["xAxis"]["data"]) == len(trace.steps) + 1
        assert option["yAxis"]["max"] > max(point.drawn_at for point in drawn)

    def test_states_differ_by_more_than_colour(self, narrow, films):
        drawn = beam_points.points(narrow, films.trie, films.names, 4)
        graph = beams.option(narrow, drawn)["series"][0]
        size = {point.state: node["symbolSize"] for point, node in zip(drawn, graph["data"], strict=True)}
        dash = {drawn[int(link["target"])].state: link["lineStyle"]["type"] for link in graph["links"]}
        assert size["pruned"] < size["kept"] == size["leading"]
        assert dash == {"leading": "solid", "kept": "solid", "pruned": "dashed"}

    def test_a_likelier_code_has_a_wider_line(self, trace, drawn):
        links = beams.option(trace, drawn)["series"][0]["links"]
        odds = [drawn[int(link["target"])].probability for link in links]
        widths = [link["lineStyle"]["width"] for link in links]
        assert np.argsort(odds, kind="stable").tolist() == np.argsort(widths, kind="stable").tolist()

    def test_names_cannot_become_markup_or_templates(self, narrow, films):
        drawn = beam_points.points(narrow, films.trie, [HOSTILE] * len(films.names), 4)
        written = beams.option(narrow, drawn)["series"][0]["data"]
        for node in written:
            told = node["tooltip"]["formatter"]
            assert "<script" not in told
            assert "<img" not in told
            assert not set(told) & set("{}")
            assert set(node["label"]) == {"show", "formatter"}
            assert node["label"]["formatter"].isdigit()

    def test_words_stand_beside_their_points_and_are_no_templates(self, narrow, films):
        drawn = beam_points.points(narrow, films.trie, films.names, 4)
        last = len(drawn) - 1
        option = beams.option(narrow, drawn, {3: "words {b}", last: "a title"})
        for series, place, told in ((option["series"][1], 3, "words (b)"), (option["series"][2], last, "a title")):
            assert [mark["value"] for mark in series["data"]] == [[drawn[place].step, drawn[place].drawn_at]]
            assert [mark["label"]["formatter"] for mark in series["data"]] == [told]
            assert series["silent"]  # a click on a word is none on the node of the same place
        narrower = option["media"][0]["option"]["series"]
        assert [series.get("label") for series in narrower] == [None, {"show": False}, None, None, None]

    def test_each_level_that_is_played_is_the_picture_of_so_many_levels(self, narrow, films):
        drawn = beam_points.points(narrow, films.trie, films.names, 4)
        played = beams.player(narrow, drawn, {1: "words"})
        assert [len(frame["series"][0]["data"]) for frame in played["options"]] == [
            len(beam_points.points(narrow, films.trie, films.names, shown)) for shown in range(5)
        ]
        assert [len(frame["series"][1]["data"]) for frame in played["options"]] == [0, 1, 1, 1, 1]
        assert played["options"][4]["series"][0]["links"] == beams.option(narrow, drawn)["series"][0]["links"]
        assert not played["baseOption"]["timeline"]["loop"]

    def test_two_pictures_have_one_scale(self, narrow, films):
        drawn = beam_points.points(narrow, films.trie, films.names, 4)
        rows = max(point.drawn_at for point in drawn)
        assert beams.option(narrow, drawn, rows=rows + 7)["yAxis"]["max"] == rows + 8
        assert beams.option(narrow, drawn, rows=2)["yAxis"]["max"] == rows + 1

    def test_what_was_masked_is_drawn_to_scale(self, narrow, films):
        step = narrow.steps[0]
        masked = narrow._replace(steps=[step._replace(masked_mass=0.25), *narrow.steps[1:]])
        drawn = beam_points.points(masked, films.trie, films.names, 4)
        *_, track, filled = beams.option(masked, drawn)["series"]
        assert filled["data"][0]["symbolSize"][0] == track["symbolSize"][0] / 4
        left = filled["data"][0]["symbolOffset"][0] - filled["data"][0]["symbolSize"][0] / 2
        assert left == -track["symbolSize"][0] / 2  # both begin at the same place
        never = narrow._replace(steps=[step._replace(masked_mass=0.0) for step in narrow.steps])
        assert len(beams.option(never, drawn)["series"]) == 3  # a scorer that only weighs codes that exist

    def test_the_tooltip_tells_rank_state_odds_and_documents(self, narrow, films):
        drawn = beam_points.points(narrow, films.trie, films.names, 4)
        told = [node["tooltip"]["formatter"] for node in beams.option(narrow, drawn)["series"][0]["data"]]
        assert told[0] == "the query"
        for point, text in zip(drawn[1:], told[1:], strict=True):
            assert f"<b>{point.prefix}</b>" in text
            assert f"rank {point.rank}, {point.state}" in text
            assert ("1 document below" in text) == (point.documents == 1)

    def test_the_node_that_is_looked_at_has_a_ring_and_no_other_whatever_was_clicked(self, narrow, films):
        drawn = beam_points.points(narrow, films.trie, films.names, 4)
        for chosen in (drawn[7].prefix, "", "99-99"):
            nodes = beams.option(narrow, drawn, chosen=chosen)["series"][0]["data"]
            ringed = [
                point.prefix for point, node in zip(drawn, nodes, strict=True) if beams.RING.items() <= node["itemStyle"].items()
            ]
            assert ringed == ([chosen] if chosen == drawn[7].prefix else [])
            assert all(node["select"]["itemStyle"] == node["itemStyle"] for node in nodes)

    def test_a_total_has_its_unit_where_it_has_one(self, narrow, films):
        drawn = beam_points.points(narrow, films.trie, films.names, 1)
        for unit, told in (("nats", f"total {drawn[1].total:.2f} nats<br>"), ("", f"total {drawn[1].total:.2f}<br>")):
            assert told in beams.option(narrow, drawn, unit=unit)["series"][0]["data"][1]["tooltip"]["formatter"]

    def test_the_description_names_the_lead_and_counts_what_was_cut(self, narrow, films):
        drawn = beam_points.points(narrow, films.trie, films.names, 4)
        best = next(point for point in drawn if point.step == 4 and point.rank == 1)
        cut = sum(len(step.pruned.node) for step in narrow.steps)
        assert beams.describe(narrow, drawn) == (
            f"Decoding by beam after 4 of 4 levels with 10 beams; {cut} candidates cut. Leading: {best.prefix}, {best.name}."
        )

    def test_the_description_before_the_first_step_has_no_lead(self, narrow, films):
        drawn = beam_points.points(narrow, films.trie, films.names, 0)
        assert beams.describe(narrow, drawn) == "Decoding by beam after 0 of 4 levels with 10 beams; 0 candidates cut."
