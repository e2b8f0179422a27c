"""Claims made anew: each measurement against the same worked out another way, the rules, and what is kept and told of them."""

import json
import shutil

import numpy as np
import pytest

from engine import evaluation, trie
from engine.builds.opened import Build
from engine.claims import (
    CLAIMS,
    VERDICTS,
    base,
    bounded_recall,
    cold_items,
    identifier_churn,
    kept,
    labels_or_generation,
    loses_at_scale,
    measure,
    nearby_prefixes,
    tree_index,
)
from engine.claims import random_identifiers as dealt
from engine.data.figures import Interval
from engine.decoding.exact import exact_search
from engine.errors import TriescopeError
from engine.evaluation.run import _silent
from engine.health.cohesion import by_depth
from engine.recommending import evaluated, on_disk
from engine.recommending.counting import Counting
from engine.scorers.centroid import node_means
from tests import taken


def at(mean, wide=0.01):
    return Interval(mean, mean - wide, mean + wide)


def test_the_cosine_of_pairs_that_share_codes_is_that_of_all_such_pairs(opened):
    found = nearby_prefixes.measure(opened, 0, _silent)
    exact = by_depth(opened.trie, node_means(opened.trie, opened.embeddings))
    known = {f"{nearby_prefixes.OWN}, {one.depth} shared": one.mean_cosine for one in exact}
    shared = [name for name in found.figures if name.startswith(nearby_prefixes.OWN)]
    assert len(shared) > 2
    for name in shared:
        assert found.figures[name].mean == pytest.approx(known[name], abs=0.01)
    assert found.figures[shared[1]].low > found.figures[f"{nearby_prefixes.DEALT}, 1 shared"].high


def test_every_pair_that_shares_its_first_codes_is_drawn_and_no_other():
    codes = np.array([[0, 0], [0, 0], [0, 1], [1, 0], [-1, -1], [1, 2]])
    for shared, expected in ((0, 20), (1, 8), (2, 2)):
        drawn = set(zip(*nearby_prefixes.pairs(codes, shared, 2000, np.random.default_rng(0)), strict=True))
        assert len(drawn) == expected
        assert all(a != b and 4 not in (a, b) and (codes[a, :shared] == codes[b, :shared]).all() for a, b in drawn)


def test_a_beam_as_wide_as_the_tree_is_dense_search(opened):
    found = tree_index.measure(opened, 0, _silent)
    assert found.figures[tree_index.WHOLE].mean == 1
    assert found.figures[tree_index.LESS] == Interval(0, 0, 0)
    assert found.figures[tree_index.NARROW].mean <= 0.1  # one beam finds one document
    assert found.rows[-1][0] == len(opened.documents)


def test_a_perfect_model_ranks_the_relevant_first_and_a_beam_loses_some(monkeypatch):
    monkeypatch.setattr(bounded_recall, "DOCUMENTS", 2000)
    tree, weight = bounded_recall.synthetic(np.random.default_rng(0))
    perfect = bounded_recall.Perfect(tree, weight)
    leaves, totals = exact_search(tree, perfect, np.zeros(1, np.float32))
    best = [int(tree.leaf_documents(int(leaf))[0]) for leaf in leaves[: bounded_recall.K]]
    assert sorted(best) == list(range(bounded_recall.K))
    node = int(tree.children(np.array([0])).node[3])
    below = tree.leaf_documents(node)
    assert perfect.log_mass[node] == pytest.approx(np.log(weight[below].sum()))
    assert totals[0] == pytest.approx(np.log(bounded_recall.LIKELIER))


def test_what_is_cut_is_counted_at_the_level_where_its_prefix_goes(opened, monkeypatch):
    monkeypatch.setattr(bounded_recall, "WIDTHS", (2, 60))
    queries = opened.embed_queries(["a war at sea", "robots fall in love"])
    ten, first, cut = bounded_recall._here(opened, queries)
    assert ten[:, 1].tolist() == first[:, 1].tolist() == [1, 1]
    expected = np.zeros(opened.trie.levels, int)
    for query, share in zip(queries, ten[:, 0], strict=True):
        best = exact_search(opened.trie, opened.scorer("centroid"), query)[0][: bounded_recall.K]
        trace = opened.decode("x", 2, query)
        cuts = []
        for leaf in best:
            prefix = opened.trie.prefix(int(leaf))
            for level, step in enumerate(trace.steps, 1):
                if prefix[:level] not in [opened.trie.prefix(int(node)) for node in step.kept.node]:
                    cuts.append(level)
                    break
        expected += np.bincount([level - 1 for level in cuts], minlength=opened.trie.levels)
        assert share == pytest.approx(1 - len(cuts) / bounded_recall.K)
    assert cut.tolist() == expected.tolist()


def test_with_the_whole_catalogue_the_difference_is_that_of_an_evaluation(opened):
    found = loses_at_scale.measure(opened, 0, _silent)
    known = evaluation.evaluate(opened, "test", ["generative", "bm25"], measures=["nDCG@10"])
    less = known.values["generative"]["nDCG@10"] - known.values["bm25"]["nDCG@10"]
    assert found.figures[loses_at_scale.LARGE] == evaluation.interval(less)


def test_what_rare_items_gain_is_that_of_an_evaluation_by_frequency(opened, small_build, tmp_path, monkeypatch):
    assert "nobody has taken anything from it" in cold_items.CLAIM.refuses(opened)
    folder = shutil.copytree(small_build, tmp_path / "mine")
    taken.join(folder, tmp_path / "sequences.txt")
    build = Build(folder)
    assert not cold_items.CLAIM.refuses(build)
    monkeypatch.setattr(cold_items, "FEWEST", 1)
    found = cold_items.measure(build, 0, _silent)
    known, rng = on_disk.Interactions(build), np.random.default_rng(0)
    rng.permutation(len(known.test.targets))
    trees = {"own": build.trie, "dealt": trie.build(build.codes[rng.permutation(len(build.codes))])}
    asked = {name: Counting(known.matrix, tree, known.popularity, cold_items.BEAMS) for name, tree in trees.items()}
    own, dealt_out = evaluated.evaluate(asked, known.test, known.popularity, np.asarray(build.embeddings))
    less = {
        cold_items.named(ours.low, ours.high): ours.values["R@10"] - theirs.values["R@10"]
        for ours, theirs in zip(own.groups, dealt_out.groups, strict=True)
    }
    assert {name: of.mean for name, of in found.figures.items()} == pytest.approx(less)


def test_a_catalogue_that_does_not_grow_keeps_every_identifier(opened, monkeypatch):
    monkeypatch.setattr(identifier_churn, "DRAWS", 2)
    grown = identifier_churn.measure(opened, 0, _silent)
    monkeypatch.setattr(identifier_churn, "GROWS", 0.0)
    still = identifier_churn.measure(opened, 0, _silent)
    assert set(still.figures) == set(grown.figures)
    assert all(of == Interval(1, 1, 1) for of in still.figures.values())
    assert grown.figures[f"{identifier_churn.WRITTEN}, level 1"].mean < grown.figures[identifier_churn.RENAMED].mean < 1


def test_a_ratio_has_the_interval_of_its_queries():
    rng = np.random.default_rng(0)
    theirs = rng.integers(0, 2, 200).astype(float)
    found = dealt.ratio(theirs * (rng.random(200) < 0.8), theirs, 0)
    assert found.low < found.mean < found.high < 1
    assert dealt.ratio(np.ones(3), np.zeros(3), 0) == Interval(0, 0, 0)


@pytest.mark.parametrize(
    ("key", "figures", "verdict"),
    [
        ("nearby-prefixes", {"0 shared": at(0.1), "1 shared": at(0.4), "2 shared": at(0.98)}, "holds"),
        ("nearby-prefixes", {"0 shared": at(0.1), "1 shared": at(0.4), "2 shared": at(0.8)}, "holds partly"),
        ("nearby-prefixes", {"0 shared": at(0.1), "1 shared": at(0.4), "2 shared": at(0.41)}, "does not hold here"),
        ("tree-index", {tree_index.NARROW: at(0.1), tree_index.WHOLE: at(1)}, "holds"),
        ("tree-index", {tree_index.NARROW: at(0.1), tree_index.WHOLE: at(1), tree_index.FORM: at(0.7)}, "holds"),
        ("tree-index", {tree_index.NARROW: at(0.1), tree_index.WHOLE: at(1), tree_index.FORM: at(0.5)}, "holds partly"),
        ("tree-index", {tree_index.NARROW: at(1), tree_index.WHOLE: at(1)}, "holds partly"),
        ("tree-index", {tree_index.NARROW: at(0.1), tree_index.WHOLE: at(0.9)}, "does not hold here"),
        ("bounded-recall", {bounded_recall.SYNTHETIC: at(0.2), "here, ten less first": at(-0.2)}, "holds"),
        ("bounded-recall", {bounded_recall.SYNTHETIC: at(0.495), "here, ten less first": at(-0.2)}, "holds partly"),
        ("bounded-recall", {bounded_recall.SYNTHETIC: at(0.8), "here, ten less first": at(0)}, "does not hold here"),
        ("random-identifiers", {dealt.AGAINST: at(1), dealt.WIDE: at(0.9), dealt.TIGHT: at(0.84)}, "holds"),
        ("random-identifiers", {dealt.AGAINST: at(1), dealt.WIDE: at(0.9), dealt.TIGHT: at(0.5)}, "holds partly"),
        ("random-identifiers", {dealt.AGAINST: at(1), dealt.WIDE: at(0.7), dealt.TIGHT: at(0.5)}, "does not hold here"),
        ("random-identifiers", {dealt.AGAINST: at(0.79), dealt.WIDE: at(1), dealt.TIGHT: at(1)}, "not testable here"),
        ("identifier-churn", {identifier_churn.WRITTEN: at(0.2), identifier_churn.RENAMED: at(0.4)}, "holds"),
        ("identifier-churn", {identifier_churn.WRITTEN: at(0.2), identifier_churn.RENAMED: at(0.8)}, "holds partly"),
        ("identifier-churn", {identifier_churn.WRITTEN: at(0.495), identifier_churn.RENAMED: at(0.8)}, "does not hold here"),
        ("labels-or-generation", {"few": at(0), "all": at(0.1), labels_or_generation.AGAINST: at(1)}, "holds"),
        ("labels-or-generation", {"few": at(-0.1), "all": at(0.1), labels_or_generation.AGAINST: at(1)}, "holds partly"),
        ("labels-or-generation", {"few": at(0.1), "all": at(0), labels_or_generation.AGAINST: at(1)}, "holds partly"),
        ("labels-or-generation", {"few": at(0), "all": at(0), labels_or_generation.AGAINST: at(1)}, "does not hold here"),
        ("labels-or-generation", {"few": at(0.1), "all": at(0.1), labels_or_generation.AGAINST: at(0.7)}, "not testable here"),
        ("cold-items", {"taken never": at(0.2), "taken 1 to 5 times": at(0.1)}, "holds"),
        ("cold-items", {"taken never": at(0.2), "taken 1 to 5 times": at(0)}, "holds partly"),
        ("cold-items", {"taken 1 to 5 times": at(0.2)}, "holds partly"),
        ("cold-items", {"taken never": at(0), "taken 1 to 5 times": at(0)}, "does not hold here"),
        ("cold-items", {"taken 6 to 20 times": at(0.2)}, "not testable here"),
        ("loses-at-scale", {loses_at_scale.SMALL: at(0.1), loses_at_scale.LARGE: at(-0.1)}, "holds"),
        ("loses-at-scale", {loses_at_scale.SMALL: at(0.2), loses_at_scale.LARGE: at(0.1)}, "holds partly"),
        ("loses-at-scale", {loses_at_scale.SMALL: at(0.1), loses_at_scale.LARGE: at(0.11)}, "does not hold here"),
    ],
)
def test_the_verdict_follows_from_the_figures(key, figures, verdict):
    if key == "nearby-prefixes":
        figures = {f"{nearby_prefixes.OWN}, {name}": of for name, of in figures.items()}
    assert CLAIMS[key].judge(figures) == verdict


def test_every_claim_says_what_it_is_and_has_a_number_of_its_own():
    assert len({claim.number for claim in CLAIMS.values()}) == len(CLAIMS)
    for key, claim in CLAIMS.items():
        assert claim.key == key
        assert all(text.endswith(".") for text in (claim.statement, claim.rule, claim.change))
    assert base.VERDICTS == VERDICTS


def test_a_claim_that_cannot_be_tested_says_why_and_one_that_can_is_kept(opened, shell, told, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "folder", lambda build: tmp_path / "kept")
    monkeypatch.setattr(kept, "shipped_folder", lambda: tmp_path / "came")
    refused = measure.finding(opened, CLAIMS["random-identifiers"])
    assert (refused.verdict, refused.figures, refused.section.picture) == ("not testable here", {}, None)
    assert "there are no train queries to learn from" in refused.section.says
    assert kept.shown(opened, "tree-index") is None
    (value,) = told("claims", opened.folder, "--only", "tree-index")
    found = kept.shown(opened, "tree-index")
    assert value["found"] == found.model_dump(mode="json")
    assert (found.verdict, found.queries, found.build) == ("holds", len(opened.corpus.qrels["test"]), opened.folder.name)
    assert found.section.command.endswith("--only tree-index")
    code, out, _ = shell("claims")
    assert code == 0
    assert out.count("not made anew yet") == len(CLAIMS)
    code, _, err = shell("claims", opened.folder, "--only", "luck")
    assert code == 2
    assert "there is no claim 'luck'" in err
    file = tmp_path / "kept" / "tree-index.json"
    file.rename(file.with_name("bounded-recall.json"))
    with pytest.raises(TriescopeError, match="of another claim"):
        kept.shown(opened, "bounded-recall")
    file.write_text(json.dumps({"key": "tree-index"}))
    with pytest.raises(TriescopeError, match="the claim is damaged"):
        kept.shown(opened, "tree-index")


def test_a_claim_is_told_when_it_is_made_whatever_becomes_of_the_next(opened, shell, tmp_path, monkeypatch):
    made = measure.finding

    def breaks(build, claim, *given):
        if claim.key == "nearby-prefixes":
            raise TriescopeError("the next one breaks")
        return made(build, claim, *given)

    monkeypatch.setattr(measure, "finding", breaks)
    monkeypatch.setattr(kept, "folder", lambda build: tmp_path / "kept")
    code, out, err = shell("claims", opened.folder, "--only", "tree-index", "--only", "nearby-prefixes")
    assert (code, err.strip()) == (2, "triescope: the next one breaks")
    assert out.startswith("1. Generative retrieval is a tree index")
    assert len(out.splitlines()) == 2
