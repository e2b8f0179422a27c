"""What a notebook is given: a list and a tuple as ever, which show themselves as a table and as the picture, hostile or not."""

import copy
from html.parser import HTMLParser

import numpy as np
import pytest

from engine.builds.hits import ROWS, Hit, Hits
from engine.builds.opened import Build
from engine.builds.results import Decode, Results
from engine.decoding.strategies import STRATEGIES
from engine.decoding.trace import Trace
from engine.pictures.shown import drawn
from engine.pictures.svg import tip
from tests.engine.pictures.shows import WILD

QUERY = "the vector counts, not these words"
TABLE = set("table thead tbody tr th td bdi p".split())


@pytest.fixture(scope="module")
def vector(opened):
    return np.array(opened.embeddings[17])


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.cells, self.frames = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "iframe":
            self.frames.append(dict(attributes))

    def handle_data(self, data):
        self.cells.append(data)


def test_hits_are_a_list_and_a_search_is_a_pair(opened, vector):
    found = opened.search(QUERY, "dense", 5, vector=vector)
    hits, ms = found
    assert isinstance(found, Results)
    assert found == (hits, ms)
    assert isinstance(hits, list)
    assert hits == list(hits)
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]


def test_a_search_shows_a_table_of_what_was_found(opened, vector):
    found = opened.search(QUERY, "dense", 5, vector=vector)
    cells = Reader(found._repr_html_()).cells
    for hit in found.hits:
        at = cells.index(hit.title)
        assert cells[at - 1] == str(hit.rank)
        assert float(cells[at + 1]) == pytest.approx(hit.score)
        assert cells[at + 2] == hit.identifier
    assert cells[-1] == f"encode 0 ms, search {found.ms['search']:g} ms"


def test_a_title_is_text_and_one_that_is_missing_is_the_id():
    shown = Reader(Hits([Hit(1, WILD, WILD, 1.0, WILD, WILD), Hit(2, "an id", "", 0.5, "3", "dense")])._repr_html_())
    assert shown.tags == TABLE - {"p"}
    assert "an id" in shown.cells


def test_a_long_list_says_what_it_leaves_out_and_an_empty_one_that_it_is():
    many = Hits(Hit(rank, str(rank), f"title {rank}", 1.0, "3", "dense") for rank in range(1, ROWS + 21))
    told = many._repr_html_()
    assert f"title {ROWS}<" in told
    assert f"title {ROWS + 1}<" not in told
    assert f"The first {ROWS} of {ROWS + 20}." in told
    assert "Nothing was found" in Results(Hits(), {"encode": 0.0, "search": 0.1})._repr_html_()


def test_a_decode_is_a_trace_and_what_is_made_of_it_is_one_too(opened, vector):
    found = opened.decode(QUERY, 5, vector)
    assert isinstance(found, Trace)
    assert [field is other for field, other in zip(found, Trace(*found), strict=True)] == [True] * len(Trace._fields)
    other = found._replace(beams=7)
    assert (other.beams, other.how, other.steps) == (7, found.how, found.steps)
    assert "7 beams" in other.html()
    copied = copy.copy(found)
    assert type(copied) is Trace
    assert copied.leaves is found.leaves


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_decode_by_any_strategy_shows_its_picture(opened, vector, strategy):
    found = opened.decode(QUERY, 5, vector, strategy)
    (frame,) = Reader(found._repr_html_()).frames
    assert frame["srcdoc"] == found.html()
    assert frame["sandbox"] == "allow-scripts"
    inside = Reader(frame["srcdoc"]).cells
    assert f"strategy {strategy}" in inside
    assert {tip(point, "") for point in drawn(found.shown()).points} <= set(inside)
    assert {opened.documents[row].title for row in found.documents(opened.trie, 5)[0]} <= set(inside)
    assert found.svg(0) != found.svg() == found.svg(99)


def test_what_was_asked_besides_is_told(opened, vector):
    tree = opened.view(ban=[str(opened.codes[0][0])])
    found = opened.decode(QUERY, 5, vector, "diverse", tree, {"groups": 2}, temperature=2.0)
    inside = Reader(found.html()).cells
    assert "strategy diverse, groups 2, temperature 2" in inside
    assert f"{len(tree.documents)} of {len(opened.documents)} documents allowed" in inside
    assert type(found) is Decode


def test_a_hostile_catalogue_is_text(tmp_path, small_build):
    opened = Build(small_build)
    opened.__dict__["names"] = [WILD] * len(opened.trie.code)
    opened.__dict__["documents"] = [document._replace(title=WILD, id=WILD) for document in opened.documents]
    found = opened.decode(QUERY, 5, np.array(opened.embeddings[3]))
    shown = Reader(found._repr_html_())
    assert shown.tags == {"iframe"}
    assert "img" not in Reader(shown.frames[0]["srcdoc"]).tags
