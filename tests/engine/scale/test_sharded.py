"""Shards give, together, exactly what the single tree gives: documents, scores and order, whatever the tree and the cuts."""

import os
import signal
import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import trie
from engine.cli.run import made_of
from engine.decoding import decode
from engine.errors import TriescopeError
from engine.evaluation import trec
from engine.export.flat import Flat, flat
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.scale import wire
from engine.scale.merging import search
from engine.scale.part import Part
from engine.scale.sharded import ShardedRetriever
from engine.scale.split import bounds, cut, split
from engine.scorers.centroid import SCALE, CentroidScorer, node_means

WIDTH = 6


@st.composite
def catalogues(draw):
    """Codes of documents, some shared, of several lengths, none the beginning of another; coarse vectors, so that scores tie."""
    words = draw(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple), min_size=1, max_size=40))
    whole = [word for word in words if not any(other != word and other[: len(word)] == word for other in words)]
    codes = np.full((len(whole), max(map(len, whole))), -1, np.int32)
    for row, word in enumerate(whole):
        codes[row, : len(word)] = word
    chance = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    return codes, chance.integers(-1, 2, (len(codes), WIDTH)).astype(np.float32), chance


def flat_of(codes, vectors):
    tree = trie.build(codes)
    scorer = CentroidScorer(tree, node_means(tree, vectors), [])
    held, row = np.unique(scorer.holder, return_inverse=True)
    of = Flat(tree, np.ascontiguousarray(scorer.means[held]), row.astype(np.int32), scorer.log_counts, None, "nodes", "centroid")
    return of, scorer


@settings(max_examples=120)
@given(catalogues(), st.integers(1, 9), st.integers(1, 12), st.data())
def test_shards_together_are_the_single_tree(made, beams, k, data):
    codes, vectors, chance = made
    of, scorer = flat_of(codes, vectors)
    first_codes = int(of.trie.first_child[1] - of.trie.first_child[0])
    shards = data.draw(st.integers(1, first_codes))
    at = bounds(of.trie, shards)
    parts = [Part(cut(of, start, stop)) for start, stop in pairwise(at)]
    assert sum(len(part.shard.trie.documents) for part in parts) == len(of.trie.documents)
    queries = np.stack([*vectors[:2], chance.integers(-1, 2, WIDTH).astype(np.float32)])
    found = search(parts, of.trie.levels, (np.float32(SCALE) * queries).astype(np.float32), beams, k)
    for row, score, trace in zip(found.rows, found.scores, decode(of.trie, scorer, queries, beams), strict=True):
        expected, totals = trace.documents(of.trie, k)
        np.testing.assert_array_equal(row[row >= 0], expected)
        np.testing.assert_array_equal(score[row >= 0], totals)


def test_a_cut_keeps_every_node_with_its_children_and_documents():
    codes = np.array([[0, 1, -1], [0, 2, 5], [1, 0, 0], [2, 0, 0], [2, 0, 1], [2, 1, -1]], np.int32)
    of, _ = flat_of(codes, np.eye(6, WIDTH, dtype=np.float32))
    shard = cut(of, 2, 4)  # first codes 1 and 2
    tree = shard.trie
    assert [tree.prefix(node) for node in range(1, len(tree.code))] == [
        (1,),
        (2,),
        (1, 0),
        (2, 0),
        (2, 1),
        (1, 0, 0),
        (2, 0, 0),
        (2, 0, 1),
    ]
    assert tree.leaf_documents(0).tolist() == [2, 3, 4, 5]
    nodes = np.arange(1, len(tree.code))
    assert [of.trie.prefix(node) for node in shard.whole_nodes(nodes).tolist()] == [tree.prefix(node) for node in nodes.tolist()]
    assert tree.counts_of(nodes).tolist() == of.trie.counts_of(shard.whole_nodes(nodes)).tolist()


def test_shards_are_as_even_as_first_codes_allow():
    codes = np.array([[code, number] for code, count in enumerate((1, 1, 6, 1, 1, 2)) for number in range(count)], np.int32)
    of, _ = flat_of(codes, np.zeros((len(codes), WIDTH), np.float32))
    at = bounds(of.trie, 3)
    assert [int(of.trie.counts[low:high].sum()) for low, high in pairwise(at)] == [8, 1, 3]
    assert bounds(of.trie, 6) == list(range(1, 8))
    with pytest.raises(TriescopeError, match="7 shards of a tree with 6 first codes"):
        bounds(of.trie, 7)


@pytest.fixture(scope="module")
def shards(opened, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards") / "two"
    split(flat(opened, "centroid"), 2, folder)
    return folder


def test_processes_give_what_the_build_gives_and_one_that_is_killed_is_started_again(opened, shards):
    queries = Queries(["x"] * 5, np.asarray(opened.embeddings)[::12])
    expected = GenerativeRetriever(opened.trie, opened.scorer("centroid"), 7).search(queries, 9)
    with ShardedRetriever(shards, beams=7) as retriever:
        for kill in (False, True):
            if kill:
                os.kill(retriever.parts[1].process.pid, signal.SIGKILL)
                retriever.parts[1].process.wait()
            found = retriever.search(queries, 9)
            np.testing.assert_array_equal(found.rows, expected.rows)
            np.testing.assert_array_equal(found.scores, expected.scores)
        processes = [part.process for part in retriever.parts]
        with pytest.raises(TriescopeError, match="without a filter"):
            retriever.search(queries, 9, np.ones(60, bool))
    assert [process.poll() is None for process in processes] == [False] * 2


def test_what_is_no_folder_of_shards_is_told(opened, shards, tmp_path, capfd):
    with pytest.raises(TriescopeError, match="it is there already"):
        split(flat(opened, "centroid"), 2, shards)
    with pytest.raises(TriescopeError, match="not sharded"):
        split(flat(opened, "centroid")._replace(rank_by="siblings"), 2, tmp_path / "x")
    (tmp_path / "about.json").write_text('{"shards": 1, "levels": 2}')
    with pytest.raises(TriescopeError, match=r"shard 00 of .* cannot be opened"):
        ShardedRetriever(tmp_path)
    (tmp_path / "about.json").write_text("{}")
    with pytest.raises(TriescopeError, match="not a folder of shards"):
        ShardedRetriever(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["about.json"]


def test_messages_come_as_they_were_sent_and_others_are_refused():
    import io

    stream = io.BytesIO()
    wire.send(stream, "expand", 3, np.arange(6, dtype=np.float32).reshape(2, 3), np.empty((0, 2), np.int64))
    stream.seek(0)
    name, (number, floats, empty) = wire.receive(stream)
    assert (name, number, floats.tolist(), empty.shape) == ("expand", 3, [[0, 1, 2], [3, 4, 5]], (0, 2))
    with pytest.raises(EOFError):
        wire.receive(stream)
    objects = b'["x", [{"array": ["object", [1]]}]]'
    for raw in (b"\xff\xff\xff\xff", struct.pack(">I", len(objects)) + objects):
        with pytest.raises(ValueError, match=r"without an end|array of object"):
            wire.receive(io.BytesIO(raw))


def test_a_run_over_shards_is_the_run_of_the_build(told, shell, small_build, opened, tmp_path):
    asked = tmp_path / "queries.tsv"
    asked.write_text("id\ttext\na\ta ship in a storm\nb\ttwo friends\n")
    value = told("shard", small_build, "--shards", 2, "--out", tmp_path / "shards", "--scorer", "centroid")
    assert (len(value["documents"]), sum(value["documents"])) == (2, 60)
    told("run", small_build, asked, "--out", tmp_path / "one", "-k", 8)
    told("run", small_build, asked, "--out", tmp_path / "many", "-k", 8, "--shards", tmp_path / "shards")
    assert (tmp_path / "one").read_text() == (tmp_path / "many").read_text()
    assert (
        "not by bm25"
        in shell("run", small_build, asked, "--out", tmp_path / "x", "-r", "bm25", "--shards", tmp_path / "shards")[2]
    )
    named = ("-r", "generative:centroid", "--shards", tmp_path / "shards")
    told("run", small_build, asked, "--out", tmp_path / "named", "-k", 8, *named)
    assert trec.read_run(tmp_path / "named") == trec.read_run(tmp_path / "one")
    for name, made in (("others", ""), ("node", made_of(opened, "centroid").replace("centroid", "node"))):
        split(flat(opened, "centroid"), 2, tmp_path / name, made)
        code, _, err = shell("run", small_build, asked, "--out", tmp_path / "x", "--shards", tmp_path / name)
        assert (code, "shards of another build or scorer than centroid" in err) == (2, True)
