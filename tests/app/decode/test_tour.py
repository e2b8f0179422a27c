"""The guided decode: what it says is what the trace holds, it goes to its end and can be left, and an address keeps its step."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.common import documents, state, trying
from app.decode import tour_steps as steps
from app.decode.decoding import Asked, Decoded
from app.decode.tour import Place
from engine.builds.opened import Build
from tests.app.at import picker, said, sound
from tests.app.at import visit as at_visit


def decoded_by(build: Build, width: int, document: int, tree=None, force: str = "") -> Decoded:
    """A decode whose query is a document's own vector: no encoder is needed."""
    trace = build.decode("the vector counts, not these words", width, np.array(build.embeddings[document]), tree=tree)
    return Decoded(Asked("beam", width, 1.0, 0, {}, "", force, ()), trace, tree or build.trie, 0, 0)


def numbers(text: str) -> list[int]:
    """Counts of a sentence, without those inside a prefix or a word's quotes."""
    plain = re.sub(r"“[^”]*”|\d+(?:-\d+)+|\*\*Level \d+\.\*\*|at level \d+|code \d+", "", text.replace("\\", ""))
    return [int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*", plain)]


@pytest.fixture(scope="module", params=[(1, 3), (10, 17), (10, 800), (2000, 5)])
def decoded(request, films) -> Decoded:
    width, document = request.param
    return decoded_by(films, width, document)


class TestSentences:
    def test_the_tree_has_so_many_films_and_first_codes(self, films, decoded):
        identifiers = [films.identifier(row) for row in range(len(films.corpus.documents))]
        told = numbers(steps.tell_tree(films, decoded))
        assert told == [len(identifiers), len({identifier.split("-")[0] for identifier in identifiers})]

    @pytest.mark.parametrize("level", [1, 2, 3, 4])
    def test_a_level_keeps_and_cuts_as_many_as_a_search_by_dictionary_would(self, films, decoded, level):
        """The slow twin counts prefixes of all identifiers as text, and knows no node."""
        paths = [tuple(films.identifier(row).split("-")) for row in range(len(films.corpus.documents))]
        step = decoded.trace.steps[level - 1]
        before = {()} if level == 1 else {prefix_of(films, node) for node in decoded.trace.steps[level - 2].kept.node}
        candidates = {path[:level] for path in paths if path[: level - 1] in before}
        kept, cut = len(step.kept.node), len(candidates) - len(step.kept.node)
        text = steps.tell_level(films, decoded, level)
        first = prefix_of(films, decoded.trace.leaves[0] if level == 4 else step.kept.node[0])
        below = sum(path[:level] == first for path in paths)
        if cut:
            assert numbers(text) == [kept, len(candidates), cut, below]
            assert kept == min(decoded.asked.beams, len(candidates))
        else:
            assert numbers(text) == [len(candidates), decoded.asked.beams, below]
        assert f"{'-'.join(first)}: it reads" in text
        assert f"“{films.names[films.trie.find(tuple(map(int, first)))]}”" in text.replace("\\", "")

    def test_the_last_level_names_the_document_of_the_first_identifier(self, films, decoded):
        row = decoded.trace.documents(films.trie, 1)[0][0]
        title = documents.title_of(films.corpus.documents[row])
        assert f"whole identifier of “{title}”" in steps.tell_level(films, decoded, 4).replace("\\", "")

    def test_what_is_masked_is_the_share_of_the_step(self, films, decoded):
        for step in decoded.trace.steps:
            assert f"Masked: {step.masked_mass:.0%} of" in steps.tell_masked(films, decoded, step.level)

    def test_a_level_that_there_is_not_says_so(self, films, decoded):
        assert "nothing to keep" in steps.tell_level(films, decoded, 5)
        assert steps.tell_masked(films, decoded, 5) == ""

    def test_documents_are_films_on_the_films_alone(self, films, small_build):
        assert steps.noun(films, 1) == "1 film"
        assert steps.noun(films, 1200) == "1,200 films"
        assert steps.noun(Build(small_build), 2) == "2 documents"


class TestChoices:
    def test_the_branch_to_force_is_the_best_that_was_cut_first(self, films):
        decoded = decoded_by(films, 10, 17)
        branch = steps.to_force(films, decoded)
        assert (branch.level, branch.rank, branch.kept) == (1, 11, 10)
        every = films.decode("x", 32, np.array(films.embeddings[17])).steps[0].kept.node
        assert branch.prefix == str(films.trie.code[every[10]])
        assert "was cut at rank 11, where 10 stay" in steps.tell_force(films, branch)

    def test_where_nothing_was_cut_it_is_the_second(self, films):
        branch = steps.to_force(films, decoded_by(films, 2000, 17))
        assert (branch.level, branch.rank) == (1, 2)
        assert "came in at rank 2" in steps.tell_force(films, branch)

    def test_what_was_forced_says_what_it_writes_first(self, films):
        branch = steps.to_force(films, decoded_by(films, 10, 17))
        forced = decoded_by(films, 10, 17, films.view("", branch.prefix, ()), branch.prefix)
        told = steps.tell_forced(films, forced)
        row = forced.trace.documents(forced.tree, 1)[0][0]
        assert films.identifier(row).startswith(f"{branch.prefix}-")
        assert documents.title_of(films.corpus.documents[row]) in told.replace("\\", "")

    @pytest.mark.parametrize("width", [10, 2000])
    def test_the_document_to_pin_was_cut_or_is_the_last(self, films, width):
        decoded = decoded_by(films, width, 17)
        document = steps.to_pin(films, decoded)
        found = decoded.trace.documents(films.trie, 5000)[0].tolist()
        row = films.row_of[document]
        assert row not in found if width == 10 else row == found[-1]
        assert ("was not found" if width == 10 else "came last") in steps.tell_why_not(films, decoded, document)
        told = steps.tell_pinned(films, decoded, document)
        assert ("Cut at level 1" if width == 10 else "ended at rank") in told


def prefix_of(build: Build, node: int) -> tuple[str, ...]:
    return tuple(map(str, build.trie.prefix(int(node))))


def visit(**parameters: str) -> AppTest:
    return at_visit("decode", **({"tour": "1", "beams": "10"} | parameters))


def parameter(at: AppTest, name: str) -> str:
    value = at.query_params.get(name, "")
    return value[0] if isinstance(value, list) else value


def press(at: AppTest, key: str) -> AppTest:
    return sound(at.button(key).click().run())


@pytest.mark.usefixtures("with_films")
class TestPage:
    def test_without_a_query_it_takes_the_first_example(self, films):
        assert visit().text_input(state.QUERY).value == trying.queries(films)[0]

    def test_it_goes_to_the_end_and_the_picture_follows(self):
        at = visit()
        seen = [at.select_slider(state.STEP).value]
        for _ in range(4):
            press(at, "tour-next")
            seen.append(at.select_slider(state.STEP).value)
        assert seen == [0, 1, 2, 3, 4]
        press(at, "tour-next")
        press(at, "tour-force")
        assert parameter(at, "force")
        assert f"Forced {parameter(at, 'force')}" in said(at)
        press(at, "tour-next")
        assert parameter(at, "force") == ""
        press(at, "tour-pin")
        assert picker(at, "decode-pin").value == parameter(at, "doc") != ""
        assert "Cut at level" in said(at)
        press(at, "tour-next")
        assert "Step 8 of 8" in said(at)
        assert {"Explore the tree"} <= {link.proto.label for link in at.get("page_link")}
        assert "tour-next" not in {button.key for button in at.button}

    def test_back_goes_back(self):
        at = press(visit(tour="3"), "tour-back")
        assert (parameter(at, "tour"), at.select_slider(state.STEP).value) == ("2", 1)

    def test_it_can_be_left_anywhere_and_takes_what_it_forced_along(self):
        at = press(visit(tour="6", force="9"), "tour-leave")
        assert (parameter(at, "tour"), parameter(at, "force")) == ("", "")
        assert "Step" not in said(at)

    def test_an_address_opens_its_step_with_its_levels(self):
        at = visit(tour="3", query="robot left alone on a ruined earth")
        assert "Step 3 of 8" in said(at)
        assert at.select_slider(state.STEP).value == 2

    def test_levels_that_the_address_asks_for_are_shown(self):
        assert visit(tour="3", step="4").select_slider(state.STEP).value == 4

    @pytest.mark.parametrize("step", ["99", "0", "x"])
    def test_a_step_that_there_is_not_is_said(self, step):
        assert "address" in visit(tour=step).warning[0].value

    @pytest.mark.parametrize("strategy", ["unconstrained", "sample"])
    def test_it_goes_through_any_strategy(self, strategy):
        for step in ("2", "5", "6", "7"):
            visit(strategy=strategy, tour=step)


def test_a_tree_of_other_levels_has_other_steps():
    assert [Place(1, levels).last for levels in (1, 2, 4)] == [5, 6, 8]


@pytest.mark.usefixtures("with_films")
def test_start_offers_it():
    at = at_visit("start")
    at.button("tour").click().run()
    assert "Step 1 of 8" in said(sound(at))
    assert parameter(at, "beams") == "10"


@pytest.mark.usefixtures("with_films")
def test_an_address_of_start_that_asks_for_it_opens_it():
    at = at_visit("start", tour="2")
    assert at.title[0].value == "Watch it decode"
    assert "Step 2 of" in said(at)
