"""The cards of Compare: what is on one, what of it may be asked of another host, and how little is sent for eighty of them."""

import re
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest, local_script_runner

from app.common import metadata, rewriting
from app.common.state import plain
from engine.builds.make import make
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.text.matched import snippet, wanted
from tests.app.at import pick, sound, visit

QUERY = "a heist that happens inside dreams"
COLUMNS = ["bm25", "dense", "generative", "hybrid"]
POSTER, PAGE = "https://outside.invalid/poster.png", "https://outside.invalid/about?a=(b)"


def cards(at: AppTest) -> list[str]:
    return [element.value for element in at.markdown if re.match(r"\*\*\d+ ", element.value)]


@pytest.mark.usefixtures("with_films")
class TestCards:
    def test_a_card_has_title_evidence_the_words_in_its_text_and_its_columns(self, films):
        hits = films.search(QUERY, "bm25", 5)[0]
        found = cards(visit("compare", query=QUERY, columns="bm25", k="5"))
        assert len(found) == 5
        for hit, card in zip(hits, found, strict=True):
            document = films.documents[films.row_of[hit.id]]
            shown = snippet(wanted(QUERY), document.text)
            assert card.startswith(f"**{hit.rank} {plain(document.title)}**")
            assert all((f"**{plain(part)}**" if marked else plain(part)) in card for part, marked in shown.parts())
            assert f"year {document.metadata['year']} · " in card
            assert "words\\: " in card

    def test_where_else_a_document_stands_is_told(self, films):
        at = visit("compare", query=QUERY, columns=["dense", "dense-hnsw", "bm25"], k="5")
        rank = {name: {hit.id: hit.rank for hit in films.search(QUERY, name, 5)[0]} for name in ("dense", "bm25")}
        both = next(document for document in rank["dense"] if document in rank["bm25"])
        title = plain(films.documents[films.row_of[both]].title)
        (card,) = [card for card in cards(at) if card.startswith(f"**{rank['bm25'][both]} {title}**") and "words" in card]
        assert f"dense {rank['dense'][both]} · " in card

    def test_a_pinned_document_is_marked_on_every_card_of_it(self):
        at = pick(visit("compare", query=QUERY, columns=["bm25", "dense"]), "pin", "inception", "inception-2010")
        marked = [card for card in cards(at) if "push_pin" in card]
        assert [" Inception**" in card for card in marked] == [True, True]

    def test_a_list_that_is_shorter_leaves_its_places_empty(self):
        at = visit("compare", query="samurai", columns=["bm25", "dense"], k="20")
        assert len(cards(at)) < 40
        assert not at.exception

    def test_twenty_results_of_four_retrievers_are_sent_in_less_than_85_kilobytes(self, monkeypatch):
        """All of a rerun; 112 kB when each line of a card was an element, and each document a trace of the picture."""
        sent = []
        parse = local_script_runner.parse_tree_from_messages

        def counted(messages):
            sent.append(sum(message.ByteSize() for message in messages))
            return parse(messages)

        monkeypatch.setattr(local_script_runner, "parse_tree_from_messages", counted)
        at = visit("compare", query=QUERY, columns=COLUMNS, k="20")
        sound(at.run())
        assert len(cards(at)) == 80
        assert sent[-1] < 85_000


@pytest.fixture
def with_pictures(empty_home, monkeypatch):
    """Twelve documents, each with a page and a picture on other hosts."""
    monkeypatch.setattr("engine.text.embed.embed", lambda texts, *_, **__: np.eye(len(texts), 384, dtype=np.float32))
    columns = {"poster": POSTER, "page": PAGE, "note": "see http://outside.invalid/c"}
    documents = [Document(str(row), f"Film {row}", "a heist in dreams", columns) for row in range(12)]
    make(Corpus("shop", documents, {}, {}, []), BuildSpec(settings={"codes": 4}), empty_home / "builds" / "shop")


def pictures(at):
    (found,) = (toggle for toggle in at.toggle if toggle.key not in ("compact", rewriting.KEY))
    return found


@pytest.mark.usefixtures("with_pictures")
def test_a_picture_is_asked_for_only_after_a_press_and_an_address_is_a_link():
    at = visit("compare", build="shop", query="heist", columns="bm25", **{"pictures of outside.invalid": "true"})
    assert not pictures(at).value
    for card in cards(at):
        assert "![" not in card
        assert "(<https://outside.invalid/about?a=%28b%29>)" in card
        assert "](<http://" not in card, "a text with an address in it is a text"
    assert "(1, from outside" in pictures(at).label
    sound(pictures(at).set_value(True).run())
    assert all(f"![](<{POSTER}>)" in card for card in cards(at))


SIGNS = st.text(st.sampled_from("ab :/.![]()<>`*_$\\\n@&%\"'{}|"), max_size=40)


@given(st.dictionaries(SIGNS, st.one_of(SIGNS, st.lists(SIGNS, max_size=3), SIGNS.map("https://".__add__)), max_size=4))
def test_no_value_of_a_column_gets_out_of_its_place(columns):
    told = metadata.line(columns, wanted("a b"))
    outside = re.sub(r"\[[^\n]*?\]\(<https?://[\w:/?#\[\]@!$&'*+,;=%.~-]+>\)", "", told)
    assert "\n" not in told
    assert not re.search(r"(?<!\\)[\[\]()<>`$!_{}|]", outside)
    values = [one for cell in columns.values() for one in (cell if isinstance(cell, list) else [cell])]
    addresses = {quote(one, safe=metadata.KEPT) for one in values if metadata.is_address(one)}
    assert set(re.findall(r"\]\(<(.*?)>\)", told)) <= addresses


def test_as_many_columns_as_there_is_room_for_and_how_many_there_are_besides():
    columns = {f"column {number}": "a value of some length" for number in range(9)}
    told = metadata.line(columns)
    assert told.endswith(f" · +{9 - told.count('column')}")
    assert 2 <= told.count("column") < 9
    assert metadata.line({"long": "x" * 500}) == f"long {'x' * (metadata.VALUE - 1)}…"
    assert metadata.line({"none": None, "blank": " ", "empty": []}) == ""
