"""A branch has the past of its search and the future that the search would have had from that prefix on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding import strategies
from engine.decoding.branching import BRANCHING, branch
from engine.errors import TriescopeError
from engine.scorers.base import Scored, log_softmax_within
from engine.trie import restrict
from tests.engine.oracles import DictTrie, SumScorer, beam_search, identifiers, padded, random_sums, slow_beam_search

QUERY = np.zeros(2, np.float32)
WORDS = [(0, 1, 0), (0, 1, 1), (0, 2), (3, 0), (3, 1), (4, 4, 4), (5,)]


class AmongSiblings(SumScorer):
    """Probabilities of the codes that may follow: under a forced prefix each of its codes would be certain."""

    def score(self, state, nodes, totals, children):
        log_prob = log_softmax_within(self.log_probs[children.node], children.parent, len(nodes))
        return Scored(log_prob, totals[children.parent] + log_prob)


def slow_branch(tree: DictTrie, log_probs, beams: int, prefix) -> list[tuple[list, list]]:
    """The steps of the slow search up to the branch; there one is kept, and the slow search goes on with it."""
    number = {one: node for node, one in enumerate(tree.nodes)}
    steps, at = slow_beam_search(tree, log_probs, beams), len(prefix) - 1
    every = [*steps[at][0], *steps[at][1]]
    kept = [one for one in every if one[0] == prefix]
    steps = [*steps[:at], (kept, [one for one in every if one[0] != prefix])]
    for _ in range(max(map(len, tree.nodes)) - len(prefix)):
        found = []
        for above, total in kept:
            found += [(child, total + log_probs[number[child]]) for child in tree.children(above)] or [(above, total)]
        found.sort(key=lambda one: (-one[1], number[one[0]]))
        kept = found[:beams]
        steps.append((kept, found[beams:]))
    return steps


def candidates(trace, built):
    """Prefixes that can be branched at: each candidate of the step of its last code."""
    steps = enumerate(trace.steps, 1)
    every = [(level, built.prefix(int(node))) for level, step in steps for part in (step.kept, step.pruned) for node in part.node]
    return [prefix for level, prefix in every if len(prefix) == level]


@given(identifiers(), st.integers(0, 1 << 30), st.integers(1, 12), st.data())
def test_it_is_the_slow_search_gone_back_to_a_step(words, seed, beams, data):
    built = trie.build(padded(words))
    scorer = random_sums(built, seed)
    trace = beam_search(built, scorer, QUERY, beams)
    prefix = data.draw(st.sampled_from(candidates(trace, built)))
    found = branch(trace, built, scorer, QUERY, prefix)
    slow = slow_branch(DictTrie(words), scorer.log_probs.tolist(), beams, prefix)
    assert len(found.steps) == len(slow)
    for step, (kept, pruned) in zip(found.steps, slow, strict=True):
        for part, wanted in ((step.kept, kept), (step.pruned, pruned)):
            totals = part.total.tolist()
            assert [(built.prefix(int(node)), total) for node, total in zip(part.node, totals, strict=True)] == wanted
    for ours, theirs in zip(found.steps[: len(prefix) - 1], trace.steps, strict=False):
        assert ours is theirs
    assert [built.prefix(int(leaf)) for leaf in found.leaves] == [one for one, _ in slow[-1][0]]
    for place in range(len(found.leaves)):
        path = found.beam_path(len(found.steps) - 1, place)
        nodes = [int(step.kept.node[at]) for step, at in zip(found.steps, path, strict=True)]
        assert nodes == [int(built.find(built.prefix(int(found.leaves[place]))[: level + 1])) for level in range(len(nodes))]


@given(identifiers(), st.integers(0, 1 << 30), st.integers(1, 12), st.data())
def test_it_finds_what_the_forced_search_finds_at_the_totals_of_the_unforced(words, seed, beams, data):
    built = trie.build(padded(words))
    scorer = AmongSiblings(-np.random.default_rng(seed).random(len(built.code)))
    trace = beam_search(built, scorer, QUERY, beams)
    prefix = data.draw(st.sampled_from(candidates(trace, built)))
    found = branch(trace, built, scorer, QUERY, prefix)
    forced = beam_search(restrict(built, force=prefix), scorer, QUERY, beams)
    assert found.leaves.tolist() == forced.leaves.tolist()
    whole = beam_search(built, scorer, QUERY, 1000)
    totals = dict(zip(whole.leaves.tolist(), whole.scores.tolist(), strict=True))
    assert found.scores.tolist() == pytest.approx([totals[leaf] for leaf in found.leaves.tolist()], abs=1e-5)


def test_how_sure_it_is_is_how_sure_any_search_is_of_that_leaf():
    built = trie.build(padded(WORDS))
    scorer = AmongSiblings(-np.random.default_rng(3).random(len(built.code)))
    found = branch(beam_search(built, scorer, QUERY, 2), built, scorer, QUERY, (3,))
    whole = beam_search(built, scorer, QUERY, 1000)
    total = dict(zip(whole.leaves.tolist(), whole.scores.tolist(), strict=True))[int(found.leaves[0])]
    assert found.confidence == pytest.approx(np.exp(total), rel=1e-5)


@pytest.mark.parametrize(("prefix", "told"), [((9,), "no identifier"), ((), "no identifier"), ((5, 0), "no identifier")])
def test_a_prefix_that_there_is_not_is_said(prefix, told):
    built = trie.build(padded(WORDS))
    scorer = random_sums(built, 1)
    with pytest.raises(TriescopeError, match=told):
        branch(beam_search(built, scorer, QUERY, 2), built, scorer, QUERY, prefix)


def test_a_prefix_whose_parent_was_cut_is_said():
    built = trie.build(padded(WORDS))
    scorer = random_sums(built, 1)
    trace = beam_search(built, scorer, QUERY, 1)
    lost = next(word[:2] for word in WORDS if len(word) > 1 and word[:2] not in candidates(trace, built))
    with pytest.raises(TriescopeError, match="was no candidate of step 2"):
        branch(trace, built, scorer, QUERY, lost)


@pytest.mark.parametrize("name", strategies.STRATEGIES)
def test_every_strategy_branches_or_says_that_it_does_not(opened, name):
    vector = np.array(opened.embeddings[17])
    first = opened.decode("x", 3, vector, name)
    prefix = "-".join(map(str, opened.trie.prefix(int(first.steps[0].kept.node[-1]))))
    if name not in BRANCHING:
        with pytest.raises(TriescopeError, match=f"{name} is another strategy"):
            opened.decode("x", 3, vector, name, branch=prefix)
        return
    found = opened.decode("x", 3, vector, name, branch=prefix)
    forced = opened.decode("x", 3, vector, name, opened.view(force=prefix))
    assert found.leaves.tolist() == forced.leaves.tolist()
    assert found.scores.tolist() == pytest.approx(forced.scores.tolist())  # a node's own score, whatever led there
    assert found.beams == first.beams
    assert f"branched at step 1: {prefix}" in found.html()
