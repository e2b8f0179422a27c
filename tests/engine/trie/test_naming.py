import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.trie.naming import WORDS, lexicon, name_nodes, telling_words
from tests.engine.oracles import DictTrie, identifiers, padded

# No stop words, no plurals, three letters at least: nothing that the tokenizer would change.
VOCABULARY = ["anchor", "bridge", "candle", "desert", "engine", "forest", "garden", "harbour"]
document = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=5).map(" ".join)


def weights(texts, rows, everyone):
    """Share of the node's documents that use a word, times the log of that share over the share of all."""
    uses = {word: sum(word in texts[row].split() for row in rows) / len(rows) for word in VOCABULARY}
    of_all = {word: sum(word in texts[row].split() for row in everyone) / len(everyone) for word in VOCABULARY}
    return {word: uses[word] * math.log(uses[word] / of_all[word]) for word in VOCABULARY if uses[word]}


@given(identifiers(), st.data())
def test_a_node_is_named_by_the_words_that_tell_most_about_it(words, data):
    texts = data.draw(st.lists(document, min_size=len(words), max_size=len(words)))
    titles = [f"Title {row}" for row in range(len(words))]
    built, tree = trie.build(padded(words)), DictTrie(words)
    names = name_nodes(built, titles, texts)
    assert names[0] == "all"
    for prefix, name in list(zip(tree.nodes, names, strict=True))[1:]:
        rows = tree.below[prefix]
        if len(rows) == 1:
            assert name == titles[rows[0]]
        else:
            weight = weights(texts, rows, tree.below[()])
            chosen = name.split(" · ")
            assert [weight[word] for word in chosen] == pytest.approx(sorted(weight.values(), reverse=True)[:WORDS], abs=1e-5)
            assert len(set(chosen)) == len(chosen)


def test_a_word_that_every_document_uses_names_no_node_when_there_are_others():
    built = trie.build(padded([(0, 0), (0, 1), (1, 0), (1, 1)]))
    texts = ["story ship storm cabin", "story ship storm cabin", "story dance hall piano", "story dance hall piano"]
    names = name_nodes(built, ["a", "b", "c", "d"], texts)
    assert set(names[1].split(" · ")) == {"ship", "storm", "cabin"}
    assert set(names[2].split(" · ")) == {"dance", "hall", "piano"}


def test_where_codes_mean_words_a_node_of_several_documents_has_the_word_of_its_code():
    built = trie.build(padded([(0, 0), (0, 1), (1, 0), (2, 0), (2, 1)]))
    texts = ["ship storm", "ship island", "dance hall", "piano", "piano"]
    names = name_nodes(built, list("ABCDE"), texts, [["sea", "stage"], ["x", "y"]])
    # One document has its title, and a code without a word the words that tell most.
    assert names[1:] == ["sea", "C", "piano", *"ABCDE"]


def test_a_document_without_a_title_lends_the_beginning_of_its_text():
    built = trie.build(padded([(0,), (1,)]))
    assert name_nodes(built, ["", "Two"], ["word " * 30, "other"])[1:] == [("word " * 30)[:60], "Two"]


def test_nodes_whose_documents_have_no_words_say_how_many_there_are():
    built = trie.build(padded([(0, 0), (0, 1), (0, 2), (1, 0)]))
    assert name_nodes(built, ["A", "B", "C", "D"], ["", "12 34", "the of", ""])[1] == "3 documents"


def test_names_hold_no_pronouns_and_no_numbers():
    built = trie.build(padded([(0, 0), (0, 1), (1, 0)]))
    names = name_nodes(built, ["A", "B", "C"], ["she 1984 they himself ship", "he 1984 them herself ship", "ours dance"])
    assert re.findall(r"\w+", names[1]) == ["ship"]


def test_documents_without_an_identifier_are_in_no_name():
    built = trie.build(padded([(0, 0), (), (0, 1), (1, 0)]))
    names = name_nodes(built, ["A", "B", "C", "D"], ["ship storm", "zeppelin", "ship storm", "dance"])
    assert "zeppelin" not in " ".join(names)


@given(st.data())
def test_a_group_of_documents_is_told_by_the_words_that_tell_most_about_it(data):
    texts = data.draw(st.lists(document, min_size=1, max_size=10))
    rows = st.lists(st.integers(0, len(texts) - 1), unique=True, max_size=len(texts))
    groups = data.draw(st.lists(rows, min_size=1, max_size=4))
    found = telling_words(lexicon(texts), [np.array(group, int) for group in groups])
    for group, words in zip(groups, found, strict=True):
        weight = weights(texts, group, range(len(texts))) if group else {}
        assert [weight[word] for word in words] == pytest.approx(sorted(weight.values(), reverse=True)[:WORDS], abs=1e-5)
