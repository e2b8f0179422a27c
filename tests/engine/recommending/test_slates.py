"""Lists as a whole: the order against loops, distances against pairs, and recommenders whose lists are arranged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TriescopeError
from engine.recommending import asked, kinds, slates
from engine.recommending.slates import CHOSEN, Slate
from tests.engine.oracles import unit


def slow_order(slate, scores, vectors, codes, taken):
    """One list, item by item."""
    there = [place for place in range(len(scores)) if np.isfinite(scores[place])]
    low, high = min(scores[there], default=0), max(scores[there], default=0)
    own = {place: (scores[place] - low) / max(high - low, 1e-12) / (1 + taken[place]) ** slate.rare for place in there}
    chosen, left = [], list(there)
    while left and len(chosen) < CHOSEN:

        def value(place):
            nearest = max((float(vectors[place] @ vectors[one]) for one in chosen), default=0.0)
            over = slate.quota and codes[place] >= 0 and sum(codes[one] == codes[place] for one in chosen) >= slate.quota
            return (not over, slate.mmr * own[place] - (1 - slate.mmr) * nearest)

        best = max(left, key=lambda place: (value(place), -place))
        chosen.append(best)
        left.remove(best)
    return chosen + left + [place for place in range(len(scores)) if place not in there]


@given(
    st.integers(1, 30),
    st.integers(0, 3),
    st.sampled_from([1.0, 0.7, 0.3, 0.0]),
    st.sampled_from([0.0, 0.2, 1.0]),
    st.integers(0, 8),
    st.integers(0, 2**20),
)
def test_the_order_is_that_of_a_loop(n, quota, mmr, rare, missing, seed):
    rng = np.random.default_rng(seed)
    scores = -np.sort(-rng.normal(size=(3, n)))
    scores[1, max(n - missing, 0) :] = -np.inf
    vectors = np.stack([unit(rng.normal(size=(n, 4))) for _ in range(3)])
    codes = rng.integers(-1, 3, (3, n))
    taken = rng.integers(0, 9, (3, n))
    slate = Slate(quota, mmr, rare)
    found = slates.order(slate, scores, vectors, codes, taken)
    for place in range(3):
        expected = slow_order(slate, scores[place], vectors[place], codes[place], taken[place])
        assert found[place].tolist() == expected


@given(st.integers(2, 6), st.integers(0, 3), st.integers(0, 2**20))
def test_how_far_apart_is_the_mean_over_pairs(k, missing, seed):
    rng = np.random.default_rng(seed)
    embeddings = unit(rng.normal(size=(9, 5)))
    rows = np.stack([rng.permutation(9)[:k] for _ in range(3)])
    rows[0, max(k - missing, 0) :] = -1
    for found, row in zip(slates.apart(rows, embeddings), rows, strict=True):
        kept = [int(one) for one in row if one >= 0]
        pairs = [1 - float(embeddings[a] @ embeddings[b]) for place, a in enumerate(kept) for b in kept[place + 1 :]]
        assert found == pytest.approx(np.mean(pairs), abs=1e-6) if pairs else np.isnan(found)


@pytest.mark.parametrize(
    "text", ["quota=0", "quota=1.5", "mmr=1.1", "mmr=", "x=1", "quota", "mmr=nan", "quota=inf", "rare=-1", "rare=2"]
)
def test_what_is_no_slate_is_refused(text):
    with pytest.raises(TriescopeError, match="slate: quota=N"):
        slates.parse(text)


@given(st.integers(0, 9), st.sampled_from([1.0, 0.75, 0.5, 0.0]), st.sampled_from([0.0, 0.2, 1.0]))
def test_a_slate_is_read_as_it_is_told(quota, mmr, rare):
    assert slates.parse(Slate(quota, mmr, rare).told()) == Slate(quota, mmr, rare)


def test_a_dial_shows_rarer_ones_and_needs_to_know_what_was_taken(build):
    opened = kinds.Opened(build, 100)
    held, taken = opened.known.test, 10 ** (np.arange(len(build.documents)) % 4)

    def mean_taken(rare):
        of = slates.Arranged(opened.get("item-item"), Slate(rare=rare), build.trie, build.embeddings, taken)
        rows = of.recommend(held.histories, 5).rows
        return taken[rows[rows >= 0]].mean()

    assert mean_taken(0.0) > mean_taken(0.3) > mean_taken(1.0)
    with pytest.raises(TriescopeError, match="nobody took anything"):
        slates.Arranged(opened.get("item-item"), Slate(rare=0.3), build.trie, build.embeddings).recommend(held.histories, 5)


@pytest.mark.parametrize("name", ["item-item", "counting", "knn"])
@pytest.mark.parametrize("text", ["quota=1", "mmr=0.5", "quota=2,mmr=0.3", "rare=0.3"])
def test_lists_keep_their_items_and_are_those_of_one_history(build, name, text):
    """Of a whole split as of one history; the hundred candidates stay, and no branch has more than its share at first."""
    opened, slate = kinds.Opened(build, 100), slates.parse(text)
    held = opened.known.test
    arranged = slates.Arranged(opened.get(name), slate, build.trie, build.embeddings, opened.known.popularity)
    found, plain = arranged.recommend(held.histories, 100), opened.get(name).recommend(held.histories, 100)
    assert [set(row) for row in found.rows.tolist()] == [set(row) for row in plain.rows.tolist()]
    first = arranged.recommend(held.histories, 5).rows
    assert first.tolist() == found.rows[:, :5].tolist()
    history = held.histories.one(0)
    assert asked.listed(opened, name, history, 5, slate=slate)[0].tolist() == first[0].tolist()
    if slate.quota:
        codes = slates.first_codes(build.trie, first)
        for row, whole in zip(codes, slates.first_codes(build.trie, plain.rows), strict=True):
            places = sum(min(slate.quota, int((whole == code).sum())) for code in set(whole.tolist()) if code >= 0)
            if places >= 5:
                assert max(np.bincount(row[row >= 0])) <= slate.quota
