import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import identifiers, trie
from engine.errors import TriescopeError
from engine.identifiers.base import Identifiers
from engine.identifiers.collisions import extra_code
from engine.identifiers.rq_kmeans import default_codes
from tests.engine.oracles import unit


def fit(embeddings, seed=0, **settings):
    return identifiers.fit("rq-kmeans", np.asarray(embeddings, np.float32), settings, seed)


def planted(clusters=6, each=10, spread=0.01, seed=0):
    """Unit vectors in tight clusters, and the cluster of each."""
    rng = np.random.default_rng(seed)
    centres, of = np.eye(clusters, 16), np.repeat(np.arange(clusters), each)
    return unit(centres[of] + spread * rng.normal(size=(len(of), 16))), of


def random_vectors(rows, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(rows, 16)))


def test_planted_clusters_share_their_first_code_and_no_other_does():
    embeddings, cluster = planted()
    first = fit(embeddings, codes=6, levels=1).codes[:, 0]
    assert len({(code, of) for code, of in zip(first.tolist(), cluster.tolist(), strict=True)}) == 6


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_each_code_is_the_nearest_of_its_codebook_to_what_is_left_over(levels):
    embeddings = random_vectors(80)
    fitted = fit(embeddings, levels=levels, codes=5)
    for row, left in enumerate(embeddings.astype(np.float64)):
        for level, book in enumerate(fitted.codebooks):
            distances = [float(((left - vector) ** 2).sum()) for vector in book]
            assert distances[fitted.codes[row, level]] == pytest.approx(min(distances), abs=1e-5)
            left = left - book[fitted.codes[row, level]]


def test_each_level_leaves_less_over():
    embeddings = random_vectors(200)
    fitted = fit(embeddings, levels=3, codes=8)
    left, before = embeddings.astype(np.float64), np.inf
    for level, book in enumerate(fitted.codebooks):
        left = left - book[fitted.codes[:, level]]
        now = (left**2).sum(axis=1).mean()
        assert now < before
        before = now


def test_one_seed_gives_one_result_and_another_may_give_another():
    embeddings = random_vectors(120)
    first, again = fit(embeddings, seed=3, codes=8), fit(embeddings, seed=3, codes=8)
    assert (first.codes == again.codes).all()
    assert all((a == b).all() for a, b in zip(first.codebooks, again.codebooks, strict=True))
    assert any(not np.array_equal(first.codes, fit(embeddings, seed=seed, codes=8).codes) for seed in (4, 5, 6))


def test_the_largest_seed_that_a_spec_allows_is_a_seed():
    assert len(fit(random_vectors(20), seed=(1 << 31) - 1).codes) == 20


@given(st.lists(st.lists(st.integers(0, 2), min_size=2, max_size=2), min_size=1, max_size=20))
def test_the_collision_code_numbers_documents_that_share_an_identifier(codes):
    given_codes = Identifiers(np.array(codes, np.int32), (3, 3), [])
    found = extra_code(given_codes, None, 0)
    shared = max(codes.count(one) for one in codes)
    if shared == 1:
        assert found is given_codes
    else:
        assert found.codes.tolist() == [[*one, codes[:place].count(one)] for place, one in enumerate(codes)]
        assert found.vocabulary == (3, 3, shared)
        assert found.codes.dtype == np.int32


def test_identifiers_are_unique_however_few_the_codes():
    fitted = fit(random_vectors(100), levels=1, codes=2)
    assert len(np.unique(fitted.codes, axis=0)) == 100
    assert len(fitted.vocabulary) == fitted.codes.shape[1] == 2
    assert len(fitted.codebooks) == 1


def test_documents_that_are_all_the_same_differ_in_the_collision_code_alone():
    fitted = fit(np.tile(random_vectors(1), (7, 1)))
    assert fitted.codes.tolist() == [[0, 0, 0, place] for place in range(7)]
    assert fitted.vocabulary == (1, 1, 1, 7)


def test_fewer_documents_than_codes_get_a_code_each():
    fitted = fit(random_vectors(5), codes=64, levels=2)
    assert len(set(fitted.codes[:, 0].tolist())) == 5
    assert fitted.codes.max(axis=0).tolist() <= [size - 1 for size in fitted.vocabulary]


def test_one_document_has_an_identifier():
    fitted = fit(random_vectors(1))
    assert fitted.codes.tolist() == [[0, 0, 0]]
    assert trie.build(fitted.codes).levels == 3


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_is_said_with_its_document(value):
    embeddings = random_vectors(9).copy()
    embeddings[4, 2] = value
    with pytest.raises(TriescopeError, match="rq-kmeans: the embedding of document 5 is not finite"):
        fit(embeddings)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"levels": 0}, "rq-kmeans: levels must lie between 1 and 8, not 0"),
        ({"levels": 9}, "rq-kmeans: levels must lie between 1 and 8, not 9"),
        ({"codes": 1}, "rq-kmeans: codes must lie between 2 and 4096, not 1"),
        ({"codes": float("nan")}, "rq-kmeans: codes must lie between 2 and 4096, not nan"),
        ({"levels": 2.5}, "levels"),
        ({"depth": 3}, "rq-kmeans has no option 'depth'; it has levels, codes"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, fault):
    with pytest.raises(TriescopeError, match=fault):
        fit(random_vectors(9), **settings)


def test_an_unknown_scheme_is_said_with_those_that_are_there():
    with pytest.raises(TriescopeError, match="unknown identifier scheme 'lsh'; there are rq-kmeans"):
        identifiers.fit("lsh", random_vectors(3), {})


def test_a_setting_of_none_is_the_default():
    embeddings = random_vectors(40)
    assert (fit(embeddings, levels=None, codes=None).codes == fit(embeddings).codes).all()
    assert fit(embeddings).vocabulary[:3] == (default_codes(40),) * 3


@pytest.mark.parametrize(("documents", "codes"), [(1, 16), (499, 16), (500, 32), (2999, 32), (3000, 256), (10**6, 256)])
def test_the_number_of_codes_grows_with_the_corpus(documents, codes):
    assert default_codes(documents) == codes


def test_saved_identifiers_come_back_the_same(tmp_path):
    fitted = fit(random_vectors(30), levels=2, codes=4)
    identifiers.save(fitted, tmp_path / "identifiers.npz")
    loaded = identifiers.load(tmp_path / "identifiers.npz")
    assert (loaded.codes == fitted.codes).all()
    assert loaded.codes.dtype == np.int32
    assert loaded.vocabulary == fitted.vocabulary
    assert [book.tolist() for book in loaded.codebooks] == [book.tolist() for book in fitted.codebooks]


def test_a_scheme_states_its_options_with_defaults_in_range():
    for scheme in identifiers.SCHEMES.values():
        for option in scheme.options:
            assert option.help
            assert option.default in (None, *option.choices) or option.low <= option.default <= option.high


def test_levels_that_halve_code_orthogonal_parts_in_turn():
    points = random_vectors(300, seed=4)
    found = identifiers.fit("rq-kmeans", points, {"levels": 4, "codes": 16, "halving": 1, "books": 2}, resolver="leave")
    assert found.vocabulary == (16, 8, 4, 2)
    one, two, three, four = found.codebooks
    assert abs(one @ two.T).max() < 1e-4
    assert abs(three @ four.T).max() < 1e-4
    assert abs(one @ three.T).max() > 1e-3
    # Each code is the nearest of its level to what the levels before left over, as with one book.
    left = points.copy()
    for column, book in zip(found.codes.T, found.codebooks, strict=True):
        assert (((left[:, None] - book) ** 2).sum(2).argmin(1) == column).all()
        left = left - book[column]
    assert (identifiers.assign("rq-kmeans", found, points) == found.codes).all()
    plain = identifiers.fit("rq-kmeans", points, {"levels": 4, "codes": 16}, resolver="leave")
    assert plain.vocabulary == (16,) * 4
