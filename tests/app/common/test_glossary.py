"""The glossary holds the words of the pages: none is missing, none stands there that no page uses."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from app.common import glossary
from app.common.words import word as pages
from engine import paths
from tests.app.at import sound, visit

QUERY, PINNED = "a heist that happens inside dreams", "seven-samurai-1954"
ASKED = {
    pages.DECODE: {"query": QUERY, "doc": PINNED, "node": "9", "force": "9", "ban": "9-14", "table": "true"},
    pages.TRIE: {"doc": PINNED, "table": "true"},
    pages.COMPARE: {"query": QUERY, "doc": PINNED},
    pages.CODEBOOKS: {"code": "1-17"},
    pages.TRAIN: {"build": "sixty", "run": "node"},
    pages.MAP: {"doc": PINNED},
    pages.SESSIONS: {"history": PINNED, "doc": "yojimbo-1961"},
}
WIDGETS = ("selectbox", "multiselect", "text_input", "number_input", "slider", "select_slider", "toggle", "button", "pills")
# A card of a result holds texts of the catalogue.
CARD = re.compile(r"\*\*\d+ ")
TEXTS = ("title", "header", "subheader", "markdown", "caption", "info", "success", "warning")


def spelled(at: AppTest, page: str) -> str:
    """All that a page says by itself: running text, labels, helps and heads of tables; no text of the catalogue, no glossary."""
    ours = (element.value for kind in TEXTS for element in at.get(kind) if element.value != glossary.listed(page))
    found = [value for value in ours if not CARD.match(value)]
    found += [metric.label for metric in at.metric]
    for kind in WIDGETS:
        for widget in at.get(kind):
            found += [widget.label, getattr(widget.proto, "help", "")]
    found += [block.label for block in at.expander] + [link.proto.label for link in at.get("page_link")]
    found += [str(column) for frame in at.dataframe for column in frame.value.columns]
    return " ".join(map(str, found)).casefold().replace("\\", "")


def stands(word: glossary.Word, text: str) -> bool:
    """Whether a word, or the word with an s, is part of a text."""
    return any(re.search(rf"(?<!\w){re.escape(form.casefold())}s?(?!\w)", text) for form in (word.name, *word.forms))


def source(page: str) -> str:
    """What a page may say, whatever is asked of it."""
    files = [paths.ROOT / "pages" / f"{page or 'start'}.py", *(paths.ROOT / "app" / (page or "start")).glob("*.py")]
    return " ".join(file.read_text("utf-8") for file in files).casefold()


def declared(page: str) -> set[str]:
    return {word.name for word in glossary.of(page)}


@pytest.mark.parametrize("page", glossary.TITLES)
def test_a_page_lists_the_words_that_stand_on_it_and_no_others(page, studied_home, trained_home, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(trained_home if page == pages.TRAIN else studied_home))
    at = visit(page or "start", **ASKED.get(page, {}))
    text = spelled(sound(at), page)
    found = {word.name for word in glossary.WORDS.values() if stands(word, text)}
    # Some words only stand there at times: where a document has no identifier, where a query was judged.
    at_times = {word.name for word in glossary.WORDS.values() if stands(word, source(page))}
    assert (found - declared(page), declared(page) - found - at_times) == (set(), set())
    assert glossary.listed(page) in {element.value for element in at.markdown}


def test_each_word_is_explained_once_and_used_somewhere():
    words = [word for group in glossary.GROUPS.values() for word in group]
    assert len({word.name for word in words}) == len({word.slug for word in words}) == len(words)
    for word in words:
        assert word.pages
        assert set(word.pages) <= set(glossary.TITLES)
        assert word.means.endswith(".")
        assert word.look


class TestPage:
    def test_it_needs_no_build_and_shows_every_word_with_the_way_to_where_it_is_seen(self):
        at = visit("glossary")
        assert {heading.value for heading in at.subheader} == set(glossary.WORDS)
        assert {word.means for word in glossary.WORDS.values()} <= {element.value for element in at.markdown}
        assert len(at.get("page_link")) == len(glossary.WORDS)
        assert not at.error

    def test_a_word_of_the_address_stands_first_and_once(self):
        at = visit("glossary", word="beam-width")
        names = [heading.value for heading in (at.header[0], *at.subheader)]
        assert names[0] == "beam width"
        assert len(names) == len(set(names)) == len(glossary.WORDS)
        at.button[0].click().run()
        assert len(sound(at).subheader) == len(names)
        assert at.subheader[0].value == next(iter(glossary.WORDS))

    @pytest.mark.parametrize("word", ["nosuch", "![x](http://192.0.2.1/a.png)", "Beam"])
    def test_a_word_that_there_is_not_is_said(self, word):
        at = visit("glossary", word=word)
        assert "a word that the glossary does not have" in at.warning[0].value
        assert len(at.subheader) == len(glossary.WORDS)


def test_what_the_glossary_means_stands_in_helps_and_captions(with_films):
    at = visit("decode", query=QUERY, node="9")
    assert at.select_slider("beams").proto.help == glossary.means("beam width")
    assert glossary.means("centroid scorer") in " ".join(caption.value for caption in at.caption)
    assert {button.proto.help for button in at.button} >= {glossary.means("force"), glossary.means("ban")}
