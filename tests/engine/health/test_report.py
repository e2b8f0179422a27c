import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from engine import identifiers, trie
from engine.data.corpus import Document
from engine.health.report import choose_labels, report
from engine.identifiers.base import Identifiers, Material
from engine.identifiers.collisions import extra_code
from tests.engine.oracles import identifiers as words_of_documents
from tests.engine.oracles import padded, unit

NOTHING = Material(np.empty((0, 1), np.float32), ())


def vectors(rows, seed=0, d=16):
    return unit(np.random.default_rng(seed).normal(size=(rows, d)))


def planted(clusters=8, each=25, seed=0):
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(clusters), each)
    return unit(np.eye(clusters, 16)[of] + 0.1 * rng.normal(size=(len(of), 16))), [str(cluster) for cluster in of]


def card_of(fitted, embeddings, labels=None, seed=0):
    card = report(fitted, trie.build(fitted.codes), embeddings, labels, seed)
    json.dumps(card.as_json(), allow_nan=False)
    return card


def fit(embeddings, scheme="rq-kmeans", **settings):
    return identifiers.fit(scheme, np.asarray(embeddings, np.float32), settings)


def verdict_on(card, figure):
    return next((row for row in card.verdicts if row.figure == figure), None)


@given(words_of_documents(), st.integers(0, 1 << 20))
def test_bits_are_the_entropy_of_the_whole_identifier_and_sharing_is_counted(words, seed):
    card = card_of(Identifiers(padded(words), (4,) * max(map(len, words))), vectors(len(words), seed))
    sizes = Counter(word for word in words if word)
    assert card.bits == pytest.approx(entropy(list(sizes.values()), base=2), abs=1e-5)
    assert card.bits_raw == pytest.approx(sum(2 * len(word) for word in words) / sizes.total(), abs=1e-5)
    assert card.unique_rate == pytest.approx(sum(size == 1 for size in sizes.values()) / len(words), abs=1e-5)
    assert card.collision_rate == pytest.approx(1 - len(sizes) / sizes.total(), abs=1e-5)
    assert card.largest_leaf == max(sizes.values())
    assert card.without_identifier == words.count(())


@given(words_of_documents(), st.integers(0, 1 << 20))
def test_levels_and_means_over_prefixes_are_those_of_a_loop(words, seed):
    card = card_of(Identifiers(padded(words), (4,) * max(map(len, words))), vectors(len(words), seed))
    assert [row.level for row in card.levels] == list(range(1, len(card.levels) + 1))
    bits = 0.0
    for row in card.levels:
        reached = [word for word in words if len(word) >= row.level]
        counts = Counter(word[row.level - 1] for word in reached)
        assert (row.codes, row.used, row.dead, row.documents) == (4, len(counts), 4 - len(counts), len(reached))
        assert row.perplexity == pytest.approx(np.exp(entropy(list(counts.values()))), abs=1e-5)
        assert row.entropy_ratio == pytest.approx(entropy(list(counts.values()), base=4), abs=1e-5)
        mean_perplexity = mean_entropy = 0.0
        for prefix in {word[: row.level - 1] for word in reached}:
            under = [word[row.level - 1] for word in reached if word[: row.level - 1] == prefix]
            nats = entropy(list(Counter(under).values()))
            mean_perplexity += np.exp(nats) * len(under) / len(reached)
            mean_entropy += nats * len(under) / len(reached)
        assert row.given_prefix.perplexity == pytest.approx(mean_perplexity, abs=1e-5)
        assert row.given_prefix.entropy_ratio == pytest.approx(mean_entropy / np.log(4), abs=1e-5)
        bits += mean_entropy / np.log(2) * len(reached) / len([word for word in words if word])
    # The chain rule.
    assert card.bits == pytest.approx(bits, abs=1e-5)


@given(words_of_documents(), st.integers(0, 1 << 20), st.booleans())
def test_shares_lie_between_0_and_1_and_cosines_between_minus_1_and_1(words, seed, equal):
    embeddings = np.ones((len(words), 3), np.float32) if equal else vectors(len(words), seed, 3)
    labels = [str(row % 3) for row in range(len(words))]
    card = card_of(Identifiers(padded(words), (4,) * max(map(len, words))), embeddings, labels)
    shares = [getattr(card, f"{kind}{name}") for kind in ("", "content_") for name in ("unique_rate", "collision_rate")]
    for row in card.levels:
        for figures in (row, row.given_prefix):
            shares += [getattr(figures, name) for name in ("entropy_ratio", "gini", "largest_share")]
    shares += [getattr(row, name) for row in card.neighbour_overlap for name in ("share", "chance", "possible")]
    shares += [row.purity for row in card.purity]
    assert all(0 <= share <= 1 for share in shares)
    cosines = [row.mean_cosine for row in card.prefix_cosine]
    cosines += [card.mean_vector_cosine, card.random_pair_cosine or 0]
    assert all(-1 <= cosine <= 1 for cosine in cosines)


def test_a_good_scheme_is_healthy_and_told_apart_from_the_control():
    embeddings, labels = planted()
    fitted = fit(embeddings, codes=16, levels=3)
    card = card_of(fitted, embeddings, labels)
    assert card.verdict == "healthy"
    assert card.unique_rate == 1
    assert card.purity[1].purity == 1
    assert card.prefix_cosine[0].mean_cosine > card.random_pair_cosine + 0.5
    shuffled = Identifiers(np.random.default_rng(0).permutation(fitted.codes), fitted.vocabulary)
    control = card_of(shuffled, embeddings, labels)
    assert control.verdict == verdict_on(control, "prefix_cosine").verdict == "broken"
    assert verdict_on(control, "neighbour_overlap").verdict == "broken"


def test_two_of_256_codes_are_a_broken_level_and_the_remedy_says_so():
    codes = np.random.default_rng(0).integers(0, 256, (2000, 3)).astype(np.int32)
    codes[:, 0] %= 2
    card = card_of(Identifiers(codes, (256,) * 3), vectors(2000))
    assert [row.verdict for row in card.levels] == ["broken", "healthy", "healthy"]
    assert card.levels[0].remedy == "level 1 uses 2 of 256 codes: standardise inputs or lower K"
    assert card.verdict == "broken"


@pytest.mark.parametrize(("shift", "noise"), [(100, 1e-5), (1e4, 1e-5), (10, 0.05)])
def test_vectors_far_from_the_origin_are_broken(shift, noise):
    raw = (shift + noise * np.random.default_rng(0).normal(size=(600, 16))).astype(np.float32)
    assert card_of(fit(raw), raw).verdict == "broken"


def test_one_code_for_all_is_broken_and_unresolved_collisions_are_too():
    card = card_of(Identifiers(np.zeros((40, 2), np.int32), (8, 8)), vectors(40))
    assert [row.verdict for row in card.levels] == ["broken", "broken"]
    assert verdict_on(card, "unique_rate").verdict == verdict_on(card, "content_bits").verdict == "broken"
    assert (card.unique_rate, card.largest_leaf, card.bits) == (0, 40, 0)


def test_numbers_behind_the_content_are_shown_and_not_judged():
    content = np.repeat(np.arange(50, dtype=np.int32), 4)[:, None]
    fitted = extra_code(Identifiers(content, (50,), [vectors(50)]), NOTHING, 0)
    card = card_of(fitted, vectors(200))
    assert [(row.counts, row.verdict) for row in card.levels] == [(False, "healthy"), (True, None)]
    assert (card.unique_rate, card.content_unique_rate) == (1, 0)
    assert (card.largest_leaf, card.content_largest_leaf) == (1, 4)
    assert card.content_bits == pytest.approx(np.log2(50), abs=1e-5)
    assert (card.bits_raw, card.content_bits_raw) == pytest.approx((np.log2(200), np.log2(50)), abs=1e-5)
    assert "100% of the documents need a number" in verdict_on(card, "content_unique_rate").remedy


def test_identifiers_that_only_number_are_to_be_watched():
    fitted = Identifiers(np.arange(30, dtype=np.int32)[:, None], (30,), content=np.zeros(30, np.int32))
    card = card_of(fitted, vectors(30))
    assert card.verdict == verdict_on(card, "content_bits").verdict == "watch"
    assert verdict_on(card, "prefix_cosine") is None


def test_words_that_disagree_with_the_embeddings_are_watched_not_broken():
    codes = np.column_stack([np.arange(400) % 40, np.arange(400) // 40]).astype(np.int32)
    words = [[f"w{n}" for n in range(40)], [f"v{n}" for n in range(10)]]
    assert card_of(Identifiers(codes, (40, 10), words=words), vectors(400)).verdict == "watch"
    assert card_of(Identifiers(codes, (40, 10)), vectors(400)).verdict == "broken"


def test_the_reconstruction_is_the_sum_of_the_codes_vectors():
    embeddings = vectors(90)
    fitted = fit(embeddings, codes=6, levels=2)
    cosines = []
    for codes, vector in zip(fitted.codes, embeddings.astype(np.float64), strict=True):
        rebuilt = sum(book[code] for book, code in zip(fitted.codebooks, codes, strict=False))
        cosines.append(vector @ rebuilt / np.linalg.norm(rebuilt) / np.linalg.norm(vector))
    assert card_of(fitted, embeddings).reconstruction_cosine == pytest.approx(np.mean(cosines), abs=1e-5)
    assert card_of(replace(fitted, codebooks=[]), embeddings).reconstruction_cosine is None


def test_a_document_without_identifier_is_rebuilt_as_nothing():
    book = np.eye(2, dtype=np.float32)
    card = card_of(Identifiers(np.array([[0], [1], [-1]], np.int32), (2,), [book]), book[[0, 1, 0]])
    assert card.reconstruction_cosine == pytest.approx(2 / 3, abs=1e-5)
    found = verdict_on(card, "without_identifier")
    assert (found.value, found.verdict) == (1, "broken")
    assert found.remedy == (
        "documents without an identifier cannot be generated: fill the missing values or choose another scheme"
    )


@pytest.mark.parametrize("codebooks", [[], [np.ones((1, 4), np.float32)]])
def test_one_document_leaves_nothing_to_judge(codebooks):
    card = card_of(Identifiers(np.zeros((1, 1), np.int32), (1,), codebooks), vectors(1, d=4), ["war"])
    assert card.verdict == "healthy"
    assert (card.random_pair_cosine, card.prefix_cosine, card.neighbour_overlap) == (None, (), ())
    assert (card.unique_rate, card.bits, card.purity[0].purity) == (1, 0, 1)


def test_identical_documents_are_broken_even_when_numbered():
    embeddings = np.repeat(vectors(1), 50, axis=0)
    card = card_of(fit(embeddings), embeddings)
    assert (card.unique_rate, card.content_unique_rate, card.verdict) == (1, 0, "broken")
    assert card.levels[0].remedy.startswith("level 1 uses 1 of 1 codes")


def test_vectors_of_zeros_or_one_dimension_are_reported():
    codes = np.arange(12, dtype=np.int32)[:, None] % 4
    assert card_of(Identifiers(codes, (4,)), np.zeros((12, 1), np.float32)).mean_vector_cosine == 0
    assert card_of(Identifiers(codes, (4,)), np.arange(12, dtype=np.float32)[:, None] - 6).documents == 12


def test_embeddings_need_not_have_unit_length():
    embeddings, labels = planted()
    fitted = fit(embeddings, codes=8)
    scaled = (embeddings * np.random.default_rng(1).uniform(0.5, 9, (len(embeddings), 1))).astype(np.float32)
    first, second = card_of(fitted, embeddings, labels), card_of(fitted, scaled, labels)
    for name in ("random_pair_cosine", "reconstruction_cosine", "mean_vector_cosine"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), abs=1e-5)
    assert first.neighbour_overlap == second.neighbour_overlap


def test_one_seed_gives_one_report():
    embeddings = vectors(300)
    fitted = fit(embeddings)
    assert card_of(fitted, embeddings, seed=5) == card_of(fitted, embeddings, seed=5)


def documents(*metadata):
    return [Document(str(row), "title", "", values) for row, values in enumerate(metadata)]


def test_labels_come_from_a_genre_or_category_column_before_any_list():
    toys = {"cast": ["X"], "Category": "toys"}
    assert choose_labels(documents(toys, toys | {"Category": None}, toys, {"Category": ""})) == ["toys", None, "toys", None]


def test_labels_come_from_the_first_list_whose_values_repeat():
    rows = documents(*({"people": [f"p{row}"], "topics": ["a", "b"] if row else [], "year": 1} for row in range(5)))
    assert choose_labels(rows) == [None, "a", "a", "a", "a"]


def test_without_such_a_column_there_are_no_labels():
    assert choose_labels(documents({"year": 1990}, {})) is None


def test_a_build_is_reported_with_its_labels(opened):
    fitted = identifiers.load(opened.folder / "identifiers.npz")
    card = report(fitted, opened.trie, opened.embeddings, choose_labels(opened.corpus.documents))
    assert card.documents == 60
    assert card.unique_rate == 1
    assert card.purity[0].purity < card.purity[1].purity
