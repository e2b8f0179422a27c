"""Every page as a script: with a build and without, and with whatever a person can put into the address bar."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from app.common import state
from engine import paths
from engine.builds.examples import shipped
from engine.paths import ROOT
from tests.app.at import infos, said, sound, table, visit

PAGES = ("start", *(path.stem for path in sorted((ROOT / "pages").glob("*.py")) if path.stem != "start"))
ASKING = ("decode", "compare")
EXAMPLES = [example.query for example in shipped()[1]]
WITH_FILMS = pytest.mark.usefixtures("with_films")
QUERY = "a heist that happens inside dreams"
HTML = "<script>alert(1)</script><img src=x onerror=alert(2)> {b} **bold** `code`"
WRONG_BUILDS = ("/etc", "none", "", HTML, "films/../films")
WRONG_PREFIXES = (
    "99-99",
    "abc",
    "1-",
    "-1",
    "--",
    "1--2",
    "99999999999999999999",
    "3-17-0-0-0-0",
    "../../etc",
    "0x1",
    "1e3",
    "٣",
    "½",
    " 1",
    "more",
    "root",
    "1-more",
    "\x00",
    "1" * 600,
    HTML,
)


def warnings(at: AppTest) -> str:
    return " ".join(warning.value.replace("\\", "") for warning in at.warning)


def title(at: AppTest) -> str:
    return at.title[0].value


class TestWithoutABuild:
    def test_the_start_page_offers_to_make_one(self):
        at = visit("start")
        assert [button.label for button in at.button] == ["Build the films catalogue"]
        assert not at.selectbox

    @pytest.mark.parametrize("page", [page for page in PAGES if page not in ("start", "glossary", "catalogue", "builds")])
    def test_the_other_pages_say_where_to_make_one(self, page):
        at = visit(page, query=QUERY, prefix="3-17", doc="x", node="1", build="films")
        assert "There is no build yet" in infos(at)
        assert [link.proto.label for link in at.get("page_link")] == ["Go to the start page"]
        assert not at.button

    @pytest.mark.parametrize("name", ["../../etc", "Films", ".hidden", "a" * 41, "films-", "no_underscores"])
    def test_a_folder_that_is_no_build_is_not_offered(self, empty_home, name):
        (empty_home / "builds" / "x" / ".." / name).mkdir(parents=True)
        at = visit("start", build=name)
        assert not at.selectbox
        assert at.button[0].label == "Build the films catalogue"

    def test_a_file_in_the_folder_of_builds_does_no_harm(self, empty_home):
        (empty_home / "builds").mkdir()
        (empty_home / "builds" / "films").write_text("not a folder")
        assert visit("start").button[0].label == "Build the films catalogue"


@pytest.fixture(params=["manifest.json", "names.parquet"])
def damaged_home(request, empty_home, films_home):
    """One file of the build is cut short."""
    folder = shutil.copytree(films_home / "builds" / "films", empty_home / "builds" / "films")
    (folder / request.param).write_bytes((folder / request.param).read_bytes()[:100])
    return empty_home


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_build_is_said_in_a_line(damaged_home, page):
    at = visit(page, query=QUERY)
    assert at.error
    assert all("damaged" in error.value and "\n" not in error.value for error in at.error)


@WITH_FILMS
class TestAddressBar:
    @pytest.mark.parametrize("page", PAGES)
    def test_every_page_opens_on_the_films(self, page):
        at = visit(page)
        assert at.selectbox(state.BUILD).value == "films"
        assert "1,201 documents" in at.caption[0].value
        assert not at.error

    @pytest.mark.parametrize(
        ("page", "name"), [*((page, "../../etc") for page in PAGES), *(("start", name) for name in WRONG_BUILDS)]
    )
    def test_where_a_build_is_not_there_the_page_says_which_one_it_shows(self, page, name):
        at = visit(page, build=name)
        assert at.selectbox(state.BUILD).value == "films"
        assert ("that is not there; this is films" in warnings(at)) == bool(name)
        assert not at.error

    @pytest.mark.parametrize("prefix", WRONG_PREFIXES)
    def test_a_wrong_prefix_shows_the_root_and_says_so(self, prefix):
        at = visit("trie", prefix=prefix)
        assert "showing the root" in warnings(at)
        assert "1 to 50 of 1,201" in said(at)

    @pytest.mark.parametrize("prefix", ["0", "15-15", "00"])
    def test_a_prefix_shows_what_is_below_it(self, films, prefix):
        at = visit("trie", prefix=prefix)
        assert not at.warning
        codes = "-".join(str(int(code)) for code in prefix.split("-"))
        assert all(found.startswith(f"{codes}-") for found in table(at, "Identifier")["Identifier"])

    @pytest.mark.parametrize("page", ["trie", "compare"])
    @pytest.mark.parametrize("document", ["nobody", "../../etc/passwd", HTML, "0", " "])
    def test_a_document_that_is_not_there_is_not_pinned(self, page, document):
        at = visit(page, doc=document, query=QUERY)
        assert "Unpin" not in [button.label for button in at.button]
        assert not at.metric
        assert "The address pins a document that this build does not have" in warnings(at)

    def test_a_document_is_pinned_in_the_trie(self, films):
        at = visit("trie", doc="seven-samurai-1954")
        path = films.identifier(films.row_of["seven-samurai-1954"])
        assert any(f"Seven Samurai has identifier {path}" in text.value for text in at.text)

    def test_a_document_is_followed_through_the_retrievers(self):
        at = visit("compare", doc="seven-samurai-1954", query="samurai hired to protect a poor village")
        assert {metric.label: metric.value for metric in at.metric}["dense rank"] == "1"
        assert list(table(at, "Fate")["Level"]) == [1, 2, 3, 4]

    @pytest.mark.parametrize("node", ["99-99", "abc", "31-31-31-2", "1" * 600, HTML])
    def test_a_node_that_is_not_in_the_picture_opens_nothing_and_the_page_says_so(self, node):
        at = visit("decode", query=QUERY, node=node)
        assert "Click a node of the picture" in infos(at)
        assert "that is not in this picture" in warnings(at)

    def test_a_node_of_the_picture_opens_its_panel(self):
        first = visit("decode", query=QUERY, table="true")
        node = table(first, "prefix")["prefix"].iloc[0]
        at = visit("decode", query=QUERY, node=node)
        assert f"Node {node}" in [heading.value for heading in at.header]
        assert {"Step probability", "Total", "Rank", "Documents below"} == {metric.label for metric in at.metric}
        at.button("back").click().run()
        assert sound(at).query_params["node"] in (node, [node])

    @pytest.mark.parametrize(
        ("page", "parameters", "used"),
        [
            ("decode", {"beams": "0", "step": "9"}, {"beams": 1, "step": 4}),
            ("decode", {"beams": "5000", "step": "-1"}, {"beams": 1201, "step": 0}),
            ("decode", {"beams": "many", "step": "x"}, {"beams": 100, "step": 4}),
            ("decode", {"beams": "1e9", "temperature": "hot"}, {"beams": 100}),
            ("decode", {"strategy": "../../x", "beside": "<b>"}, {"beams": 100}),
            ("compare", {"k": "1000", "beams": "-5"}, {"beams": 1}),
            ("compare", {"k": "ten", "columns": "bm26"}, {"beams": 100}),
            ("compare", {"columns": ["generative:nobody", "bm25"], "beams": "٣"}, {"beams": 100}),
            ("trie", {"depth": "7"}, {}),
            ("trie", {"depth": HTML}, {}),
            ("map", {"colour": "red"}, {}),
        ],
    )
    def test_a_setting_that_cannot_be_used_is_replaced_and_said(self, page, parameters, used, studied_home, monkeypatch):
        monkeypatch.setenv("TRIESCOPE_HOME", str(studied_home))
        at = visit(page, query=QUERY, **parameters)
        assert {name: at.select_slider(name).value for name in used} == used
        assert ["address" in warning.value for warning in at.warning] == [True] * len(parameters)

    @pytest.mark.parametrize("parameters", [{"beams": "1"}, {"beams": "1201"}, {"step": "0"}, {"step": "0", "node": "1"}])
    def test_the_ends_of_the_ranges_can_be_drawn(self, parameters):
        assert title(visit("decode", query=QUERY, **parameters)) == "Watch it decode"


@WITH_FILMS
class TestQueries:
    @pytest.mark.parametrize("page", ASKING)
    @pytest.mark.parametrize("query", ["", " ", "?!... --", "«»", "<>", "\t\n"])
    def test_a_query_without_a_word_is_asked_for_again(self, page, query):
        at = visit(page, query=query)
        assert "Type a query" in infos(at)
        assert not at.dataframe

    @pytest.mark.parametrize("page", ASKING)
    @pytest.mark.parametrize(
        "query", ["x", "dream " * 83 + "so", HTML, "雪の中の家族", "🎬 film", "a\x00b", "'; drop table films; --"]
    )
    def test_any_other_query_is_answered(self, page, query):
        at = visit(page, query=query)
        assert at.dataframe
        assert "Type a query" not in infos(at)

    @pytest.mark.parametrize("page", ASKING)
    def test_a_query_longer_than_the_box_takes_does_not_break_the_page(self, page):
        visit(page, query="dream " * 200)

    @pytest.mark.parametrize("page", PAGES)
    def test_html_in_the_address_is_never_written_as_html(self, page):
        at = visit(page, query=HTML, doc=HTML, node=HTML, prefix=HTML, build=HTML)
        assert not any(text.allow_html for text in at.markdown)
        ours = {(paths.ROOT / "app" / name).read_text("utf-8") for name in ("page.css", "phone_menu.html", "no_prefetch.html")}
        assert {html.proto.body.removeprefix("<style>").removesuffix("</style>") for html in at.get("html")} <= ours

    def test_what_it_wrote_are_ten_identifiers_best_first(self, films):
        written = table(visit("decode", query=QUERY), "Total")
        assert len(written) == 10
        assert written["Total"].is_monotonic_decreasing
        assert set(written["Title"]) <= {document.title for document in films.corpus.documents}

    @pytest.mark.parametrize("example", EXAMPLES)
    def test_every_example_leads_to_ten_documents(self, example):
        assert len(table(visit("decode", query=example), "Total")) == 10

    @pytest.mark.parametrize("page", ASKING)
    def test_an_example_fills_the_query_box(self, page):
        at = visit(page)
        at.pills("example").select(EXAMPLES[2]).run()
        assert sound(at).text_input(state.QUERY).value == EXAMPLES[2]
        assert at.dataframe


@WITH_FILMS
class TestDecode:
    def test_back_and_on_move_one_level_and_stop_at_the_ends(self):
        at = visit("decode", query=QUERY)
        seen = [at.select_slider(state.STEP).value]
        for button in ["on", *["back"] * 5, "on"]:
            sound(at.button(button).click().run())
            seen.append(at.select_slider(state.STEP).value)
        assert seen == [4, 4, 3, 2, 1, 0, 0, 1]

    def test_the_table_holds_the_levels_shown(self):
        at = visit("decode", query=QUERY, step="2", table="true")
        assert set(table(at, "prefix")["step"]) == {1, 2}

    def test_more_beams_keep_more(self):
        at = visit("decode", query=QUERY, table="true")
        at.select_slider(state.BEAMS).set_value(30).run()
        kept = table(sound(at), "prefix").query("state != 'pruned' and step == 3")
        assert len(kept) == 30


@WITH_FILMS
class TestStart:
    def test_a_query_sent_opens_decode(self):
        at = visit("start")
        at.text_input[0].set_value(QUERY)
        at.button[0].click().run()
        assert title(sound(at)) == "Watch it decode"
        assert at.text_input(state.QUERY).value == QUERY

    def test_blanks_sent_stay_here(self):
        at = visit("start")
        at.text_input[0].set_value("   ")
        at.button[0].click().run()
        assert title(sound(at)).startswith("Watch a model")

    def test_an_example_opens_decode(self):
        at = visit("start")
        at.pills("start-example").select(EXAMPLES[3]).run()
        assert title(sound(at)) == "Watch it decode"
        assert at.text_input(state.QUERY).value == EXAMPLES[3]

    def test_the_facts_are_those_of_the_manifest(self, films):
        facts = {metric.label: metric.value for metric in visit("start").metric}
        assert facts["Documents"] == "1,201"
        assert facts["Trie nodes"] == f"{films.manifest.trie.nodes:,}"
