"""Decode as a script: strategies, filters, interventions, the pinned document, what is said when something is wrong."""

import html
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.charts import beams
from app.common import state
from app.decode import decoding, sharing
from engine.decoding.strategies import STRATEGIES
from engine.pictures import beam_points
from engine.trie import restrict
from tests.app.at import sound, table
from tests.app.at import visit as at_visit

QUERY = "a heist that happens inside dreams"
EAR, VELVET = "college kid finds an ear in a field", "blue-velvet-1986"
pytestmark = pytest.mark.usefixtures("with_films")


def visit(**parameters: str) -> AppTest:
    return at_visit("decode", **({"query": QUERY} | parameters))


def written(at: AppTest):
    return next(frame.value for frame in at.dataframe if list(frame.value.columns) == ["Identifier", "Title", "Total", "Text"])


def button(at: AppTest, key: str):
    return next(button for button in at.button if button.key == key)


def parameter(at: AppTest, name: str) -> str:
    value = at.query_params.get(name, "")
    return value[0] if isinstance(value, list) else value


class TestStrategies:
    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_each_draws_and_writes_documents(self, strategy, films):
        at = visit(strategy=strategy)
        assert not at.error
        assert 1 <= len(written(at)) <= 10
        assert any(f"**{strategy}:** {STRATEGIES[strategy].summary}" in caption.value for caption in at.caption)

    @pytest.mark.parametrize("strategy", [name for name, strategy in STRATEGIES.items() if strategy.options])
    def test_its_options_are_fields(self, strategy):
        at = visit(strategy=strategy)
        keys = {field.key for field in [*at.number_input, *at.selectbox, *at.text_input]}
        assert {f"{strategy}-{option.name}" for option in STRATEGIES[strategy].options} <= keys

    def test_exact_finds_all_of_the_exact_first_ten(self):
        assert any("Finds 10 of the exact first 10" in caption.value for caption in visit(strategy="exact").caption)

    def test_two_stand_side_by_side_with_what_is_different(self):
        at = visit(beside="sample")
        assert sum("of the exact first 10" in caption.value for caption in at.caption) == 2
        changes = table(at, "Rank there")
        assert set(changes["What"]) <= {"only here", "only there", "moved", "same", "prefix only here", "prefix only there"}
        here = set(changes.query("What in ('only here', 'moved', 'same')")["Codes"])
        assert here == set(written(at)["Identifier"])

    def test_greedy_keeps_one_path_so_it_has_no_width_to_choose(self):
        assert visit(strategy="greedy").select_slider(state.BEAMS).disabled
        assert not visit().select_slider(state.BEAMS).disabled


class TestRewriting:
    @pytest.mark.parametrize("page", ["decode", "compare"])
    def test_a_switch_undoes_typing_errors_and_says_so(self, page):
        wrong, right = "a heist that happens inside dreeams", "a heist that happens inside dreams"
        at = at_visit(page, query=wrong, rewrite="true")
        assert any(f"**{right}** (dreeams → dreams)" in one.value for one in at.markdown)
        assert at_visit(page, query=wrong).toggle(key="rewrite").value is False
        if page == "decode":
            assert written(at).equals(written(visit()))


class TestLookUp:
    def test_what_the_query_names_is_looked_up_and_told_until_it_is_taken_back(self, films):
        at = visit(query="silent documentary", **{"look-up": "true"})
        found = rows_of(films, written(at))
        assert found
        assert all(films.documents[films.row_of[row]].metadata["language"] == "Silent" for row in found)
        assert sum("documents are left" in caption.value for caption in at.caption) == 1
        at = sound(button(at, "reset").click().run())
        assert at.toggle(key="look-up").value is False
        assert len(written(at)) == 10

    def test_compare_says_what_a_column_read_and_what_it_left_aside(self):
        at = at_visit("compare", query="silent war films", columns=["look-up", "look-up:least=0"])
        strict, all_of_it = (caption.value for caption in at.caption if "documents are left" in caption.value)
        assert "33 documents" in strict
        assert "train queries that say so" in strict
        assert "train queries" not in all_of_it
        assert not any("documents are left" in caption.value for caption in at_visit("compare", query="silent war films").caption)


class TestWhyInWords:
    def test_a_pinned_film_is_explained_in_sentences_with_what_they_rest_on(self, films):
        at = visit(query=EAR, doc=VELVET)
        said = [one.value for one in at.markdown if one.value.startswith("- ")]
        code = films.identifier(films.row_of[VELVET]).split("-")[0]
        assert any("Its text has" in sentence and "ear" in sentence for sentence in said)
        assert any(f"Its identifier begins with {code}" in sentence for sentence in said)
        assert any("nearest of" in sentence and "cosine" in sentence for sentence in said)


class TestInterventions:
    def test_a_filter_lets_through_what_it_says(self, films):
        at = visit(filter="year < 1960")
        assert all(films.corpus.documents[films.row_of[row]].metadata["year"] < 1960 for row in rows_of(films, written(at)))
        assert sum("of the exact first 10" in caption.value for caption in at.caption) == 2

    def test_a_forced_prefix_begins_every_identifier(self):
        assert all(identifier.startswith("26-") for identifier in written(visit(force="26"))["Identifier"])

    def test_banned_prefixes_begin_none(self):
        found = written(visit(ban="9,26-21"))["Identifier"]
        assert len(found) == 10
        assert not any(identifier.startswith(("9-", "26-21-")) for identifier in found)

    def test_a_node_is_banned_and_allowed_again_and_forced_and_freed(self):
        at = visit(node="9-14")
        at = sound(button(at, "ban-node").click().run())
        assert parameter(at, "ban") == "9-14"
        assert not any(identifier.startswith("9-14-") for identifier in written(at)["Identifier"])
        at = sound(button(at, "allow-9-14").click().run())
        assert parameter(at, "ban") == ""
        at = sound(button(at, "force-node").click().run())
        assert parameter(at, "force") == "9-14"
        at = sound(button(at, "unforce").click().run())
        assert parameter(at, "force") == ""

    def test_all_are_taken_back_at_once(self):
        at = sound(button(visit(ban="9", filter="year > 1990", temperature="2.0"), "reset").click().run())
        assert [parameter(at, name) for name in ("ban", "filter", "force", "temperature")] == [""] * 4

    @pytest.mark.parametrize(
        ("parameters", "told"),
        [
            ({"filter": "yeer > 1990"}, "yeer"),
            ({"filter": "year >"}, "expected"),
            ({"filter": "year > 3000"}, "none of 1"),
            ({"filter": "__import__('os')"}, ""),
            ({"force": "99-99"}, "cannot be forced"),
            ({"force": "<b>"}, "not a prefix"),
            ({"ban": "x"}, "not a prefix"),
            ({"ban": ",".join(str(code) for code in range(32))}, "no document is left"),
        ],
    )
    def test_what_cannot_be_done_is_said_in_a_line(self, parameters, told):
        at = visit(**parameters)
        assert len(at.error) == 1
        assert told in at.error[0].value.replace("\\", "")
        assert "\n" not in at.error[0].value

    def test_a_higher_temperature_evens_the_odds(self, films):
        vector = films.encode(QUERY)[0]
        sure, even = (films.decode(QUERY, 10, vector, temperature=t).steps[0].kept.log_prob[0] for t in (0.5, 5.0))
        assert even < sure


class TestPinned:
    def test_a_document_that_was_cut_says_where_why_and_what_would_keep_it(self, films):
        at = visit(query=EAR, doc=VELVET)
        metrics = {metric.label: metric.value for metric in at.metric}
        assert metrics["Rank in the beam"] == "cut"
        found = films.why(EAR, VELVET)
        assert metrics["Smallest width that keeps it"] == str(found.smallest_beams)
        assert metrics["Rank if nothing were cut"] == str(found.exact_rank)
        stages = table(at, "Rank of all")
        assert stages["Fate"].tolist() == ["kept", "cut", "gone", "gone"]
        assert stages["Total"].notna().all()

    @pytest.mark.parametrize(("query", "document"), [(QUERY, "dark-city-1998"), (EAR, VELVET)])
    def test_the_width_that_keeps_it_can_be_used(self, query, document):
        at = visit(query=query, doc=document, beams="1")
        smallest = int(next(metric.value for metric in at.metric if metric.label.startswith("Smallest")))
        assert smallest > 1
        at = sound(next(button for button in at.button if button.label == "Use that width").click().run())
        assert at.select_slider(state.BEAMS).value == smallest
        assert next(metric.value for metric in at.metric if metric.label == "Rank in the beam") != "cut"

    def test_a_document_that_a_filter_leaves_out_is_said(self):
        at = visit(query=EAR, doc=VELVET, filter="year > 1990")
        assert any("left out" in warning.value for warning in at.warning)

    @pytest.mark.parametrize("document", ["nosuch", "../../etc", "![x](y)"])
    def test_an_unknown_document_pins_nothing(self, document):
        assert visit(doc=document).selectbox("decode-pin").value is None


class TestPicture:
    def test_a_pinned_node_is_drawn_however_far_down(self, films):
        trace = films.decode(EAR, 2)
        path = films.trie.path(films.row_of[VELVET])
        drawn = beam_points.points(trace, films.trie, films.names, 4, frozenset(path))
        pinned = [point for point in drawn if point.pinned]
        assert len(pinned) == 1
        assert pinned[0].rank > pinned[0].drawn_at == 2 + beam_points.PRUNED_DRAWN + 1

    def test_prefixes_that_no_document_has_are_told_apart(self, films):
        trace = films.decode(QUERY, 10, strategy="unconstrained")
        absent = [point for point in beam_points.points(trace, films.trie, films.names, 4) if point.state == "absent"]
        assert absent
        assert all(films.trie.find(tuple(map(int, point.prefix.split("-")))) is None for point in absent)

    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_every_strategy_has_a_picture_whose_lines_lead_from_kept_points(self, films, strategy):
        drawn = beam_points.points(films.decode(QUERY, 5, strategy=strategy), films.trie, films.names, 4)
        json.dumps(beams.option(films.decode(QUERY, 5, strategy=strategy), drawn))
        for point in drawn[1:]:
            parent = drawn[point.parent]
            assert parent.step == point.step - 1
            assert parent.state != "pruned"

    def test_the_file_is_small_and_says_what_was_asked(self, films):
        asked = decoding.Asked("beam", 100, 1.0, 0, {}, "year > 1950", "", ("9",))
        decoded = decoding.run(films, QUERY, asked)
        file = sharing.as_html(films, QUERY, [decoded], frozenset(), VELVET)
        assert len(file.encode()) < 300_000
        for told in (f"<h1><bdi>{QUERY}</bdi>", "build films", "scorer centroid", "100 beams", "pinned Blue Velvet"):
            assert told in file
        assert "strategy beam, filter year &gt; 1950, banned 9" in file
        for title in written(visit(filter="year > 1950", ban="9"))["Title"]:
            assert f"<li><bdi>{html.escape(title)}</bdi>" in file
        vector = sharing.as_svg(films, decoded, frozenset(), 2)
        assert 'class="kept off" data-s="3"' in vector
        assert 'class="kept" data-s="2"' in vector


def test_the_asked_for_says_its_interventions_in_words():
    asked = decoding.Asked("beam", 10, 2.0, 0, {}, "year > 1990", "3", ("4", "5-1"))
    assert asked.interventions == ["filter year > 1990", "forced 3", "banned 4", "banned 5-1", "temperature 2"]
    assert asked.plain().interventions == []


def test_what_is_found_is_counted_against_the_same_restriction(films):
    allowed = np.array([document.metadata["year"] > 2000 for document in films.corpus.documents])
    tree = restrict(films.trie, allowed)
    asked = decoding.Asked("beam", 50, 1.0, 0, {}, "year > 2000", "", ())
    found = decoding.run(films, QUERY, asked)
    exact = films.decode(QUERY, 10, strategy="exact", tree=tree).documents(tree, 10)[0]
    mine = films.decode(QUERY, 50, tree=tree).documents(tree, 10)[0]
    assert found.found == len(set(exact.tolist()) & set(mine.tolist()))


def rows_of(films, frame) -> list[str]:
    by_identifier = {films.identifier(row): document.id for row, document in enumerate(films.corpus.documents)}
    return [by_identifier[identifier] for identifier in frame["Identifier"]]
