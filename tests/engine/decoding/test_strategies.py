"""What holds for every decoding strategy, and the cases that the other strategy tests share."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.strategies import STRATEGIES, check_settings, decode, existing_share
from engine.errors import TriescopeError
from engine.scorers import centroid
from engine.scorers.base import Abilities
from engine.trie import restrict
from engine.trie.view import View
from tests.engine.oracles import DictTrie, SumScorer, identifiers, padded, unit

QUERY = np.zeros(2, np.float32)
MASKED = [name for name in STRATEGIES if name != "unconstrained"]
ALL_LEAVES = ["beam", "length-normalised", "look-ahead", "diverse", "sample", "reverse-annealed", "best-first", "exact"]
seeds, widths = st.integers(0, 1 << 30), st.integers(1, 30)


class AbleScorer(SumScorer):
    """Sums that also know a bound, since log-probabilities never add, and every code up to ``codes``: absent ones by hash; and
    ``promised``, scores of all codes at once, a level each."""

    abilities = Abilities(bounds=True, dense=True, ahead=True)
    codes = 5

    def __init__(self, built, log_probs):
        super().__init__(log_probs, np.zeros(len(log_probs)))
        self.built, self.promised = built, [np.zeros(self.codes)]

    def at_once(self, state):
        return self.promised

    def bound(self, state, nodes, totals):
        return totals

    def absent(self, level, code):
        """What an absent code costs anywhere at a level; far from rare, so that absent prefixes do get kept."""
        return -((7 * level + 3 * code) % 9) / 4

    def dense(self, state, level, nodes, totals, prefixes):
        scores = np.array([[total + self.absent(level, code) for code in range(self.codes)] for total in totals], np.float32)
        for place, node in enumerate(nodes):
            if node >= 0:
                for child in self.built.children(np.array([node])).node:
                    scores[place, self.built.code[child]] = totals[place] + self.log_probs[child]
        return scores


class Case:
    """A trie, perhaps restricted, with a scorer of quarters, and the same as dictionaries."""

    def __init__(self, words, seed, allowed=None):
        self.words, self.allowed = words, allowed
        self.built = trie.build(padded(words))
        self.tree = self.built if allowed is None else restrict(self.built, allowed)
        self.number = {prefix: node for node, prefix in enumerate(DictTrie(words).nodes)}
        self.legal = DictTrie([word if allowed is None or allowed[row] else () for row, word in enumerate(words)])
        rng = np.random.default_rng(seed)
        self.scorer = AbleScorer(self.built, -rng.integers(0, 8, len(self.built.code)) / 4)
        self.log_prob = {prefix: float(self.scorer.log_probs[node]) for prefix, node in self.number.items()}

    def total(self, prefix):
        return sum(self.log_prob[prefix[:length]] for length in range(1, len(prefix) + 1))

    def ranked(self, prefixes=None):
        """Leaves, best total first, ties by node number."""
        leaves = self.legal.leaves if prefixes is None else prefixes
        return sorted(leaves, key=lambda leaf: (-self.total(leaf), self.number[leaf]))

    def decode(self, name, beams, settings=None, **others):
        return decode(name, self.tree, self.scorer, QUERY, beams, settings or {}, **others)

    def prefixes(self, trace, part):
        """(prefix, total) of kept or pruned candidates or, for ``None``, of the leaves."""
        nodes, totals = (trace.leaves, trace.scores) if part is None else (part.node, part.total)
        return [(trace.prefix(self.built, int(n)), float(t)) for n, t in zip(nodes, totals, strict=True)]


@st.composite
def cases(draw):
    """Cases with and without a restriction."""
    words = draw(identifiers())
    allowed = np.array(draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words))))
    some = any(word and let for word, let in zip(words, allowed, strict=True))
    return Case(words, draw(seeds), allowed if some and draw(st.booleans()) else None)


@pytest.mark.parametrize("name", STRATEGIES)
@given(cases(), widths, seeds)
def test_every_output_is_legal_and_none_comes_twice(name, case, beams, seed):
    trace = case.decode(name, beams, seed=seed)
    found = [leaf for leaf, _ in case.prefixes(trace, None)]
    assert set(found) <= set(case.legal.leaves)
    assert len(set(found)) == len(found) <= beams
    assert trace.strategy == name
    assert trace.beams == (1 if name == "greedy" else beams)


@pytest.mark.parametrize("name", MASKED)
@given(cases(), widths, seeds)
def test_steps_hold_all_legal_children_of_the_beams_and_end_in_the_leaves(name, case, beams, seed):
    start = time.perf_counter()
    trace = case.decode(name, beams, seed=seed)
    assert sum(step.ms for step in trace.steps) <= (time.perf_counter() - start) * 1e3
    before = [()]
    for level, step in enumerate(trace.steps, 1):
        assert step.level == level
        assert step.ms >= 0
        children = [child for prefix in before for child in case.legal.children(prefix) or [prefix]]
        kept, pruned = ([prefix for prefix, _ in case.prefixes(trace, part)] for part in (step.kept, step.pruned))
        assert sorted(kept + pruned) == sorted(children)
        for part, found in ((step.kept, kept), (step.pruned, pruned)):
            for prefix, parent, log_prob in zip(found, part.parent, part.log_prob, strict=True):
                waits = not case.legal.children(before[parent])
                assert (prefix if waits else prefix[:-1]) == before[parent]
                assert log_prob == (0 if waits else case.log_prob[prefix])
        shown = list(zip(-step.pruned.total, step.pruned.node, strict=True))
        assert shown == sorted(shown)
        before = kept
    assert len(trace.steps) == case.built.levels
    assert trace.steps[-1].kept.node.tolist() == trace.leaves.tolist()
    assert trace.steps[-1].kept.total.tolist() == trace.scores.tolist()
    assert existing_share(trace) == 1


@pytest.mark.parametrize("name", ALL_LEAVES)
@given(cases(), seeds)
def test_beams_wider_than_the_trie_return_every_legal_leaf(name, case, seed):
    trace = case.decode(name, len(case.built.code) + 3, seed=seed)
    assert sorted(leaf for leaf, _ in case.prefixes(trace, None)) == sorted(case.legal.leaves)


@pytest.mark.parametrize("name", STRATEGIES)
@given(cases(), widths, seeds)
def test_the_same_seed_gives_the_same_leaves(name, case, beams, seed):
    first, second = (case.decode(name, beams, seed=seed) for _ in range(2))
    assert first.leaves.tolist() == second.leaves.tolist()
    assert first.scores.tolist() == second.scores.tolist()


@pytest.mark.parametrize("name", [name for name in MASKED if name not in ("sample", "reverse-annealed")])
def test_equal_scores_stand_in_node_order(name):
    built = trie.build(np.array([[a, b] for a in range(4) for b in range(4)], np.int32))
    scorer = AbleScorer(built, np.zeros(len(built.code)))
    trace = decode(name, built, scorer, QUERY, 6, {"penalty": 0.0} if name == "diverse" else {})
    # The first two groups of diverse take two codes each, and no code is left for the third, which later takes what they leave.
    assert trace.leaves.tolist() == {"greedy": [5], "diverse": [5, 6, 7, 8, 13, 14]}.get(name, list(range(5, 11)))


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("beams", [1, 50])
def test_one_document_is_always_found(name, beams):
    built = trie.build(np.array([[3, 1, 2]], np.int32))
    scorer = AbleScorer(built, [0, -0.25, -0.5, -0.25])
    scorer.absent = lambda level, code: -100
    trace = decode(name, built, scorer, QUERY, beams)
    assert trace.leaves.tolist() == [3]


@pytest.mark.parametrize("name", STRATEGIES)
def test_forced_and_banned_prefixes_are_obeyed(name):
    words = [(a, b, c) for a in range(3) for b in range(3) for c in range(3)]
    case = Case(words, seed=8)
    view = restrict(case.built, force=(1,), ban=[(1, 2)])
    trace = decode(name, view, case.scorer, QUERY, 50, seed=3)
    found = [case.built.prefix(int(leaf)) for leaf in trace.leaves]
    assert all(leaf[0] == 1 and leaf[1] != 2 for leaf in found)
    assert len(found) == (1 if name == "greedy" else 6) or name == "unconstrained"


@pytest.mark.parametrize("name", STRATEGIES)
@given(cases(), widths, st.sampled_from([np.nan, -np.inf, np.inf]), st.data())
def test_a_score_that_is_no_number_is_an_error_that_names_the_scorer(name, case, beams, wrong, data):
    first = case.tree.children(np.array([trie.ROOT])).node
    case.scorer.log_probs[data.draw(st.sampled_from(first.tolist()))] = wrong
    with pytest.raises(TriescopeError, match="scorer sums: a score at level 1 is not a finite number"):
        case.decode(name, beams)


@pytest.mark.parametrize("name", ["length-normalised", "diverse", "sample", "reverse-annealed", "best-first", "exact"])
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_so_is_a_log_probability_whose_total_is_finite(name, value):
    case = Case([(0, 1), (2, 3)], seed=1)
    proper = case.scorer.score

    def score(state, nodes, totals, children):
        scored = proper(state, nodes, totals, children)
        return scored._replace(log_prob=np.full(len(scored.log_prob), value))

    case.scorer.score = score
    with pytest.raises(TriescopeError, match="scorer sums: a score at level 1 is not a finite number"):
        case.decode(name, 2)


@pytest.mark.parametrize("name", STRATEGIES)
def test_all_run_on_the_centroid_scorer_and_read_from_a_view_the_same(name):
    rng = np.random.default_rng(5)
    words = [(int(rng.integers(6)), int(rng.integers(6)), place) for place in range(60)]
    built = trie.build(padded(words))
    embeddings = unit(rng.normal(size=(60, 8)))
    books = [rng.normal(size=(6, 8)).astype(np.float32) / 8 for _ in range(2)]
    scorer = centroid.CentroidScorer(built, centroid.node_means(built, embeddings), books)
    everything = restrict(built)
    assert isinstance(everything, View)
    masked = False
    for query in embeddings[:5]:
        plain, viewed = (decode(name, tree, scorer, query, 10, seed=4) for tree in (built, everything))
        assert plain.leaves.tolist() == viewed.leaves.tolist()
        assert plain.scores.tolist() == viewed.scores.tolist()
        assert plain.scored == viewed.scored
        assert np.isfinite(plain.scores).all()
        assert all(0 <= step.masked_mass <= 1 for step in plain.steps)
        masked = masked or any(step.masked_mass > 0 for step in plain.steps)
    assert masked == (name != "unconstrained")


@given(cases(), widths)
def test_scored_counts_the_nodes_that_were_scored(case, beams):
    fresh = [name for name in MASKED if name not in ("beam", "greedy", "narrowed")]
    scored = {name: case.decode(name, beams).scored for name in fresh}
    legal = len(case.legal.nodes) - 1
    assert scored["exact"] == legal
    assert all(0 < count <= legal for count in scored.values())


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("viterbi", {}, "unknown strategy 'viterbi'; there are beam, greedy"),
        ("beam", {"alpha": 1}, "beam has no option 'alpha'; it has none"),
        ("diverse", {"group": 2}, "diverse has no option 'group'; it has groups, penalty"),
        ("diverse", {"groups": 0}, "diverse: groups must lie between 1 and 100, not 0"),
        ("diverse", {"groups": 2.5}, "diverse: groups must be a whole number, not 2.5"),
        ("length-normalised", {"alpha": 3}, "alpha must lie between 0.0 and 2.0, not 3"),
        ("sample", {"top_p": 0}, "sample: top_p must lie between"),
        ("sample", {"top_p": float("nan")}, "sample: top_p must lie between"),
        ("reverse-annealed", {"hottest": "hot"}, "hottest must be a number, not 'hot'"),
    ],
)
def test_wrong_names_and_settings_are_refused(name, settings, message):
    with pytest.raises(TriescopeError, match=message):
        Case([(0,)], 0).decode(name, 1, settings)
    with pytest.raises(TriescopeError, match=message):
        check_settings(name, settings)


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"beams": 0}, "beams must be at least 1, not 0"),
        ({"beams": -3}, "beams must be at least 1, not -3"),
        ({"beams": 1.5}, "beams must be at least 1, not 1.5"),
        ({"temperature": 0.0}, "temperature must be above 0, not 0.0"),
        ({"temperature": float("nan")}, "temperature must be above 0, not nan"),
        ({"temperature": -1.0}, "temperature must be above 0, not -1.0"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
    ],
)
def test_wrong_arguments_are_refused(name, wrong, message):
    with pytest.raises(TriescopeError, match=message):
        Case([(0,)], 0).decode(name, **{"beams": 1} | wrong)


def test_the_registry_is_in_the_order_of_the_form_and_every_default_is_in_range():
    assert list(STRATEGIES) == (
        "beam greedy narrowed length-normalised look-ahead diverse sample reverse-annealed best-first exact unconstrained".split()
    )
    for name, strategy in STRATEGIES.items():
        assert strategy.name == name
        assert strategy.summary.endswith(".")
        check_settings(name, {option.name: option.default for option in strategy.options})


def test_a_setting_of_none_is_the_default():
    case = Case([(a, b) for a in range(4) for b in range(4)], seed=2)
    assert case.decode("diverse", 6, {"penalty": None}).leaves.tolist() == case.decode("diverse", 6).leaves.tolist()
