"""The rule gives each of its four answers where it says so, at the edges too, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.verdict.rule import MARGIN, RULES, Compared, answer, told

BOUNDS = st.floats(-0.2, 0.2, allow_nan=False)


def less(low, high, needed=None, theirs="dense"):
    return Compared(ours="generative", theirs=theirs, mean=(low + high) / 2, low=low, high=high, needed=needed)


INTERVALS = st.tuples(BOUNDS, BOUNDS).map(sorted).map(lambda pair: less(*pair))


@pytest.mark.parametrize(
    ("alone", "hybrid", "p95", "word"),
    [
        ([less(-0.0099, 0.01)], None, 100, "yes"),
        ([less(-0.0099, 0.01)], None, 100.01, "no"),
        ([less(-0.0099, 0.01)], less(0.001, 0.02), 100.01, "only as hybrid"),
        ([less(-MARGIN, 0.01)], None, 1, "cannot tell"),
        ([less(-0.03, -MARGIN)], None, 1, "no"),
        ([less(-0.03, -0.0099)], None, 1, "cannot tell"),
        ([less(-0.03, -0.0099)], None, 101, "no"),
        ([less(0.1, 0.2), less(-0.03, -0.02)], None, 1, "no"),
        ([less(-0.02, 0.02), less(-0.03, -0.02)], None, 1, "no"),
        ([less(-0.02, 0.02), less(-0.03, -MARGIN)], None, 1, "no"),
        ([less(-0.03, -0.02)], less(0.0, 0.02), 1, "cannot tell"),
        ([less(-0.03, -0.02)], less(1e-6, 0.02), 1, "only as hybrid"),
        ([less(-0.03, -0.02)], less(-0.02, MARGIN), 1, "cannot tell"),
        ([less(-0.03, -0.02)], less(-0.02, 0.0099), 1, "no"),
        ([less(-0.02, 0.02)], less(0.001, 0.02), 1, "only as hybrid"),
        ([less(-0.001, 0.02)], less(0.001, 0.02), 1, "yes"),
    ],
)
def test_every_answer_at_its_edges(alone, hybrid, p95, word):
    found = answer(alone, hybrid, p95, 100, 25)
    assert found.word == word
    assert len(found.because) == 3
    assert found.needed is None


def test_the_queries_needed_are_those_that_settle_all_that_is_open():
    alone = [less(-0.02, 0.02, 300, "bm25"), less(-0.02, 0.03, 90), less(0.1, 0.2, 5000, "moved")]
    assert answer(alone, less(-0.01, 0.02, 800), 1, 100, 25).needed == 800
    assert answer(alone, less(-0.01, 0.005, 800), 1, 100, 25).needed == 300
    assert answer(alone, less(-0.01, 0.02, 800), 101, 100, 25).needed == 800
    assert "about 800 would" in told(answer(alone, less(-0.01, 0.02, 800), 1, 100, 25))


def test_the_sentences_name_who_is_behind_and_by_how_much():
    found = answer([less(-0.08, -0.03, theirs="moved"), less(-0.001, 0.001)], less(-0.002, 0.004), 12.34, 100, 25)
    assert found.because[0] == "Generative search is surely more than 0.01 behind moved -0.055 [-0.080, -0.030]."
    assert found.because[1] == "95% of its queries take at most 12.3 ms, encoding included, within the budget of 100 ms."
    assert found.because[2].startswith("The hybrid with it is not 0.01 better")
    assert f"-{MARGIN:g}" in RULES[0]


def test_few_queries_settle_nothing():
    found = answer([less(-0.001, 0.001)], None, 1, 100, 24)
    assert (found.word, found.needed) == ("cannot tell", 25)
    assert "These are 24 queries" in found.because[0]
    assert answer([less(-0.001, 0.001)], None, 1, 100, 25).word == "yes"


def test_pseudo_queries_refute_and_do_not_confirm():
    flattered = less(-0.3, -0.2, theirs="bm25").model_copy(update={"counted": False})
    found = answer(
        [flattered, less(-0.001, 0.001)], less(0.01, 0.02).model_copy(update={"counted": False}), 1, 100, 25, made_up=True
    )
    assert (found.word, found.needed) == ("cannot tell", None)
    assert "bm25" not in found.because[0]
    assert "Judged queries would tell." in found.because[2]
    assert answer([flattered, less(-0.2, -0.1)], None, 1, 100, 25, made_up=True).word == "no"
    assert answer([flattered, less(-0.001, 0.001)], None, 101, 100, 25, made_up=True).word == "no"


def by_hand(alone, hybrid, p95, budget):
    """The rule as it stands in words."""
    if all(one.low > -MARGIN for one in alone) and p95 <= budget:
        return "yes"
    if hybrid and hybrid.low > 0:
        return "only as hybrid"
    could_be_yes = p95 <= budget and all(one.high > -MARGIN for one in alone)
    could_help = hybrid is not None and hybrid.high >= MARGIN
    return "cannot tell" if could_be_yes or could_help else "no"


@given(st.lists(INTERVALS, min_size=1, max_size=5), st.none() | INTERVALS, st.floats(0, 200))
def test_it_is_the_rule_in_words_and_its_answers_keep_their_order(alone, hybrid, p95):
    found = answer(alone, hybrid, p95, 100, 25)
    assert found.word == by_hand(alone, hybrid, p95, 100)
    assert told(found)
    # Whoever is certainly as good stays so when the intervals close, and a slower search is never answered better.
    closed = [less(one.mean, one.mean) for one in alone]
    if found.word == "yes":
        assert answer(closed, hybrid, p95, 100, 25).word == "yes"
    order = ["no", "cannot tell", "only as hybrid", "yes"]
    assert order.index(answer(alone, hybrid, p95 + 200, 100, 25).word) <= order.index(found.word)
