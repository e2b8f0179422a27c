"""The collapse detectors on answers that are sound, and on answers broken in the ways that people report."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.training.detectors import DEPTH, FEW_QUERIES, Finding, baseline, detect

VERDICTS = {"healthy", "watch", "broken"}


def catalogue(documents=2000, codes=(64, 64, 4), seed=0):
    rng = np.random.default_rng(seed)
    found = np.column_stack([rng.integers(0, size, documents) for size in codes]).astype(np.int32)
    # In leaf order, so that neighbouring rows are alike, as the hits of one query are.
    return found[np.lexsort(found.T[::-1])]


def sound(documents, queries, seed=0):
    """Ten neighbouring documents a query."""
    starts = np.random.default_rng(seed).integers(0, documents - DEPTH, queries)
    return [np.arange(start, start + DEPTH) for start in starts]


def exchanged(rows):
    return [*rows[1:], *rows[:1]]


def verdicts(findings):
    return {finding.name: finding.verdict for finding in findings}


def test_a_sound_decoder_is_healthy_throughout():
    codes, rows = catalogue(), sound(2000, 200)
    findings = detect(rows, exchanged(rows), codes, 2.0, baseline(codes))
    assert set(verdicts(findings).values()) == {"healthy"}
    assert [finding.name for finding in findings] == [
        *(f"{name}, level {level}" for level in (1, 2, 3) for name in ("codes used", "perplexity")),
        "distinct documents",
        "first code",
        "same answer to another query",
    ]


def test_one_answer_for_all_is_broken():
    codes, rows = catalogue(), [np.arange(10)] * 200
    found = verdicts(detect(rows, exchanged(rows), codes, baseline(codes) + 0.1, baseline(codes)))
    assert all(found[name] == "broken" for name in ("distinct documents", "first code", "same answer to another query"))
    assert found["codes used, level 1"] == found["perplexity, level 1"] == "broken"


def test_fifteen_documents_in_all_answers_are_broken_however_they_are_shuffled():
    rng = np.random.default_rng(1)
    rows = [rng.choice(15, 10, replace=False) for _ in range(1000)]
    found = {finding.name: finding for finding in detect(rows, exchanged(rows), catalogue(), None, None)}
    assert found["distinct documents"].verdict == "broken"
    assert found["distinct documents"].value == 15
    # The first hit changes with the query, so that detector alone would not have told.
    assert found["same answer to another query"].verdict == "healthy"


def test_answers_from_a_part_of_the_tree_are_worth_watching():
    # The first two fifths of the leaves.
    found = verdicts(detect(sound(800, 300), None, catalogue(), None, None))
    assert found["codes used, level 1"] == found["perplexity, level 1"] == "watch"


def test_a_few_popular_documents_are_worth_watching():
    rng = np.random.default_rng(2)
    rows = [rng.choice(400, 10, replace=False) for _ in range(1000)]
    assert verdicts(detect(rows, None, catalogue(), None, None))["distinct documents"] == "watch"


def test_a_level_that_collapsed_is_named():
    codes = catalogue()
    sevens = np.flatnonzero(codes[:, 1] == 7)
    rows = [np.roll(sevens, place)[:DEPTH] for place in range(100)]
    found = {finding.name: finding for finding in detect(rows, None, codes, None, None)}
    assert (found["codes used, level 2"].value, found["codes used, level 2"].verdict) == (1, "broken")
    assert (found["perplexity, level 2"].value, found["perplexity, level 2"].verdict) == (1, "broken")
    assert "Level 2" in found["codes used, level 2"].says


def test_a_level_with_few_codes_is_not_judged():
    codes = catalogue(codes=(64, 3))
    codes[:, 1] = 0
    found = {finding.name: finding for finding in detect(sound(2000, 100), None, codes, None, None)}
    assert found["codes used, level 2"].verdict == "healthy"
    assert "too few to tell" in found["codes used, level 2"].says


@given(st.integers(1, FEW_QUERIES - 1), st.integers(0, 100))
def test_few_queries_never_cry_wolf(queries, seed):
    rng = np.random.default_rng(seed)
    rows = [np.sort(rng.choice(2000, 10, replace=False))] * queries
    codes = catalogue()
    found = detect(rows, exchanged(rows), codes, None, None)
    assert set(verdicts(found).values()) == {"healthy"}
    assert all("too few" in finding.says for finding in found)


@given(st.integers(FEW_QUERIES, 400), st.integers(0, 50))
def test_sound_answers_stay_healthy_at_every_number_of_queries(queries, seed):
    codes, rows = catalogue(seed=seed), sound(2000, queries, seed)
    found = detect(rows, exchanged(rows), codes, 1.0, 4.0)
    assert "broken" not in verdicts(found).values()
    if queries >= 30:
        assert set(verdicts(found).values()) == {"healthy"}


@given(st.integers(FEW_QUERIES, 400))
def test_one_list_for_all_is_broken_at_every_number_of_queries(queries):
    rows = [np.arange(40, 50)] * queries
    found = verdicts(detect(rows, exchanged(rows), catalogue(), None, None))
    assert found["distinct documents"] == found["same answer to another query"] == "broken"


def test_a_catalogue_of_a_few_documents_is_not_judged_by_them():
    codes = np.arange(12, dtype=np.int32)[:, None]
    rows = [np.random.default_rng(seed).permutation(12)[:10] for seed in range(50)]
    assert verdicts(detect(rows, None, codes, None, None))["distinct documents"] == "healthy"


@pytest.mark.parametrize(
    ("nll", "verdict"),
    [(2.0, "healthy"), (3.79, "healthy"), (3.9, "watch"), (4.0, "broken"), (9.0, "broken"), (np.nan, "broken")],
)
def test_the_first_code_must_cost_less_than_without_the_query(nll, verdict):
    (finding,) = detect([], None, catalogue(), nll, 4.0)
    assert (finding.name, finding.verdict) == ("first code", verdict)


def test_one_first_code_for_all_documents_is_no_fault_of_the_training():
    codes = catalogue(codes=(1, 64))
    assert baseline(codes) == 0
    (finding,) = detect([], None, codes, 0.0, baseline(codes))
    assert finding.verdict == "healthy"


@pytest.mark.parametrize(
    ("same", "verdict"), [(0, "healthy"), (4, "healthy"), (5, "watch"), (9, "watch"), (10, "broken"), (20, "broken")]
)
def test_exchanged_queries_must_change_the_first_answer(same, verdict):
    rows = sound(2000, 20)
    others = [row if place < same else row + 1000 for place, row in enumerate(rows)]
    finding = detect(rows, others, catalogue(3000), None, None)[-1]
    assert finding == Finding(finding.name, same / 20, verdict, finding.says)


def test_no_answers_at_all_are_broken():
    found = detect([np.empty(0, np.int32)] * 10, None, catalogue(), None, None)
    assert verdicts(found)["distinct documents"] == "broken"


def test_only_the_first_ten_hits_count():
    codes, rows = catalogue(), sound(2000, 50)
    longer = [np.concatenate([row, np.arange(500)]) for row in rows]
    assert detect(rows, None, codes, None, None) == detect(longer, None, codes, None, None)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_baseline_is_the_entropy_of_the_first_codes(first):
    codes = np.array([[code, 0] for code in first] + [[-1, -1]], np.int32)
    shares = [first.count(code) / len(first) for code in set(first)]
    assert baseline(codes) == pytest.approx(-sum(share * np.log(share) for share in shares), abs=1e-12)


@given(st.integers(0, 2000), st.integers(1, 30))
def test_figures_are_counted_as_by_hand(seed, queries):
    rng = np.random.default_rng(seed)
    codes = catalogue(documents=50, codes=(5, 8), seed=seed)
    codes[rng.random(50) < 0.3, 1] = -1
    rows = [rng.choice(50, rng.integers(1, 12), replace=False).astype(np.int32) for _ in range(queries)]
    hits = [int(row) for found in rows for row in found[:10]]
    values = {finding.name: finding.value for finding in detect(rows, exchanged(rows), codes, None, None)}
    for level in (0, 1):
        shown = [int(codes[hit, level]) for hit in hits if codes[hit, level] >= 0]
        assert values[f"codes used, level {level + 1}"] == len(set(shown))
        shares = np.array([shown.count(code) / len(shown) for code in set(shown)])
        assert values[f"perplexity, level {level + 1}"] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()) if shown else 0)
    assert values["distinct documents"] == len(set(hits))
    same = np.mean([rows[place][0] == rows[(place + 1) % queries][0] for place in range(queries)])
    assert values["same answer to another query"] == pytest.approx(same)


def test_findings_are_plain_sentences_and_the_same_each_time():
    codes, rows = catalogue(), [np.arange(10)] * 60
    findings = detect(rows, exchanged(rows), codes, 5.0, 4.0)
    assert findings == detect(rows, exchanged(rows), codes, 5.0, 4.0)
    for finding in findings:
        assert finding.verdict in VERDICTS
        assert finding.says[0].isupper() or finding.says[0].isdigit()
        assert finding.says.endswith(".")
        assert type(finding.value) is float
        if finding.verdict != "healthy":
            assert "learning rate" in finding.says
