import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from engine.pictures.labels import STACKED, cut, escaped
from tests.engine.pictures.shows import WILD

texts = st.text(st.characters(exclude_categories=()), max_size=60)


@given(texts, st.integers(2, 30))
def test_a_cut_text_has_room_and_is_the_beginning_of_the_text(text, letters):
    def room(of):
        return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in of)

    found = cut(text, letters)
    assert room(found) <= letters
    assert len(found) <= STACKED * letters + 1
    if found != text:
        assert found.endswith("…")
        assert text.startswith(found[:-1])
        assert room(text) > letters or len(text) > STACKED * letters


def test_letters_piled_up_on_one_another_are_cut_too():
    assert len(cut("a" + "\u0301" * 5000, 10)) <= STACKED * 10 + 1


@given(texts | st.just(WILD))
def test_any_text_is_a_text_of_xml_and_of_html_and_nothing_else(text):
    inside = escaped(text)
    inside.encode("utf-8")
    element = ElementTree.fromstring(f'<a b="{inside}">{inside}</a>')
    assert list(element) == []
    assert element.text in (element.get("b"), None)
    seen = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attributes: seen.append((tag, attributes))
    reader.feed(f'<a b="{inside}">{inside}</a>')
    assert seen == [("a", [("b", element.get("b"))])]


@given(st.text(st.characters(categories=("L", "N"), max_codepoint=0xD7FF), max_size=20))
def test_letters_stay_as_they_are(text):
    assert escaped(text) == text
