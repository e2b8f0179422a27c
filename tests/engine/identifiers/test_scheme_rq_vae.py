"""RQ-VAE: the encoding against loops, the training by what it leaves."""

import numpy as np
import pytest

from engine import identifiers
from engine.identifiers import rq_vae
from engine.identifiers.base import Material
from engine.identifiers.nearest import nearest
from engine.identifiers.rq_vae import balancing_prices, effective_codebooks
from tests.engine.oracles import unit


def fit(embeddings, seed=0, progress=lambda done, total: None, **settings):
    chosen = {option.name: option.default for option in rq_vae.SCHEME.options} | {"codes": 8, "latent": 4, "epochs": 5}
    return rq_vae.fit(Material(np.asarray(embeddings, np.float32), ()), chosen | settings, seed, progress)


def random_vectors(rows, columns=16, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(rows, columns)))


def planted(clusters=6, each=20, spread=0.02):
    rng = np.random.default_rng(0)
    of = np.repeat(np.arange(clusters), each)
    return unit(np.eye(clusters, 16)[of] + spread * rng.normal(size=(len(of), 16))), of


@pytest.fixture(scope="module")
def fitted():
    return fit(random_vectors(90))


@pytest.fixture(scope="module")
def balanced():
    return fit(random_vectors(90), sinkhorn=1)


def used(codes, vocabulary):
    return [len(set(column.tolist())) / size for column, size in zip(codes.T, vocabulary, strict=True)]


def test_the_codes_are_nearest_in_the_latent_space_of_the_stored_encoder(fitted):
    stored = fitted.arrays
    for row, embedding in enumerate(random_vectors(90).astype(np.float64)):
        value = [(x - m) / s for x, m, s in zip(embedding, stored["mean"], stored["scale"], strict=True)]
        for place in range(3):
            weight, bias = stored[f"encoder_weight_{place}"], stored[f"encoder_bias_{place}"]
            value = [float(np.dot(w.astype(np.float64), value)) + float(b) for w, b in zip(weight, bias, strict=True)]
            value = value if place == 2 else [max(0.0, v) for v in value]
        for level in range(3):
            book = stored[f"latent_codebook_{level}"]
            distances = [sum((v - float(c)) ** 2 for v, c in zip(value, vector, strict=True)) for vector in book]
            code = fitted.codes[row, level]
            assert distances[code] == pytest.approx(min(distances), abs=1e-9)
            value = [v - float(c) for v, c in zip(value, book[code], strict=True)]


def test_the_inputs_have_mean_0_and_deviation_1_and_a_constant_dimension_is_left_alone():
    vectors = random_vectors(50) + np.linspace(-3, 900, 16, dtype=np.float32)
    vectors[:, 5] = 0.1
    arrays = fit(vectors, epochs=1).arrays
    inputs = (vectors - arrays["mean"]) / arrays["scale"]
    assert inputs.mean(axis=0) == pytest.approx(np.zeros(16), abs=1e-5)
    assert np.delete(inputs.std(axis=0), 5) == pytest.approx(np.ones(15), abs=1e-5)
    assert np.abs(inputs[:, 5]).max() < 1e-6


def test_an_effective_vector_is_the_mean_of_what_earlier_levels_leave_over(fitted):
    for code in range(8):
        left = []
        for row, embedding in enumerate(random_vectors(90).astype(np.float64)):
            first, second, third = fitted.codes[row]
            if third == code:
                left.append(embedding - fitted.codebooks[0][first] - fitted.codebooks[1][second])
        expected = np.mean(left, axis=0) if left else np.zeros(16)
        assert fitted.codebooks[2][code] == pytest.approx(expected, abs=1e-6)
    assert fitted.codebooks[2].dtype == np.float32


def test_a_code_without_documents_has_no_effect():
    books = effective_codebooks(np.float32([[2, 0], [4, 0]]), np.int32([[1, 0], [1, 2]]), (3, 3))
    assert [book.tolist() for book in books] == [[[0, 0], [3, 0], [0, 0]], [[-1, 0], [0, 0], [1, 0]]]


def test_documents_that_share_a_first_code_are_of_one_cluster():
    embeddings, cluster = planted()
    first = fit(embeddings, codes=18, levels=1, latent=16, epochs=60).codes[:, 0]
    of_the_largest = sum(np.bincount(cluster[first == code]).max() for code in set(first.tolist()))
    assert of_the_largest >= 0.9 * len(cluster)


def test_the_loss_falls_and_the_codes_come_into_use():
    arrays = fit(random_vectors(200), codes=16, latent=8, epochs=60).arrays
    assert arrays["history_loss"].dtype == arrays["history_usage"].dtype == np.float32
    assert arrays["history_loss"].shape == arrays["history_commitment"].shape == (60,)
    assert arrays["history_usage"].shape == (60, 3)
    assert arrays["history_loss"][-1] < 0.8 * arrays["history_loss"][0]
    assert arrays["history_usage"][-1].min() >= 0.9


def test_the_last_usage_of_the_history_is_that_of_the_codes(fitted):
    assert fitted.arrays["history_usage"][-1] == pytest.approx(used(fitted.codes, fitted.vocabulary))


def test_raw_vectors_far_from_the_origin_collapse_and_the_history_shows_it():
    shifted = random_vectors(200) + np.float32(100)
    raw = fit(shifted, codes=32, latent=8, epochs=30, standardise=0)
    assert raw.arrays["history_usage"][-1, 0] <= 0.25
    assert used(raw.codes, raw.vocabulary)[0] <= 0.25
    assert np.isfinite(raw.codebooks).all()
    cured = fit(shifted, codes=32, latent=8, epochs=30)
    assert used(cured.codes, cured.vocabulary)[0] > 2 * used(raw.codes, raw.vocabulary)[0]


def test_vectors_too_large_to_train_on_do_not_crash():
    found = fit(np.float32(1e30) * random_vectors(20), standardise=0)
    assert found.codes.min() >= 0
    assert found.codes.max() < found.vocabulary[0]


def test_one_seed_gives_one_result_and_another_gives_another(fitted):
    again, other = fit(random_vectors(90)), fit(random_vectors(90), seed=1)
    assert (again.codes == fitted.codes).all()
    assert all((again.arrays[name] == fitted.arrays[name]).all() for name in fitted.arrays)
    assert not np.array_equal(other.codes, fitted.codes)


def test_fitting_leaves_the_random_numbers_and_threads_of_others_alone():
    import torch

    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    fit(random_vectors(20), epochs=1)
    assert (torch.random.get_rng_state() == before).all()
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("which", ["fitted", "balanced"])
def test_assigning_the_training_documents_gives_their_codes_even_one_by_one(which, request):
    found = request.getfixturevalue(which)
    vectors = random_vectors(90)
    assert (rq_vae.assign(found, vectors) == found.codes).all()
    assert (np.vstack([rq_vae.assign(found, vectors[row : row + 1]) for row in range(90)]) == found.codes).all()
    assert rq_vae.assign(found, vectors[:0]).shape == (0, 3)


def test_saved_and_loaded_it_still_assigns_the_same(balanced, tmp_path):
    identifiers.save(balanced, tmp_path / "identifiers.npz")
    loaded = identifiers.load(tmp_path / "identifiers.npz")
    assert loaded.vocabulary == balanced.vocabulary
    assert all((loaded.arrays[name] == balanced.arrays[name]).all() for name in balanced.arrays)
    assert (rq_vae.assign(loaded, random_vectors(30, seed=9)) == rq_vae.assign(balanced, random_vectors(30, seed=9))).all()


def test_sinkhorn_evens_out_the_last_level_and_leaves_the_others(fitted, balanced):
    assert (balanced.codes[:, :2] == fitted.codes[:, :2]).all()
    before, after = np.bincount(fitted.codes[:, 2], minlength=8), np.bincount(balanced.codes[:, 2], minlength=8)
    assert after.std() < before.std() / 2
    assert after.max() <= 1.3 * 90 / 8


def test_prices_give_every_code_its_share_of_a_crowd():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(0, 0.3, (360, 2)), rng.normal(3, 1, (40, 2))])
    codebook = np.array([[0.0, 0], [3, 3], [0, 4], [5, 0]])
    prices = balancing_prices(points, codebook)
    cost = [[((point - code) ** 2).sum() + price for code, price in zip(codebook, prices, strict=True)] for point in points]
    assert np.abs(np.bincount(np.argmin(cost, axis=1), minlength=4) - 100).max() <= 5
    assert np.bincount(nearest(points, codebook.astype(np.float32)), minlength=4).max() > 350
    assert prices.min() == 0


def test_progress_counts_the_epochs():
    seen = []
    fit(random_vectors(20), progress=lambda done, total: seen.append((done, total)), epochs=3)
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("vectors", "codes"),
    [
        (random_vectors(1), 1),
        (np.tile(random_vectors(1), (7, 1)), 1),
        (np.tile(random_vectors(3), (4, 1)), 3),
        (random_vectors(5), 5),
        (np.linspace(-1, 1, 40, dtype=np.float32)[:, None], 8),
        (np.zeros((6, 3), np.float32), 1),
    ],
    ids=["one document", "all the same", "three different ones", "fewer than codes", "one dimension", "all zero"],
)
@pytest.mark.parametrize("standardise", [0, 1])
@pytest.mark.parametrize("sinkhorn", [0, 1])
def test_there_are_no_more_codes_than_different_documents(vectors, codes, standardise, sinkhorn, capfd):
    found = fit(vectors, standardise=standardise, sinkhorn=sinkhorn, epochs=2)
    assert found.vocabulary == (codes,) * 3
    assert found.codes.shape == (len(vectors), 3)
    assert found.codes.dtype == np.int32
    assert ((found.codes >= 0) & (found.codes < codes)).all()
    assert (rq_vae.assign(found, vectors) == found.codes).all()
    assert [book.shape for book in found.codebooks] == [(codes, vectors.shape[1])] * 3
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("settings", [{"levels": 1}, {"levels": 4}, {"latent": 1}, {"latent": 40}, {"codes": 2}])
def test_options_shape_the_result(settings):
    found = fit(random_vectors(40), epochs=1, **settings)
    assert found.vocabulary == (settings.get("codes", 8),) * settings.get("levels", 3)
    assert found.arrays["latent_codebook_0"].shape == (settings.get("codes", 8), settings.get("latent", 4))
    assert (rq_vae.assign(found, random_vectors(40)) == found.codes).all()
