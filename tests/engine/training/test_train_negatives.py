import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.retrievers import Queries, sparse
from engine.training.teachers import negatives, rankings
from tests.engine.oracles import unit
from tests.engine.training.by_hand import source_of

WORDS = "kite moor whale tide sea storm".split()
N = 12


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    rng = np.random.default_rng(1)
    documents = [Document(str(row), "", " ".join(rng.choice(WORDS, 5)), {}) for row in range(N)]
    # 3 and 4 share an identifier, 7 has none; 5 and 6 are the same document twice.
    codes = [[row, 0] if row not in (4, 7) else ([3, 0] if row == 4 else [-1, -1]) for row in range(N)]
    vectors = unit(rng.standard_normal((N, 4)))
    vectors[6], documents[6] = vectors[5], documents[5]._replace(id="6")
    return source_of(tmp_path_factory.mktemp("build"), documents, codes, vectors)


def slow(source, texts, vectors, positives, count, kinds, left_out):
    """Each kind ranks all documents; they take turns."""
    of_leaf = source.leaf_of.tolist()
    mined = []
    for text, vector, own in zip(texts, vectors, positives, strict=True):
        never = {row for row in range(N) if of_leaf[row] in {of_leaf[one] for one in own} | {-1} or left_out[row]}
        keywords = sparse.SparseRetriever(source.folder / "sparse").search(Queries([text]), N).rows[0].tolist()
        cosines = [round(float(source.embeddings[row] @ vector), 6) for row in range(N)]
        lists = {"bm25": keywords, "dense": sorted(range(N), key=lambda row: (-cosines[row], row))}
        turns = [[row for row in lists[kind] if row >= 0 and row not in never][:count] for kind in kinds]
        found = []
        for turn in range(count):
            for rows in turns:
                if turn < len(rows) and rows[turn] not in found:
                    found.append(rows[turn])
        mined.append((found + [-1] * count)[:count])
    return mined


queries = st.lists(
    st.tuples(
        st.lists(st.sampled_from([*WORDS, "zeppelin"]), max_size=3).map(" ".join), st.sets(st.integers(0, N - 1), max_size=4)
    ),
    max_size=5,
)
kinds = st.sampled_from([("bm25", "dense"), ("dense", "bm25"), ("bm25",), ("dense",)])


@settings(max_examples=60)
@given(queries, kinds, st.integers(1, 8), st.sets(st.integers(0, N - 1), max_size=5), st.integers(1, 40))
def test_negatives_are_the_best_documents_of_each_kind_in_turn(source, queries, kinds, count, cold, cells):
    texts, positives = [text for text, _ in queries], [own for _, own in queries]
    vectors = unit(np.random.default_rng(2).standard_normal((len(texts), 4)))
    left_out = np.isin(np.arange(N), list(cold))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rankings, "CELLS", cells)  # so that chunks of one query, of several, and of all are tried
        mined = negatives.mine(texts, vectors, positives, source, count, kinds, left_out)
    assert mined.dtype == np.int32
    assert mined.shape == (len(texts), count)
    assert mined.tolist() == slow(source, texts, vectors, positives, count, kinds, left_out)


def test_never_a_positive_nor_its_like_nor_a_document_without_identifier(source):
    vectors = source.embeddings[[3, 7]]
    mined = negatives.mine(["kite", "sea"], vectors, [{3}, set()], source, N)
    assert not set(mined[0]) & {3, 4, 7}
    assert 7 not in mined[1]
    assert sorted(mined[1].tolist()) == [-1] + [row for row in range(N) if row != 7]


def test_vectors_alone_need_no_keyword_index_and_bm25_finds_nothing_for_unknown_words(source):
    vectors = source.embeddings[:1]
    assert (negatives.mine(["zeppelin"], vectors, [set()], source, 3, ("bm25",)) == -1).all()
    assert (negatives.mine(["zeppelin"], vectors, [set()], source, 3) >= 0).all()


@pytest.mark.parametrize(
    ("kinds", "message"), [(("bm26",), "unknown kind of negatives 'bm26'"), ((), "no kind of negatives named")]
)
def test_unknown_kinds_are_refused(source, kinds, message):
    with pytest.raises(TriescopeError, match=message):
        negatives.mine(["kite"], source.embeddings[:1], [set()], source, 3, kinds)
