"""Compare as a script: lists, pins, judged queries."""

import pytest

from app.common import state
from engine.builds.examples import shipped
from engine.decoding.exact import exact_search
from tests.app.at import infos, pick, sound, table, visit

EXAMPLES = [example.query for example in shipped()[1]]
WITH_FILMS = pytest.mark.usefixtures("with_films")
QUERY = "a heist that happens inside dreams"


@WITH_FILMS
class TestCompare:
    def test_k_results_of_each_retriever(self):
        at = visit("compare", query=QUERY, k="5")
        assert f"Shared of {5}" in table(at, "Pair").columns
        ranked = table(at, "hybrid")
        assert ranked["dense"].count() == ranked["generative"].count() == ranked["hybrid"].count() == 5

    def test_a_word_that_no_document_has_leaves_keywords_empty(self):
        assert "No document shares a word" in infos(visit("compare", query="qzxv"))

    def test_the_pin_box_puts_the_document_into_the_address(self):
        at = visit("compare", query=QUERY)
        pick(at, "pin", "samurai seven", "seven-samurai-1954")
        assert sound(at).query_params["doc"] in ("seven-samurai-1954", ["seven-samurai-1954"])
        assert at.metric

    def test_a_pinned_document_stays_while_queries_come_and_go(self):
        at = visit("compare", query=QUERY, doc="seven-samurai-1954")
        at.text_input(state.QUERY).set_value("robot left alone").run()
        assert sound(at).selectbox("pin").value == "seven-samurai-1954"
        assert at.metric

    def test_a_pinned_document_has_the_ranks_that_a_search_of_everything_gives(self, films):
        query, pinned = "samurai hired to protect a poor village", "ran-1985"
        vector = films.encode(query)[0]
        told = {metric.label: metric.value for metric in visit("compare", query=query, doc=pinned, beams="20").metric}
        leaves = exact_search(films.trie, films.scorer(), vector)[0]
        below = [document for leaf in leaves for document in films.trie.leaf_documents(leaf).tolist()]
        assert told["rank if nothing were cut"] == str(below.index(films.row_of[pinned]) + 1)
        everything = [hit.id for hit in films.search(query, "dense", len(films.corpus.documents), vector=vector)[0]]
        assert told["dense rank"] == str(everything.index(pinned) + 1)

    def test_the_width_that_would_have_kept_a_document_is_a_button(self):
        at = visit("compare", query=EXAMPLES[3], doc="blue-velvet-1986", columns=["bm25", "generative"])
        assert at.select_slider(state.BEAMS).value == 100
        at.button("wide-generative").click().run()
        assert sound(at).select_slider(state.BEAMS).value == 114
        assert not [button for button in at.button if button.label.startswith("Use ")]
        assert {metric.label: metric.value for metric in at.metric}["generative rank"] != "cut"

    def test_a_judged_query_says_so(self, films):
        judged = next(
            text for query, text in films.corpus.queries.items() if any(query in q for q in films.corpus.qrels.values())
        )
        assert any("judged query" in caption.value for caption in visit("compare", query=judged).caption)
