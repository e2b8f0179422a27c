import numpy as np
import pytest

from engine import trie
from engine.health.numbering import content_nodes, numbered_shares, numbering_nodes
from engine.identifiers.base import Identifiers, Material
from engine.identifiers.collisions import extra_code
from tests.engine.oracles import padded

NOTHING = Material(np.empty((0, 1), np.float32), ())


def shares(fitted):
    built = trie.build(fitted.codes)
    return numbered_shares(built, numbering_nodes(fitted, built))


def content(fitted):
    """Document row -> the codes with content."""
    built = trie.build(fitted.codes)
    nodes = content_nodes(built, numbering_nodes(fitted, built))
    return {int(row): built.prefix(int(node)) for row, node in zip(built.documents, nodes, strict=True)}


def learned(seed=0, documents=300, **rest):
    codes = np.random.default_rng(seed).integers(0, 12, (documents, 2)).astype(np.int32)
    return Identifiers(codes, (12, 12), **rest)


@pytest.mark.parametrize("codebooks", [True, False])
def test_the_level_that_resolves_collisions_numbers_and_no_other_does(codebooks):
    fitted = learned(codebooks=[np.zeros((12, 3), np.float32)] * 2 if codebooks else [])
    resolved = extra_code(fitted, NOTHING, 0)
    assert resolved.codes.shape == (300, 3)
    assert shares(resolved) == [0, 0, 1]
    assert content(resolved) == {row: tuple(codes) for row, codes in enumerate(fitted.codes.tolist())}


def test_without_a_resolver_every_code_is_content():
    assert shares(learned()) == [0, 0]


def test_one_code_a_document_only_numbers():
    assert shares(Identifiers(np.arange(9, dtype=np.int32)[:, None], (9,))) == [1]


def test_numbers_behind_cluster_codes_are_told_from_clusters():
    # A leaf cluster's documents are numbered from 10 on; cluster 2 is split once more.
    words = [(0, 10), (0, 11), (1, 10), (2, 0, 10), (2, 0, 11), (2, 1, 10)]
    fitted = Identifiers(padded(words), (3, 12, 12))
    assert shares(fitted) == [0, 0.5, 1]
    assert content(fitted) == {0: (0,), 1: (0,), 2: (1,), 3: (2, 0), 4: (2, 0), 5: (2, 1)}


def test_numbers_and_ends_among_words_have_no_content():
    words = [["Comedy", "Drama"], ["(end)", "1984", "1985", "0", "1"]]
    # Two dramas that share everything else, two comedies of consecutive years, and a comedy that ends.
    fitted = Identifiers(np.array([[1, 3], [1, 4], [0, 1], [0, 2], [0, 0]], np.int32), (2, 5), words=words)
    assert shares(fitted) == [0, 0.6]
    assert content(fitted) == {0: (1,), 1: (1,), 2: (0, 1), 3: (0, 2), 4: (0,)}


def test_a_level_behind_the_words_only_numbers():
    fitted = Identifiers(np.array([[0, 5], [0, 3], [1, 5]], np.int32), (2, 6), words=[["a", "b"]])
    assert shares(fitted) == [0, 1]
