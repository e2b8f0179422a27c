"""What stands in empty boxes and on example buttons belongs to the open build, and what is said of an example to the scorer."""

import pytest

from app.common import state, trying
from engine import filters
from engine.builds import runs
from engine.builds.examples import shipped
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from tests.app.at import infos, said, sound, table, visit
from tests.app.conftest import HTML

FILMS = [example.query for example in shipped()[1]]
LOSES = "in the fourth, generative search loses"
ASKING = ("decode", "compare", "map")


def offered(at):
    return [list(pills.options) for pills in at.pills]


def everything(at):
    """All that can be read without typing: texts, labels, placeholders, values."""
    boxes = [part for box in at.text_input for part in (box.label, box.placeholder, str(box.value or ""))]
    return " ".join([said(at), infos(at), *boxes, *(pills.label for pills in at.pills), *(str(part) for part in offered(at))])


@pytest.mark.parametrize("page", ["start", "decode", "compare", "map"])
def test_on_another_catalogue_nothing_of_the_films_is_offered(with_trained, page):
    at = visit(page, **({"query": "red"} if page in ASKING else {}))
    assert not [query for query in FILMS if query in everything(at).replace("\\", "")]
    assert "loses" not in everything(at)


@pytest.mark.parametrize("page", ["decode", "compare"])
def test_a_query_of_its_own_is_in_the_box_and_a_press_asks_it(with_trained, page):
    own = trying.queries(Build(with_trained))
    at = visit(page)
    assert at.text_input(state.QUERY).placeholder == own[0]
    at.pills("example").select(own[1]).run()
    assert sound(at).text_input(state.QUERY).value == own[1]


def test_the_map_has_them_where_it_searches(empty_home, studied_home, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(studied_home))
    at = visit("map", colour="Search hits")
    at.pills("map-example").select(FILMS[0]).run()
    assert sound(at).text_input(state.QUERY).value == FILMS[0]
    assert len(table(at, "Dense", "Generative", "Title"))


def test_the_filter_in_the_empty_box_can_be_typed(with_trained):
    build = Build(with_trained)
    at = visit("decode", query="red")
    shown = at.text_input("filter").placeholder
    assert shown == trying.of(build).filter != ""
    assert 0 < filters.evaluate(build.columns, shown).sum() < 60


def test_watched_queries_are_of_the_build_and_none_by_which_it_will_be_judged(untrained):
    at = visit("train")
    watched = [at.text_input(f"watch-dev-{place}").value for place in range(3)]
    assert watched == trying.queries(Build(untrained))[:3]


def test_a_catalogue_in_which_nothing_can_be_asked_has_plain_boxes_and_no_buttons(empty_home):
    documents = [Document(str(row), "", "." * (row + 1), {}) for row in range(3)]
    make(Corpus("dots", documents, {}, {}, []), BuildSpec(scheme="atomic"), empty_home / "builds" / "dots")
    at = visit("decode")
    assert offered(at) == []
    assert at.text_input(state.QUERY).placeholder == "What are you looking for?"
    assert infos(at) == "Type a query."
    assert offered(visit("start")) == []


def test_titles_are_shown_letter_by_letter(empty_home):
    documents = [Document(str(row), f"{HTML[:40]} {row}", "text", {}) for row in range(8)]
    make(Corpus("odd", documents, {}, {}, []), BuildSpec(scheme="atomic"), empty_home / "builds" / "odd")
    (shown,) = offered(visit("decode"))
    assert len(shown) == 6
    assert all(":red[" not in label and "**" not in label for label in shown)


class TestWhatIsSaidOfAnExample:
    def test_it_is_said_on_the_films_where_the_scorer_is_the_one_that_it_was_checked_for(self, with_films):
        films = Build(with_films / "builds" / "films")
        assert LOSES in trying.invitation(films, runs.CENTROID)
        assert trying.invitation(films, "node") == "Or try one of these"

    def test_start_says_it_of_its_default_scorer(self, with_films):
        at = visit("start")
        assert LOSES in at.pills("start-example").label
