"""BM25 recounted after documents came and went is BM25 over all texts indexed anew, number for number."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.retrievers import sparse
from engine.retrievers.ranking import Queries
from engine.retrievers.recounted import RecountedRetriever

WORDS = "heist dream dreams opera bora the of 東京 c ship".split()
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), min_size=1, max_size=12)


def indexed(folder, found):
    sparse.build(found, folder)
    return sparse.SparseRetriever(folder, len(found))


def same(one, other):
    asked = Queries([*WORDS, " ".join(WORDS), "ship ship dream", "nothing"])
    for made, wanted in zip(one.search(asked, 30)[:2], other.search(asked, 30)[:2], strict=True):
        np.testing.assert_array_equal(made, wanted)
    assert one.frequencies(asked.texts) == other.frequencies(asked.texts)


@settings(max_examples=40)
@given(before=texts, added=texts, seed=st.integers(0, 99), told=st.booleans())
def test_equals_an_index_of_all_texts_made_anew(tmp_path_factory, before, added, seed, told):
    folder = tmp_path_factory.mktemp("sparse")
    whole = indexed(folder / "before", before)
    if not told:  # an index of an earlier version
        (folder / "before" / sparse.LENGTHS).unlink()
    kept = np.flatnonzero(np.random.default_rng(seed).random(len(before)) < 0.7)
    made = RecountedRetriever(whole, lambda: before, kept, added)
    same(made, indexed(folder / "anew", [*(before[row] for row in kept), *added]))


def test_counts_are_read_off_the_scores_without_looking_at_a_text(tmp_path):
    found = ["bora bora", "the dream of a ship " * 40, "opera", "", "ship dream dream"]
    whole = indexed(tmp_path / "before", found)

    def texts():
        raise AssertionError("a text was asked for")

    same(RecountedRetriever(whole, texts, np.array([1, 2, 3]), ["heist"]), indexed(tmp_path / "anew", [*found[1:4], "heist"]))


def test_lengths_that_are_not_those_of_the_index_are_not_believed(tmp_path):
    found = ["dream ship opera", "ship", "heist of dreams"]
    whole = indexed(tmp_path / "before", found)
    np.save(tmp_path / "before" / sparse.LENGTHS, np.array([3, 2, 2], np.int32))
    same(RecountedRetriever(whole, lambda: found, np.arange(3), ["opera"]), indexed(tmp_path / "anew", [*found, "opera"]))
