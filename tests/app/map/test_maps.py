"""The Map page and what it asks of a build. The map itself is thrown down at random here: no UMAP, no encoder."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.charts import groups
from app.common import documents, state
from app.map import found, maps
from app.map.near import neighbours
from engine import paths
from engine.builds import map as stored_map
from engine.builds.hits import Hit
from engine.builds.projection import Projection
from tests.maps import thrown_down

SAMURAI, QUERY = "seven-samurai-1954", "a heist that happens inside dreams"


@pytest.fixture
def made(films) -> Projection:
    return thrown_down(len(films.corpus.documents), 400)


class TestNeighbours:
    def test_they_are_the_nearest_by_cosine_of_all_documents(self, films, made):
        row = films.row_of[SAMURAI]
        cosines = np.asarray(films.embeddings) @ np.asarray(films.embeddings[row])
        expected = [other for other in np.argsort(-cosines, kind="stable").tolist() if other != row][:12]
        near = neighbours(films, made, row, 12)
        assert near["Row"].tolist() == expected
        assert np.allclose(near["Cosine"], cosines[expected], atol=1e-4)
        assert near["Rank"].tolist() == list(range(1, 13))

    def test_codes_shared_are_the_common_beginning(self, films, made):
        row = films.row_of[SAMURAI]
        own = films.identifier(row).split("-")
        for told in neighbours(films, made, row, 20).itertuples(index=False):
            other = told.Identifier.split("-")
            shared = next(
                (place for place, (a, b) in enumerate(zip(own, other, strict=False)) if a != b), min(len(own), len(other))
            )
            assert told[3] == shared

    def test_the_place_on_the_map_counts_the_points_that_are_nearer(self, films, made):
        row = int(made.rows[5])
        near = neighbours(films, made, row, 50)
        distance = np.linalg.norm(made.xy - made.xy[5], axis=1)
        shown = dict(zip(made.rows.tolist(), distance.tolist(), strict=True))
        drawn = near[near["Map place"].notna()]
        for other, place in zip(drawn["Row"], drawn["Map place"], strict=True):
            assert place == sum(d < shown[other] for r, d in shown.items() if r != row) + 1
        assert drawn["Row"].tolist() == [other for other in near["Row"] if other in shown]
        assert 0 < len(drawn) < 50

    def test_under_a_filter_they_are_the_nearest_of_those_that_pass(self, films, made):
        row = films.row_of[SAMURAI]
        everything = neighbours(films, made, row, 1200)
        passing = films.allowed("year > 1990")
        expected = [other for other in everything["Row"] if passing[other]][:8]
        assert neighbours(films, made, row, 8, "year > 1990")["Row"].tolist() == expected

    def test_a_document_that_is_not_drawn_has_neighbours_but_no_places(self, films, made):
        row = next(row for row in range(10) if row not in made.rows)
        assert maps.place(made, row) is None
        near = neighbours(films, made, row, 5)
        assert len(near) == 5
        assert near["Map place"].isna().all()


class TestFound:
    def test_the_list_has_every_document_found_by_its_best_rank(self, films):
        hits = found.hits(films, QUERY)
        listed = found.table(films, QUERY, hits)
        rank = {name: {hit.id: hit.rank for hit in of} for name, of in hits.items()}
        assert set(listed["Id"]) == set(rank["dense"]) | set(rank["generative"])
        best = []
        for told in listed.itertuples(index=False):
            own = [rank[name].get(told.Id) for name in ("dense", "generative")]
            assert [None if value is pd.NA else value for value in (told.Dense, told.Generative)] == own
            best.append(min(value for value in own if value))
        assert best == sorted(best)

    def test_a_document_that_one_retriever_alone_finds_is_in_the_list_without_the_others_rank(self, films):
        hits = [Hit(1, "ran-1985", "Ran", 1.0, "1", ""), Hit(2, SAMURAI, "Seven Samurai", 1.0, "1", "")]
        listed = found.table(films, QUERY, {"dense": hits[1:], "generative": hits[:1]})
        assert listed["Id"].tolist() == ["ran-1985", SAMURAI]
        assert listed["Dense"].isna().tolist() == [True, False]

    def test_without_a_word_nothing_is_found(self, films):
        assert found.hits(films, " ?! ") == {"dense": [], "generative": []}
        assert found.table(films, "", {"dense": [], "generative": []}).empty


def test_the_export_is_json_without_row_numbers(films, made):
    drawn = groups.largest(groups.prefix_labels(films.trie, films.names, made.rows, 1))
    points = maps.points_table(films, made, drawn)
    told = json.loads(maps.export(made, points, "the first code", nearest=neighbours(films, made, 1, 5), selected=["a"]))
    assert (told["map"]["shown"], told["map"]["seed"], len(told["points"])) == (400, 7, 400)
    assert set(told["points"][0]) == {"Id", "Title", "Identifier", "Group", "x", "y"}
    assert "Row" not in told["nearest"][0]
    assert told["nearest"][0]["Map place"] is None
    assert all(point["Group"] for point in told["points"])


def test_what_is_sampled_and_what_it_is_worth_is_said(made):
    said = maps.trust(made)
    assert "Showing 400 of 1,201 documents, sampled in proportion to the first codes" in said
    assert "**25%** are among its 10 nearest here (measured on 400 points; points thrown down at random: 2.5%)" in said
    assert "Distances on this map are not distances in the index" in said
    alone = maps.trust(thrown_down(1, preservation=None, neighbours=0, method="pca"))
    assert "All 1 documents are shown" in alone
    assert "too few documents for UMAP" in alone
    assert "%" not in alone


@pytest.fixture
def mapped(films, empty_home, made):
    """A home with the films and a map of them."""
    shutil.copytree(films.folder, empty_home / "builds" / "films")
    folder = empty_home / "builds" / ".maps" / stored_map.map_folder(films).name
    stored_map.write(made, folder)
    return folder


def visit(**parameters: str) -> AppTest:
    at = AppTest.from_file(str(paths.ROOT / "app" / "main.py"), default_timeout=90)
    at.run()
    at.switch_page("../pages/map.py")
    at.query_params = dict(parameters)
    at.run()
    assert [error.value for error in at.exception] == []
    return at


def text(elements) -> str:
    return " ".join(element.value for element in elements)


class TestPage:
    def test_without_a_map_it_offers_to_make_one_and_starts_nothing(self, films, empty_home):
        shutil.copytree(films.folder, empty_home / "builds" / "films")
        at = visit()
        assert "There is no map of films yet" in text(at.info)
        assert [button.label for button in at.button] == ["Make the map (about half a minute on two cores)"]
        assert not (empty_home / "builds" / ".maps").exists()

    def test_a_damaged_map_is_said_and_can_be_made_again(self, mapped):
        (mapped / "map.json").write_text("{")
        at = visit()
        assert "the map is damaged" in text(at.error)
        assert [button.label for button in at.button] == ["Make the map (about half a minute on two cores)"]

    @pytest.mark.usefixtures("mapped")
    @pytest.mark.parametrize(
        "parameters",
        [
            {},
            {"codes": "3"},
            {"codes": "99"},
            {"colour": "Column"},
            {"colour": "Column", "column": "mood"},
            {"colour": "none"},
            {"colour": "Column", "column": "no such column"},
            {"neighbours": "-1", "doc": SAMURAI},
            {"lasso": "true"},
            {"close": "true", "doc": SAMURAI},
            {"build": "../../etc"},
        ],
        ids=str,
    )
    def test_any_address_draws_the_map_and_says_what_it_is_worth(self, parameters):
        at = visit(**parameters)
        assert not at.error
        assert len(at.get("plotly_chart")) == 1
        assert "Distances on this map are not distances in the index" in text(at.caption)

    @pytest.mark.usefixtures("mapped")
    def test_the_chosen_document_stands_beside_the_map_with_its_neighbours(self):
        at = visit(doc=SAMURAI, neighbours="7")
        near = next(frame.value for frame in at.dataframe if "Map place" in frame.value.columns)
        assert len(near) == 7
        assert "Seven Samurai" in text(at.text)
        assert at.query_params[state.DOCUMENT] in (SAMURAI, [SAMURAI])

    @pytest.mark.usefixtures("mapped")
    @pytest.mark.parametrize(
        "how",
        [{"colour": "Search hits", "query": QUERY}, {"codes": "2"}, {"colour": "Column"}, {"filter": "year < 1960"}],
        ids=str,
    )
    def test_the_points_stay_the_same_however_they_are_looked_at(self, films, made, how):
        """A browser keeps a message that is the same, and this one is most of a megabyte on a large build."""
        shown = films.documents[int(made.rows[5])]
        plain, marked = visit(), visit(doc=shown.id, lasso="true", **how)
        assert plain.get("plotly_chart")[0].proto == marked.get("plotly_chart")[0].proto
        colours, told = (json.loads(one.proto.json) for one in marked.get("bidi_component"))
        assert f"{shown.title} and its nearest documents." in told["told"]
        assert len(told["opacity"]) == len(colours["traces"])

    @pytest.mark.usefixtures("mapped")
    def test_a_document_that_is_not_there_is_said_without_repeating_it(self):
        at = visit(doc="![x](http://192.0.2.1/a.png)")
        assert "a document that this build does not have" in text(at.warning)
        assert "192.0.2.1" not in text(at.warning)

    @pytest.mark.usefixtures("mapped")
    def test_without_a_query_the_search_colours_wait_and_the_page_goes_on(self):
        at = visit(colour="Search hits")
        assert "Type a query" in text(at.info)
        assert len(at.get("plotly_chart")) == 1

    @pytest.mark.usefixtures("mapped")
    def test_hits_stand_in_a_list_beside_the_map_and_pass_the_filter(self, films):
        at = visit(colour="Search hits", query=QUERY, filter="year < 1960", table="true")
        listed = next(frame.value for frame in at.dataframe if "Generative" in frame.value.columns)
        assert len(listed) >= 20
        assert all(films.documents[films.row_of[document]].metadata["year"] < 1960 for document in listed["Id"])
        passed = int(films.allowed("year < 1960").sum())
        assert f"{passed:,} of 1,201 documents pass the filter" in text(at.caption)
        points = next(frame.value for frame in at.dataframe if "Group" in frame.value.columns)
        grey = points.loc[points["Group"] == groups.LEFT_OUT, "Id"]
        assert all(films.documents[films.row_of[document]].metadata["year"] >= 1960 for document in grey)
        assert len(grey)

    @pytest.mark.usefixtures("mapped")
    def test_the_table_tells_the_branch_of_every_point(self, films):
        assert not any("Group" in frame.value.columns for frame in visit(codes="2").dataframe)  # it is made when it is opened
        at = visit(codes="2", table="true")
        points = next(frame.value for frame in at.dataframe if "Group" in frame.value.columns)
        for told in points.itertuples(index=False):
            assert told.Group.partition(" · ")[0].split("-") == told.Identifier.split("-")[:2]

    @pytest.mark.usefixtures("mapped")
    def test_a_filter_that_is_refused_leaves_the_colours_without_it(self):
        at = visit(filter="yeer > 1990")
        assert "The colours are those without it" in text(at.error)
        assert len(at.get("plotly_chart")) == 1


def test_a_row_of_a_list_that_is_chosen_pins_its_document(monkeypatch):
    address: dict[str, str] = {}
    monkeypatch.setattr(state.st, "query_params", address)
    monkeypatch.setattr(documents.st, "session_state", {"map-hits": {"selection": {"rows": [1]}}})
    documents.take_row("map-hits", ["a", "b"])
    assert address == {state.DOCUMENT: "b"}
