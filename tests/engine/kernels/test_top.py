import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.top_k import top_k

few_values = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0, float("-inf"), float("inf")]), min_size=1, max_size=20)


@given(few_values, st.integers(1, 25))
def test_top_k_is_the_head_of_the_sorted_list_with_ties_by_place(values, k):
    expected = sorted(range(len(values)), key=lambda place: (-values[place], place))[:k]
    assert top_k(np.array(values, np.float32), k).tolist() == expected


@given(few_values, st.integers(1, 25), st.randoms())
def test_ties_go_by_the_key_when_there_is_one(values, k, random):
    key = random.sample(range(100), len(values))
    expected = sorted(range(len(values)), key=lambda place: (-values[place], key[place]))[:k]
    assert top_k(np.array(values), k, np.array(key)).tolist() == expected


@given(few_values, st.integers(1, 25), st.data())
def test_a_score_that_is_no_number_is_always_an_error(values, k, data):
    values.insert(data.draw(st.integers(0, len(values))), float("nan"))
    with pytest.raises(ValueError, match="NaN"):
        top_k(np.array(values), k)
