"""The second build: chosen above the pages that show two, carried from one to the next, said where it cannot be."""

import pytest

from app.common import second, state
from tests.app.at import button, said, sound, visit
from tests.app.browser.driving import TITLES


def asked(at, name):
    value = at.query_params.get(name, "")
    return value[0] if isinstance(value, list) else value


@pytest.mark.usefixtures("two")
class TestChoosing:
    @pytest.mark.parametrize("page", second.PAGES)
    def test_it_is_chosen_on_the_page_and_taken_away(self, page):
        at = visit(page, build="sixty")
        assert at.selectbox(state.B).options == ["fewer"]
        assert "A is sixty" not in said(at)
        at = sound(at.selectbox(state.B).select("fewer").run())
        assert asked(at, state.B) == "fewer"
        assert "Documents in both: 40, changed 0; only in A: 20; only in B: 0." in said(at) or page in ("decode", "compare")
        at = sound(at.selectbox(state.B).select_index(None).run())
        assert asked(at, state.B) == ""

    def test_it_goes_along_to_the_next_page_and_both_can_be_swapped(self):
        at = visit("trie", build="sixty", **{state.B: "fewer", state.PREFIX: "1", state.B_PREFIX: "1"})
        at = sound(at.switch_page("../pages/decode.py").run())
        assert (at.title[0].value, asked(at, state.B)) == (TITLES["decode"], "fewer")
        at = sound(button(at, "Swap A and B").click().run())
        assert [asked(at, name) for name in (state.BUILD, state.B, state.B_PREFIX)] == ["fewer", "sixty", ""]
        assert at.selectbox(state.BUILD).value == "fewer"

    @pytest.mark.parametrize(("name", "told"), [("nobody", "not there"), ("sixty", "open build itself"), ("../x", "not there")])
    def test_what_cannot_be_b_is_said_and_the_page_is_as_without(self, name, told):
        at = visit("trie", build="sixty", **{state.B: name})
        assert told in at.warning[0].value
        assert not at.error
        assert asked(sound(button(at, "Take it out of the address").click().run()), state.B) == ""

    def test_pages_of_one_build_do_not_ask(self):
        assert state.B not in [box.key for box in visit("codebooks", build="sixty").selectbox]


def test_one_build_alone_says_where_another_is_made(sixty_home, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(sixty_home))
    at = visit("trie")
    assert "There is only this build." in said(at)
    assert {"Other identifiers", "Another catalogue"} <= {link.proto.label for link in at.get("page_link")}


def test_one_that_is_damaged_leaves_the_page_as_without(two_home, empty_home):
    (empty_home / "builds" / "bad").mkdir(parents=True)
    (empty_home / "builds" / "bad" / "manifest.json").write_text("{}")
    (empty_home / "builds" / "sixty").symlink_to((two_home / "builds" / "sixty").resolve())
    at = visit("trie", build="sixty", **{state.B: "bad"})
    assert at.error
    assert "60 documents" in said(at)
