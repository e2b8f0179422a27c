import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from engine import trie
from engine.health.evenness import by_level, evenness
from tests.engine.oracles import identifiers, padded

counts_of_groups = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=5), min_size=1, max_size=6)


def slow_gini(counts):
    """Mean difference of every two codes, over twice the mean count."""
    return sum(abs(a - b) for a in counts for b in counts) / (2 * len(counts) * sum(counts))


@given(counts_of_groups, st.integers(0, 4))
def test_each_group_is_as_even_as_slow_formulas_say(groups, dead):
    codes = max(map(len, groups)) + dead
    group = np.repeat(np.arange(len(groups)), [len(counts) for counts in groups])
    found = evenness(np.concatenate([np.array(counts) for counts in groups]), group, codes)
    for place, counts in enumerate(groups):
        every = counts + [0] * (codes - len(counts))
        assert found.documents[place] == sum(counts)
        assert found.entropy[place] == pytest.approx(entropy(counts))
        assert found.gini[place] == pytest.approx(slow_gini(every))
        assert found.largest_share[place] == pytest.approx(max(counts) / sum(counts))


@given(identifiers())
def test_levels_count_the_documents_that_reach_them_in_all_and_under_each_prefix(words):
    for row in by_level(trie.build(padded(words)), (4,) * 4):
        reached = [word for word in words if len(word) >= row.level]
        prefixes = sorted({word[: row.level - 1] for word in reached})
        under = [[word[row.level - 1] for word in reached if word[: row.level - 1] == prefix] for prefix in prefixes]
        everywhere = [word[row.level - 1] for word in reached]
        assert row.used == len(set(everywhere))
        assert row.overall.documents.tolist() == [len(reached)]
        assert row.given_prefix.documents.tolist() == [len(codes) for codes in under]
        for found, lists in ((row.overall, [everywhere]), (row.given_prefix, under)):
            counts = [[codes.count(code) for code in range(4)] for codes in lists]
            assert found.entropy == pytest.approx([entropy(one) for one in counts])
            assert found.gini == pytest.approx([slow_gini(one) for one in counts])
