import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.health.numbering import content_nodes, numbered_shares, numbering_nodes
from engine.identifiers import atomic
from engine.identifiers.base import Identifiers, Material
from engine.identifiers.collisions import extra_code
from engine.identifiers.paths_of_words import identifiers_of
from tests.engine.oracles import padded

NOTHING = Material(np.empty((0, 1), np.float32), ())


def shares(fitted):
    built = trie.build(fitted.codes)
    return numbered_shares(built, numbering_nodes(fitted.content, built))


def content(fitted):
    """Document row -> the codes with content."""
    built = trie.build(fitted.codes)
    nodes = content_nodes(fitted.content, built)
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
    fitted = atomic.fit(Material(np.zeros((9, 2), np.float32), ()), {}, 0, lambda done, total: None)
    assert shares(fitted) == [1]
    assert content(fitted) == dict.fromkeys(range(9), ())


def test_codes_that_count_up_are_content_where_the_scheme_says_so():
    # Told from the tree alone, the second codes of 0 and of 1 look like lists that count documents.
    fitted = Identifiers(np.array([[0, 3], [0, 4], [1, 7], [2, 9]], np.int32), (3, 10))
    assert shares(fitted) == [0, 0]
    assert content(fitted) == {0: (0, 3), 1: (0, 4), 2: (1, 7), 3: (2, 9)}


def test_numbers_behind_cluster_codes_are_told_from_clusters():
    # A leaf cluster's documents are numbered from 10 on; cluster 2 is split once more.
    words = [(0, 10), (0, 11), (1, 10), (2, 0, 10), (2, 0, 11), (2, 1, 10)]
    fitted = Identifiers(padded(words), (3, 12, 12), content=np.array([1, 1, 1, 2, 2, 2]))
    assert shares(fitted) == [0, 0.5, 1]
    assert content(fitted) == {0: (0,), 1: (0,), 2: (1,), 3: (2, 0), 4: (2, 0), 5: (2, 1)}


def test_numbers_and_ends_among_words_have_no_content():
    # Two dramas alike, two comedies of consecutive years, a comedy that is the beginning of these.
    paths = [["Drama"], ["Drama"], ["Comedy", "1984"], ["Comedy", "1985"], ["Comedy"]]
    fitted = extra_code(identifiers_of(paths), NOTHING, 0)
    assert shares(fitted) == [0, 0.6, 1]
    assert content(fitted) == {0: (1,), 1: (1,), 2: (0, 1), 3: (0, 2), 4: (0,)}


def test_documents_without_an_identifier_have_no_node():
    fitted = Identifiers(np.array([[0], [-1], [1]], np.int32), (2,))
    assert fitted.content.tolist() == [1, 0, 1]
    assert content(fitted) == {0: (0,), 2: (1,)}


@given(st.integers(0, 10_000))
def test_numbers_are_the_nodes_below_all_content_of_whatever_tree(seed):
    random = np.random.default_rng(seed)
    codes = np.unique(random.integers(0, 4, (12, 3)).astype(np.int32), axis=0)
    fitted = Identifiers(codes, (4, 4, 4), content=random.integers(0, 4, len(codes)))
    built = trie.build(codes)
    numbers = numbering_nodes(fitted.content, built)
    for node in range(len(built.code)):
        prefix = built.prefix(node)
        below = [row for row, of_row in enumerate(codes.tolist()) if tuple(of_row[: len(prefix)]) == prefix]
        assert numbers[node] == (max(fitted.content[below]) < len(prefix))
    assert content(fitted) == {row: tuple(of_row[: fitted.content[row]]) for row, of_row in enumerate(codes.tolist())}
