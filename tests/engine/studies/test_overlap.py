"""Overlapping leaves: which clusters a document lies in, what a beam over clusters finds, and that all is kept and told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import evaluation
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.studies import overlap
from tests.engine.oracles import unit


def random_case(seed, documents=60):
    rng = np.random.default_rng(seed)
    embeddings = unit(rng.normal(size=(documents, 6)))
    return embeddings, overlap.clustered(embeddings, 0), unit(rng.normal(size=(3, 6)))


def clusters_of(tree, rows):
    """Codes of the clusters of each document: the tree without its last code."""
    found = {}
    for node in np.flatnonzero(tree.is_leaf(np.arange(len(tree.code)))):
        for copy in tree.leaf_documents(int(node)):
            found.setdefault(int(rows[copy]), []).append(tree.prefix(int(node))[:2])
    return found


@given(st.integers(0, 1 << 20), st.integers(1, 4))
@settings(max_examples=10)
def test_a_document_lies_in_its_own_cluster_and_in_the_nearest_others(seed, leaves):
    embeddings, fitted, _ = random_case(seed)
    tree, rows = overlap.overlapping(fitted, embeddings, leaves)
    own = [tuple(codes) for codes in fitted.codes.tolist()]
    means = {cell: embeddings[[one == cell for one in own]].mean(axis=0) for cell in own}
    for row, found in clusters_of(tree, rows).items():
        far = {cell: np.linalg.norm(embeddings[row] - mean) for cell, mean in means.items() if cell != own[row]}
        assert own[row] in found
        assert len(set(found)) == len(found) == min(leaves, len(means))
        others = sorted(far[cell] for cell in found if cell != own[row])
        assert others == pytest.approx(sorted(far.values())[: len(found) - 1])


@given(st.integers(0, 1 << 20), st.integers(1, 3), st.integers(1, 3), st.booleans())
@settings(max_examples=10)
def test_the_beam_ranks_every_document_of_the_clusters_that_it_kept_once(seed, leaves, beams, dealt):
    embeddings, fitted, queries = random_case(seed)
    tree, rows = overlap.overlapping(fitted, embeddings, leaves, np.random.default_rng(seed) if dealt else None)
    found, scored = overlap.search(tree, rows, embeddings, queries, beams, 5)
    below = clusters_of(tree, rows)
    for query, of_query in zip(queries, found, strict=True):
        kept = [()]
        for level in (1, 2):
            members = {}
            for row, cells in below.items():
                for cell in cells:
                    if cell[: level - 1] in kept:
                        members.setdefault(cell[:level], []).append(row)
            score = {cell: 20 * query @ embeddings[of].mean(axis=0) + np.log(len(of)) for cell, of in members.items()}
            kept = sorted(score, key=lambda cell: -score[cell])[:beams]
        inside = [row for row, cells in below.items() if set(cells) & set(kept)]
        best = sorted(inside, key=lambda row: -float(query @ embeddings[row]))[:5]
        assert sorted(of_query.tolist()) == sorted(best)
    assert scored > 0


def test_a_study_is_kept_and_a_beam_that_sees_everything_gains_nothing(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(overlap, "_path", lambda build: tmp_path / "overlap.json")
    monkeypatch.setattr(overlap, "WIDTHS", (1, 50))
    found = overlap.run(opened, (2,), "dev")
    assert overlap.read(opened) == found
    assert [tree.name for tree in found.trees] == ["one leaf", "2 leaves", "2 leaves, dealt at random"]
    plain, nearest, _ = found.trees
    assert plain.nodes < nearest.nodes
    assert all(tree.at[-1].measures[overlap.KEPT].mean == 1 for tree in found.trees)
    assert nearest.at[-1].gain == evaluation.Difference(0, 0, 0, 1, 1)
    assert nearest.at[0].measures[overlap.KEPT].mean > plain.at[0].measures[overlap.KEPT].mean
    assert nearest.at[0].gain.mean == pytest.approx(
        nearest.at[0].measures[overlap.MEASURE].mean - plain.at[0].measures[overlap.MEASURE].mean
    )
    (tmp_path / "overlap.json").write_text("{}")
    with pytest.raises(TriescopeError, match="it is damaged"):
        overlap.read(opened)


def test_the_shell_tells_every_tree_and_refuses_a_split_that_nobody_judged(small_build, shell, told, tmp_path, monkeypatch):
    monkeypatch.setattr(overlap, "_path", lambda build: tmp_path / "overlap.json")
    value = told("overlap", small_build, "--leaves", "2")
    assert [tree["leaves"] for tree in value["trees"]] == [1, 2, 2]
    code, out, _ = shell("overlap", small_build, "--leaves", "2")
    assert code == 0
    assert "2 leaves, dealt at random" in out
    assert shell("overlap", small_build, "--split", "train")[0] == 2
    with pytest.raises(TriescopeError, match="no judged queries in split 'train'; there are dev, test"):
        overlap.run(Build(small_build), split="train")
