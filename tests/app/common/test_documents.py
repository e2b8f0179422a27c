"""The picker and the table of documents: what they find, what they send."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import local_script_runner

from app.common import documents
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from tests.app.at import pick, picker, said, sound, table, visit
from tests.homes import shared_home

MANY, QUERY, LAST = 3000, "a lamp in the hall", "id-2999"
MOST_BYTES = 100_000


@pytest.fixture(scope="session")
def many(tmp_path_factory) -> Path:
    """Three thousand documents whose vectors are thrown down at random: no encoder."""
    with shared_home(tmp_path_factory, "many-home") as home:
        if not (home / "builds" / "many").exists():
            (home / "builds").mkdir()
            title = "Thing {} of a hall with a lamp and a chair"
            told = [Document(f"id-{row}", title.format(row), "It stands there.", {}) for row in range(MANY)]
            vectors = np.random.default_rng(0).normal(size=(MANY, 384)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("engine.text.embed.embed", lambda texts, *_, **__: vectors[: len(texts)])
                make(Corpus("many", told, {}, {}, []), BuildSpec(settings={"codes": 16}), home / "builds" / "many")
    return home


@pytest.fixture
def with_many(many, empty_home, monkeypatch) -> Build:
    monkeypatch.setenv("TRIESCOPE_HOME", str(many))
    return Build(many / "builds" / "many")


@pytest.fixture
def sent(monkeypatch) -> list[int]:
    """Bytes of what each run of a page sends to the browser."""
    found, parse = [], local_script_runner.parse_tree_from_messages

    def weigh(messages):
        found.append(sum(message.ByteSize() for message in messages))
        return parse(messages)

    monkeypatch.setattr(local_script_runner, "parse_tree_from_messages", weigh)
    return found


class TestSearch:
    def test_every_word_is_part_of_title_or_id_in_any_order_and_case(self, with_many):
        slow = [d.id for d in with_many.corpus.documents if "299" in f"{d.title} {d.id}".lower()]
        found = documents.search(with_many, "LAMP 299")
        assert (found.ids, found.total) == (slow, len(slow))
        assert documents.search(with_many, "ID-2999").ids == [LAST]

    def test_no_more_are_handed_on_than_are_sent_and_all_are_counted(self, with_many):
        for words in ("", "  ", "thing"):
            found = documents.search(with_many, words)
            assert (len(found.ids), found.total) == (documents.SENT, MANY)
        assert documents.search(with_many, "nowhere") == ([], 0)

    def test_titles_that_begin_with_what_was_typed_come_first(self, with_many):
        assert documents.search(with_many, "thing 42").ids[:2] == ["id-42", "id-420"]
        assert documents.search(with_many, "42").ids[0] == "id-42"


@pytest.mark.usefixtures("with_many")
class TestPicker:
    def test_a_document_in_the_address_is_in_the_list_whatever_is_typed(self):
        at = visit("trie", doc=LAST)
        assert at.selectbox("find").value == LAST
        assert len(at.selectbox("find").options) == documents.SENT
        at.text_input("find-words").set_value("thing 7").run()
        assert at.selectbox("find").value == LAST
        assert len(at.selectbox("find").options) == documents.SENT

    def test_the_list_says_how_many_there_are(self):
        at = visit("trie")
        assert at.selectbox("find").label == f"{documents.SENT} of 3,000 documents"
        at.text_input("find-words").set_value("thing 299").run()
        assert at.selectbox("find").label == "13 found"
        at.text_input("find-words").set_value("nowhere").run()
        assert (at.selectbox("find").label, at.selectbox("find").options) == ("None matches", [])

    def test_two_clicks_before_an_answer_choose_no_document(self):
        at = visit("codebooks")
        seen, before = at._tree, at.selectbox("one-document").value
        at.text_input("go-code").set_value("1-3").run()
        now = picker(at, "one-document").value
        at._tree = seen  # what the browser shows, and sends with the second click, until the answer has come
        at.selectbox("one-document").select(before)
        at.text_input("go-code").set_value("")
        sound(at.toggle("given").set_value(True).run())
        assert "doc" not in at.query_params
        assert picker(at, "one-document").value == now != before

    def test_a_document_chosen_goes_to_the_address_and_the_words_go(self):
        at = pick(visit("trie"), "find", "2999", LAST)
        assert at.query_params["doc"] in (LAST, [LAST])
        assert at.text_input("find-words").value == ""


@pytest.mark.usefixtures("with_many")
class TestTable:
    def test_pages_together_hold_every_document_once(self):
        at, seen = visit("trie"), []
        for page in (1, 2, 60):
            at.get("pagination")[0].set_value(page).run()
            shown = table(at, "Identifier")
            assert len(shown) == documents.ROWS
            assert f"{(page - 1) * 50 + 1:,} to {page * 50:,} of 3,000" in said(at)
            seen += shown["Id"].tolist()
        assert len(set(seen)) == 150

    def test_another_prefix_begins_at_its_first_page(self):
        at = visit("trie")
        at.get("pagination")[0].set_value(60).run()
        at.text_input("goto").set_value("3").run()
        assert "1 to 50 of" in said(sound(at))


@pytest.mark.parametrize(("page", "pinned"), [("trie", LAST), ("decode", LAST), ("compare", LAST), ("codebooks", LAST)])
def test_a_page_sends_no_more_for_a_large_catalogue(with_many, sent, monkeypatch, page, pinned):
    monkeypatch.setattr("app.common.resources.query_vector", lambda build, query: (np.asarray(build.embeddings[0]), 1.0))
    visit(page, query=QUERY, doc=pinned)
    assert max(sent) < MOST_BYTES
