import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.explaining.survival import survival, verdict
from tests.engine.oracles import DictTrie, beam_search, identifiers, padded, random_sums, slow_beam_search

QUERY = np.zeros(2, np.float32)
seeds, widths = st.integers(0, 1 << 30), st.integers(1, 10)


def decoded(words, seed, beams):
    built = trie.build(padded(words))
    scorer = random_sums(built, seed)
    return built, scorer, beam_search(built, scorer, QUERY, beams)


@given(identifiers(variable=False), seeds, widths)
def test_each_stage_says_how_the_prefix_ranked_in_a_slow_beam_search(words, seed, beams):
    built, scorer, trace = decoded(words, seed, beams)
    steps = slow_beam_search(DictTrie(words), scorer.log_probs.tolist(), beams)
    for document, word in enumerate(words):
        stages = survival(trace, built, document)
        assert [stage.code for stage in stages] == list(word)
        for level, (stage, (kept, pruned)) in enumerate(zip(stages, steps, strict=False), 1):
            ranked = {prefix: (rank, total) for rank, (prefix, total) in enumerate([*kept, *pruned], 1)}
            assert (stage.rank, stage.total) == ranked.get(word[:level], (None, None))
            assert stage.kept == any(prefix == word[:level] for prefix, _ in kept)


@given(identifiers(), seeds, widths)
def test_a_document_is_called_reached_when_its_leaf_is_among_the_last_beams(words, seed, beams):
    built, _, trace = decoded(words, seed, beams)
    for document, word in enumerate(words):
        told = verdict(survival(trace, built, document), beams)
        assert told.startswith("Reached") == (bool(word) and built.find(word) in trace.leaves)


@given(identifiers(variable=False), seeds, widths)
def test_a_document_that_was_cut_is_told_where_and_at_what_rank(words, seed, beams):
    built, _, trace = decoded(words, seed, beams)
    for document, word in enumerate(words):
        stages = survival(trace, built, document)
        for level, step in enumerate(trace.steps[: len(word)], 1):
            cut = np.flatnonzero(step.pruned.node == built.find(word[:level]))
            if len(cut):
                rank = beams + 1 + int(cut[0])
                assert verdict(stages, beams) == f"Cut at level {level}: its prefix ranked {rank} and {beams} beams are kept."


def test_a_document_without_an_identifier_is_left_to_the_fallback():
    built, _, trace = decoded([(0, 1), (), (2, 2)], seed=0, beams=3)
    assert survival(trace, built, 1) == []
    assert verdict([], 3) == "It has no identifier in this trie, so only the fallback can find it."
