"""A catalogue beyond its size: real documents, and copies of them that differ as neighbours do.

A copy has a real document's vector with noise as long as documents of one node differ by (:mod:`engine.verdict.grown`), and its
text with as many words drawn anew, from all words of the catalogue, as documents of one node do not share. So keyword search gets
synthetic documents that are about as near to the real ones as those of vector search. Nobody taught the copies, so the centroid
scorer decodes, over identifiers that are fitted anew.
"""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from engine import evaluation, trie
from engine.builds.opened import Build
from engine.data.figures import Interval
from engine.evaluation import Latency
from engine.evaluation.run import spread_over, timed
from engine.retrievers import Queries, Retriever, sparse
from engine.retrievers.dense import ExactRetriever
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.centroid import CentroidScorer, node_means
from engine.trie import Trie
from engine.verdict.grown import grown, identifiers_of, spread_of
from engine.verdict.sizes import BESIDE, DEPTH, MEASURE, OURS

NAMES = (OURS, *BESIDE)
# Queries that are timed; pairs of one node that tell how many words they share.
TIMED, PAIRS = 40, 2000


class Step(NamedTuple):
    """A size: how many documents, and of these real ones; name -> quality with interval and milliseconds of a query after
    encoding; generative less BM25."""

    documents: int
    real: int
    quality: dict[str, Interval]
    latency: dict[str, Latency]
    less_bm25: Interval


def step(opened: Build, asked: Mapping[str, Mapping[str, int]], queries: Queries, documents: int, beams: int, seed: int) -> Step:
    """Ask a catalogue of so many documents: a part of the real ones, in which all that answer a query stay, or all of them and
    copies."""
    there = len(opened.documents)
    vectors, texts = np.asarray(opened.embeddings, np.float32), opened.texts()
    if documents <= there:
        rows = some(opened, asked, documents, seed)
        vectors, texts, codes = vectors[rows], [texts[row] for row in rows], opened.codes[rows]
        ids = [opened.documents[row].id for row in rows]
    else:
        spec, fit_s = opened.manifest.spec, opened.manifest.stages.get("identifiers", 0.0)
        spread = spread_of(opened.trie, vectors, np.asarray(opened.parts.means))
        vectors = grown(vectors, documents, spread.value, seed)
        texts = copied(texts, documents, shared(opened.trie, texts, spread.level, seed), seed)
        codes = identifiers_of(spec.scheme, dict(spec.settings), opened.identifiers, fit_s, vectors, seed).fitted.codes
        ids = [document.id for document in opened.documents] + [f"copy {place}" for place in range(there, documents)]
    tree = trie.build(np.ascontiguousarray(codes))
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "words"
        folder.mkdir()
        sparse.build(texts, folder, opened.language)
        by: dict[str, Retriever] = {
            OURS: GenerativeRetriever(tree, CentroidScorer(tree, node_means(tree, vectors), []), beams),
            "bm25": sparse.SparseRetriever(folder),
            "dense": ExactRetriever(vectors),
        }
        values, latency = {}, {}
        for name in NAMES:
            listed = by[name].search(queries, DEPTH + 1).rows
            values[name] = evaluation.measure(asked, evaluation.run_of(asked, listed, ids), [MEASURE])[MEASURE]
            # One thread each: two that wait for a core which others use take many times what one does.
            with threadpool_limits(1):
                latency[name] = timed(partial(by[name].search, k=DEPTH), queries, spread_over(len(queries.texts))[:TIMED])
    quality = {name: evaluation.interval(of) for name, of in values.items()}
    return Step(documents, min(documents, there), quality, latency, evaluation.interval(values[OURS] - values["bm25"]))


def some(opened: Build, asked: Mapping[str, Mapping[str, int]], documents: int, seed: int) -> np.ndarray:
    """So many rows, sorted: all that answer a query, and others drawn by the seed; more of them hold the fewer."""
    answers = np.zeros(len(opened.documents), bool)
    answers[[opened.row_of[one] for grades in asked.values() for one in grades if one in opened.row_of]] = True
    order = np.random.default_rng(seed).permutation(len(answers))
    return np.sort(order[np.argsort(~answers[order], kind="stable")][:documents])


def shared(tree: Trie, texts: Sequence[str], level: int, seed: int) -> float:
    """Share of a document's words that another of the same node of a level has too, in the mean of pairs drawn by the seed."""
    rng, found = np.random.default_rng(seed), []
    nodes = np.arange(tree.level_start[level], tree.level_start[level + 1])
    nodes = nodes[tree.counts[nodes] > 1]
    for node in rng.choice(nodes, PAIRS):
        one, other = rng.choice(tree.leaf_documents(int(node)), 2, replace=False)
        if words := texts[one].lower().split():
            found.append(len([word for word in words if word in set(texts[other].lower().split())]) / len(words))
    return float(np.mean(found)) if found else 0.0


def copied(texts: Sequence[str], documents: int, keep: float, seed: int) -> list[str]:
    """The texts there are, then copies in turn in which each word is kept by a chance of ``keep``, else drawn from all words as
    often as they stand there.

    >>> copied(["a b", "c"], 4, 1.0, 0)
    ['a b', 'c', 'a b', 'c']
    >>> sorted(set(" ".join(copied(["a b", "c"], 40, 0.0, 0)[2:]).split()))
    ['a', 'b', 'c']
    """
    words = [text.split() for text in texts]
    every = np.array([word for line in words for word in line] or [""], object)
    made, rng = list(texts[:documents]), np.random.default_rng(seed)
    for place in range(len(texts), documents):
        line = words[place % len(texts)]
        anew, drawn = rng.random(len(line)) >= keep, rng.integers(0, len(every), len(line))
        made.append(" ".join(every[at] if new else word for word, new, at in zip(line, anew, drawn, strict=True)))
    return made
