"""Addresses hold: the question is carried from page to page, and a pinned link shows the same on another day."""

import random
import re
import shutil
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from app.common import address, state
from engine import paths
from engine.builds import runs
from engine.builds.examples import shipped
from engine.decoding import DEFAULT_BEAMS
from engine.decoding.strategies import STRATEGIES
from tests.app.at import sound, table, visit
from tests.app.conftest import change_run
from tests.homes import link_cache

EXAMPLES = [example.query for example in shipped()[1]]
A, B, C = EXAMPLES[:3]


def to(at: AppTest, page: str, **asked: str | list[str]) -> AppTest:
    """Follow a link or the navigation to a page; it takes nothing along but what it says itself."""
    at.switch_page(f"../pages/{page}.py")
    at.query_params = dict(asked)
    return sound(at.run())


def asked(at: AppTest, name: str) -> str:
    value = at.query_params.get(name, "")
    return value[-1] if isinstance(value, list) else value


def link(at: AppTest) -> dict[str, list[str]]:
    """What the address of *Copy link* asks for."""
    return parse_qs(urlsplit(next(code.value for code in at.code if code.value.startswith("?"))).query)


@pytest.mark.usefixtures("with_films")
class TestCarried:
    def test_the_example_last_chosen_is_what_compare_shows(self):
        at = visit("start")
        at.pills("start-example").select(A).run()
        at = to(at, "start")
        at.pills("start-example").select(B).run()
        assert sound(at).text_input(state.QUERY).value == B
        assert sound(to(at, "compare", query=B)).text_input(state.QUERY).value == B
        assert to(at, "decode").text_input(state.QUERY).value == B

    def test_query_width_and_pinned_document_go_along_by_the_navigation(self):
        at = visit("decode", query=A, beams="30", doc="seven-samurai-1954", node="9", force="9", step="2")
        at = to(at, "trie")
        assert any("Seven Samurai has identifier" in text.value for text in at.text)
        at = to(at, "compare")
        assert at.text_input(state.QUERY).value == A
        assert at.select_slider(state.BEAMS).value == 30
        assert at.selectbox("pin").value == "seven-samurai-1954"
        at = to(at, "decode")
        assert [asked(at, name) for name in (state.QUERY, state.BEAMS, state.DOCUMENT)] == [A, "30", "seven-samurai-1954"]
        assert not any(asked(at, name) for name in address.OF_ONE_DECODE)

    def test_a_link_that_asks_another_query_gets_it(self):
        assert to(visit("decode", query=A), "compare", query=C).text_input(state.QUERY).value == C

    @pytest.mark.parametrize("way", ["typed", "example"])
    def test_step_node_force_and_ban_belong_to_the_query_they_were_set_for(self, way):
        at = visit("decode", query=A, step="2", node="9", force="9", ban="9-1")
        (at.text_input(state.QUERY).set_value(B) if way == "typed" else at.pills("example").select(B)).run()
        assert sound(at).text_input(state.QUERY).value == B
        assert not any(asked(at, name) for name in address.OF_ONE_DECODE)

    def test_what_belongs_to_a_build_goes_when_another_is_chosen_and_the_query_stays(self, empty_home, films_home, monkeypatch):
        for name in ("films", "another"):
            (empty_home / "builds").mkdir(exist_ok=True)
            (empty_home / "builds" / name).symlink_to(films_home / "builds" / "films")
        monkeypatch.setenv("TRIESCOPE_HOME", str(empty_home))
        link_cache(films_home, empty_home)
        at = visit("decode", query=A, ban="9", doc="seven-samurai-1954", beams="7")
        at.selectbox(state.BUILD).select("another").run()
        found = [asked(sound(at), name) for name in (state.BUILD, state.QUERY, state.BEAMS, state.BAN, state.DOCUMENT)]
        assert found == ["another", A, "7", "", ""]
        assert asked(to(at, "trie"), state.BUILD) == "another"

    def test_what_cannot_be_used_can_be_taken_out_of_the_address(self):
        at = visit("compare", query=A, doc="nobody")
        next(button for button in at.button if button.key == "remove-doc").click().run()
        assert not sound(at).warning
        assert asked(at, state.DOCUMENT) == ""


def lists(at: AppTest):
    """What a person came for: the documents, in their order."""
    return table(at, "Total") if any("Total" in frame.value.columns for frame in at.dataframe) else table(at, "title", "id")


def drawn(seed: int) -> tuple[str, dict[str, str | list[str]]]:
    """A page and a state of it, at random."""
    draw = random.Random(seed)
    query, beams = draw.choice(EXAMPLES), str(draw.choice([3, 10, 41, DEFAULT_BEAMS, 300]))
    given: dict[str, str | list[str]] = {"query": query, "beams": beams}
    page = draw.choice(["decode", "compare"])
    if page == "decode":
        given |= {"strategy": draw.choice(list(STRATEGIES)), "temperature": draw.choice(["1.0", "2.5"])}
        given |= draw.choice([{}, {"filter": "year > 1960"}, {"ban": "9"}, {"force": "26"}, {"step": "2"}])
        given |= {"diverse-groups": "2"} if given["strategy"] == "diverse" else {}
    else:
        given |= {
            "k": str(draw.randint(5, 20)),
            "columns": draw.sample(["bm25", "dense", "generative", "hybrid", "bm25+dense"], 3),
        }
    return page, given


def same_lists(there: AppTest, here: AppTest) -> bool:
    renamed = {name: name.removesuffix(":centroid") for name in lists(there).columns}
    return not there.warning and lists(there).rename(columns=renamed).equals(lists(here))


# Forty were looked at; ten of them each time.
SEEDS = [*range(10), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 40))]


@pytest.mark.usefixtures("with_films")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_link_of_a_random_state_shows_the_same_lists(seed):
    page, given = drawn(seed)
    here = visit(page, **given)
    pinned = link(here)
    assert {state.BUILD, state.STAMP, state.QUERY, state.BEAMS} <= set(pinned)
    assert same_lists(visit(page, **pinned), here)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40, 50))
def test_a_link_of_a_random_state_shows_the_same_lists_after_a_training(with_trained, seed):
    runs.choose(with_trained, runs.CENTROID)
    page, given = drawn(seed)
    given = {name: value for name, value in given.items() if name not in ("ban", "force", "filter")} | {"build": "sixty"}
    here = visit(page, **given)
    pinned = link(here)
    change_run(with_trained, "node", beats_centroid=True)
    runs.choose(with_trained, "node")
    assert same_lists(visit(page, **pinned), here)


class TestPinnedLinks:
    def test_a_link_keeps_its_scorers_when_the_default_becomes_another(self, with_trained):
        runs.choose(with_trained, runs.CENTROID)
        query = "old couple visit their busy grown-up children in the city"
        before = {page: visit(page, build="sixty", query=query) for page in ("decode", "compare")}
        links = {page: link(at) for page, at in before.items()}
        assert links["decode"][state.SCORER] == [runs.CENTROID]
        assert "generative:centroid" in links["compare"][state.COLUMNS]
        change_run(with_trained, "node", beats_centroid=True)
        runs.choose(with_trained, "node")
        for page, at in before.items():
            again = visit(page, **links[page])
            assert not again.warning
            renamed = {name: name.removesuffix(":centroid") for name in lists(again).columns}
            assert lists(again).rename(columns=renamed).equals(lists(at))

    def test_a_link_to_a_build_that_holds_something_else_now_says_so(self, empty_home, films_home, with_films, monkeypatch):
        pinned = link(visit("decode", query=A))
        shutil.copytree(films_home / "builds" / "films", empty_home / "builds" / "films")
        monkeypatch.setenv("TRIESCOPE_HOME", str(empty_home))
        link_cache(films_home, empty_home)
        assert not visit("decode", **pinned).warning
        changed = pinned | {state.STAMP: ["0" * 12]}
        assert any("held something else" in warning.value for warning in visit("decode", **changed).warning)

    def test_a_run_trained_anew_under_its_name_changes_the_stamp(self, with_trained):
        from engine.builds.opened import Build

        build = Build(with_trained)
        first = address.stamp(build, ["node"])
        assert first != address.stamp(build, ["centroid"])
        change_run(with_trained, "node", weights="weights-0.safetensors")
        assert address.stamp(build, ["node"]) != first


def test_no_other_widget_has_a_key_of_the_address():
    """What an address says stays in the session from page to page: a widget of the same key elsewhere would find it there."""
    own = {value for name, value in vars(state).items() if name.isupper() and isinstance(value, str)}
    sources = [file.read_text("utf-8") for room in ("app", "pages") for file in (paths.ROOT / room).rglob("*.py")]
    assert own & {key for source in sources for key in re.findall(r'\bkey="([^"]+)"', source)} == set()
