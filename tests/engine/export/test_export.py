"""What was written is read back by the other library alone, and decodes to the same documents with the same scores."""

import json
import runpy

import numpy as np
import onnxruntime
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from engine import export
from engine.builds.opened import Build
from engine.data.identified import with_identifiers
from engine.decoding import decode
from engine.errors import TriescopeError
from engine.export.flat import flat
from engine.paths import ROOT
from engine.scorers.node import Adapter, NodeScorer, SiblingScorer

BEAMS, K = 7, 5


@pytest.fixture(scope="module")
def queries(opened):
    chance = np.random.default_rng(3)
    made = np.asarray(opened.embeddings)[[3, 17, 40]] + 0.02 * chance.standard_normal((3, opened.embeddings.shape[1]))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def trained(build, kind):
    """A node scorer with an adapter, random, in place of a trained one."""
    chance = np.random.default_rng(5)
    of = flat(build, "centroid")
    width = of.vectors.shape[1]
    parts = [chance.standard_normal(shape).astype(np.float32) * 0.05 for shape in ((8, width), (8,), (width, 8), (width,))]
    held = np.unique(of.row)
    bias = np.array([of.bias[of.row == row][0] for row in held])
    return kind(build.trie, of.vectors, bias, Adapter(*parts))


def beam_search(first_child, score, rank_by):
    """The slow, obvious twin, over lists: leaves and totals, best first."""
    beams = [(0.0, 0)]
    while any(first_child[node] < first_child[node + 1] for _, node in beams):
        found = []
        for total, node in beams:
            children = range(first_child[node], first_child[node + 1])
            if not len(children):
                found.append((total, node))
                continue
            scores = score(list(children))
            if rank_by == "siblings":
                peak = max(scores)
                mass = peak + np.log(sum(np.exp(one - peak) for one in scores))
                scores = [total + one - mass for one in scores]
            found += zip(scores, children, strict=True)
        beams = sorted(found, key=lambda one: (-one[0], one[1]))[:BEAMS]
    return beams


def documents_of(beams, doc_start, doc_stop, documents):
    return [(int(documents[at]), total) for total, leaf in beams for at in range(doc_start[leaf], doc_stop[leaf])][:K]


def engine_s(build, scorer, query):
    (trace,) = decode(build.trie, scorer, query[None], BEAMS)
    rows, scores = trace.documents(build.trie, K)
    return rows.tolist(), scores


def gelu(x):
    from math import erf

    return np.array([0.5 * one * (1 + erf(one / 2**0.5)) for one in x])


@pytest.mark.parametrize("kind", [None, NodeScorer, SiblingScorer])
def test_tensors_decode_as_the_engine_does(opened, queries, tmp_path, monkeypatch, kind):
    scorer = trained(opened, kind) if kind else opened.scorer("centroid")
    monkeypatch.setattr(Build, "scorer", lambda self, name="": scorer)
    names = export.write(opened, "safetensors", tmp_path / "out", "centroid")
    assert names == ["about.json", "build.safetensors", "documents.parquet"]
    told, of = json.loads((tmp_path / "out" / "about.json").read_text()), load_file(tmp_path / "out" / "build.safetensors")
    assert (told["rank_by"], told["adapter"]) == ("siblings" if kind is SiblingScorer else "nodes", kind is not None)
    for query in queries:
        adapted = query.astype(np.float64)
        if told["adapter"]:
            hidden = gelu(of["adapter.into.weight"] @ query + of["adapter.into.bias"])
            adapted = query + of["adapter.out.weight"] @ hidden + of["adapter.out.bias"]

        def score(nodes, adapted=adapted):
            products = of["scorer.vectors"][of["scorer.row"][nodes]].astype(np.float64) @ (told["scale"] * adapted)
            return (np.round(products, told["decimals"]) + of["scorer.bias"][nodes]).tolist()

        beams = beam_search(of["trie.first_child"], score, told["rank_by"])
        found = documents_of(beams, of["trie.doc_start"], of["trie.doc_stop"], of["trie.documents"])
        rows, scores = engine_s(opened, scorer, query)
        assert [row for row, _ in found] == rows
        np.testing.assert_allclose([total for _, total in found], scores, atol=3e-4)


@pytest.mark.parametrize("kind", [None, NodeScorer])
def test_the_graph_scores_as_the_engine_does(opened, queries, tmp_path, monkeypatch, kind):
    scorer = trained(opened, kind) if kind else opened.scorer("centroid")
    monkeypatch.setattr(Build, "scorer", lambda self, name="": scorer)
    export.write(opened, "onnx", tmp_path / "out", "centroid")
    session = onnxruntime.InferenceSession(str(tmp_path / "out" / "scorer.onnx"), providers=["CPUExecutionProvider"])
    tree = load_file(tmp_path / "out" / "trie.safetensors")
    nodes = np.arange(len(tree["trie.code"]))
    scores = session.run(None, {"queries": queries, "nodes": nodes})[0]
    for query, of_query in zip(queries, scores, strict=True):
        np.testing.assert_allclose(of_query, scorer.node_scores(scorer.start(query), nodes), atol=2.1e-4)
        beams = beam_search(tree["trie.first_child"], lambda wanted, of=of_query: of[wanted].tolist(), "nodes")
        found = documents_of(beams, tree["trie.doc_start"], tree["trie.doc_stop"], tree["trie.documents"])
        assert [row for row, _ in found] == engine_s(opened, scorer, query)[0]


def test_tables_join_to_the_same_tree(opened, queries, tmp_path):
    export.write(opened, "parquet", tmp_path / "out", "centroid")
    nodes, documents, vectors, embeddings = (
        pq.read_table(tmp_path / "out" / f"{name}.parquet").to_pylist()
        for name in ("nodes", "documents", "vectors", "embeddings")
    )
    for document, row in zip(opened.documents, documents, strict=True):
        codes, node = [], nodes[row["leaf"]]
        while node["parent"] is not None:
            codes, node = [node["code"], *codes], nodes[node["parent"]]
        assert (row["id"], row["title"], row["codes"], row["identifier"]) == (
            document.id,
            document.title,
            codes,
            "-".join(map(str, codes)),
        )
    assert sum(node["children"] == 0 for node in nodes) == len({row["leaf"] for row in documents})
    assert [node["words"] for node in nodes] == opened.names
    np.testing.assert_array_equal(np.array([row["vector"] for row in embeddings], np.float32), opened.embeddings)
    scorer = opened.scorer("centroid")
    scores = [round(20 * float(np.dot(vectors[node["vector"]]["vector"], queries[0])), 4) + node["bias"] for node in nodes]
    np.testing.assert_allclose(scores, scorer.node_scores(scorer.start(queries[0]), np.arange(len(nodes))), atol=2.1e-4)


def test_identifiers_as_others_spell_them(opened, told, small_build, tmp_path):
    value = told("export", small_build, "--to", "semantic-ids", "--out", tmp_path / "out")
    assert set(value["files"]) == {"about.json", "documents.parquet", "grid.json", "items.json", "lc-rec.index.json"}
    spelled, grid, items = (
        json.loads((tmp_path / "out" / f"{name}.json").read_text()) for name in ("lc-rec.index", "grid", "items")
    )
    assert spelled[opened.documents[0].id] == [
        f"<{letter}_{code}>" for letter, code in zip("abcd", opened.codes[0].tolist(), strict=True)
    ]
    assert np.array(grid["semantic_ids"]).T.tolist() == opened.codes.T.tolist()
    back = with_identifiers(opened.corpus, tmp_path / "out" / "lc-rec.index.json").documents
    assert [document.metadata["identifier"] for document in back] == list(spelled.values())
    by_place = tmp_path / "by-place.json"
    for value in (grid, {"semantic_ids": np.array(grid["semantic_ids"]).T.tolist()}, grid["semantic_ids"]):
        by_place.write_text(json.dumps(value))
        back = with_identifiers(opened.corpus, by_place).documents
        assert [document.metadata["identifier"] for document in back] == opened.codes.tolist()
    by_place.write_text(json.dumps({"semantic_ids": [[4, -1], [2, 0], [-1, -1]], "rows": [5, 3, 8]}))
    back = with_identifiers(opened.corpus, by_place).documents
    assert {row: of.metadata["identifier"] for row, of in enumerate(back) if "identifier" in of.metadata} == {
        5: [4],
        3: [2, 0],
        8: [],
    }
    for wrong in (
        {"semantic_ids": [[1, 2]]},
        [[1], [2, 3]],
        [[0.5]],
        {"semantic_ids": [[1]], "rows": [60]},
        {"semantic_ids": [[-1, 2]], "rows": [0]},
    ):
        by_place.write_text(json.dumps(wrong))
        with pytest.raises(TriescopeError, match=r"by-place\.json: "):
            with_identifiers(opened.corpus, by_place)
    assert (items["7"], len(items), grid["codebook_sizes"]) == (opened.documents[7].id, 60, list(opened.identifiers.vocabulary))


def test_nothing_is_left_of_what_cannot_be_written(opened, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    for form, out, scorer, said in (
        ("pickle", "x", "", "unknown form 'pickle'"),
        ("onnx", "there", "", "it is there already"),
        ("onnx", "no/x", "", "there is no folder"),
        ("onnx", "x", "magic", "no trained scorer 'magic'"),
    ):
        with pytest.raises(TriescopeError, match=said):
            export.write(opened, form, tmp_path / out, scorer)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(export.FORMS, "onnx", export.FORMS["onnx"]._replace(write=fail))
    with pytest.raises(TriescopeError, match="no space left on device"):
        export.write(opened, "onnx", tmp_path / "x", "")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_network_over_codes_is_not_exported(opened, monkeypatch):
    class Other:
        name = "t5"

    monkeypatch.setattr(Build, "scorer", lambda self, name="": Other())
    with pytest.raises(TriescopeError, match="of the kind t5 is not exported"):
        flat(opened, "mine")


def test_the_example_of_the_bridge_writes_documents_out_of_what_was_exported(opened, tmp_path):
    export.write(opened, "safetensors", tmp_path / "out", "centroid")
    example = runpy.run_path(str(ROOT / "docs" / "examples" / "bridge.py"))
    titles = example["main"](tmp_path / "out")
    assert len(titles) == 5
    assert set(titles) <= {document.title for document in opened.documents}
