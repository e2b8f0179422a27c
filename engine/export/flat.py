"""A build's tree and one of its scorers as flat arrays, whatever the scorer keeps to itself in other shapes."""

from typing import Any, NamedTuple

import numpy as np

from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.scorers.centroid import SCALE, CentroidScorer
from engine.scorers.node import Adapter, NodeScorer, SiblingScorer
from engine.trie import Trie

# Scores are rounded to so many decimals before the bias is added, as the engine does: equal vectors score equally everywhere.
DECIMALS = 4
RULES = (
    "score(node) = round(scale * adapted(query) . vectors[row[node]], 4) + bias[node]",
    "adapted(query) = query + out.weight @ gelu(into.weight @ query + into.bias) + out.bias with an adapter, else query",
    "children(node) are the nodes first_child[node] to first_child[node + 1] - 1; a node without any is a leaf",
    "documents of a leaf are documents[doc_start[leaf]:doc_stop[leaf]], rows of documents.parquet",
    "beam search keeps, level by level, the best children of what was kept, by score (rank_by nodes) or by the sum of "
    "log-softmax of the scores among siblings (rank_by siblings); a leaf waits with its score; equal scores: the lower node",
)


class Flat(NamedTuple):
    """What decoding takes.

    Attributes
    ----------
    trie : Trie
        The tree.
    vectors, row, bias : np.ndarray
        Float32 ``(held, d)``; int32 ``(nodes,)``, the vector of each node; float32 ``(nodes,)``.
    adapter : Adapter or None
        Of the query.
    rank_by : str
        ``nodes`` or ``siblings``.
    scorer : str
        Its name.
    """

    trie: Trie
    vectors: np.ndarray
    row: np.ndarray
    bias: np.ndarray
    adapter: Adapter | None
    rank_by: str
    scorer: str

    def about(self, build: Build) -> dict[str, Any]:
        """What there is to know beside the arrays."""
        manifest = build.manifest
        return {
            "format": "triescope-export-1",
            "build": build.name,
            "documents": len(build.documents),
            "nodes": len(self.trie.code),
            "levels": self.trie.levels,
            "vocabulary": list(build.identifiers.vocabulary),
            "scheme": manifest.identifiers.scheme,
            "scorer": self.scorer,
            "rank_by": self.rank_by,
            "scale": SCALE,
            "decimals": DECIMALS,
            "adapter": self.adapter is not None,
            "encoder": {"name": manifest.encoder.name.rpartition("/")[2], "sha256": manifest.encoder.sha256},
            "queries": "unit vectors of the encoder, with its prompt for queries where it has one",
            "rules": list(RULES),
        }


def flat(build: Build, scorer: str = "") -> Flat:
    """A build with one of its scorers, the default one unless named.

    Raises
    ------
    TriescopeError
        There is no such scorer, or it is a network that scores codes, which stands for itself in its safetensors file.
    """
    name = scorer or build.default_scorer
    opened = build.scorer(name)
    if isinstance(opened, CentroidScorer):
        held, row = np.unique(opened.holder, return_inverse=True)
        vectors = np.ascontiguousarray(np.asarray(opened.means)[held], np.float32)
        return Flat(build.trie, vectors, row.astype(np.int32), np.asarray(opened.log_counts), None, "nodes", name)
    if isinstance(opened, NodeScorer) and type(opened) in (NodeScorer, SiblingScorer):
        by = "siblings" if isinstance(opened, SiblingScorer) else "nodes"
        vectors, row = np.ascontiguousarray(opened.vectors, np.float32), np.asarray(opened.row, np.int32)
        return Flat(build.trie, vectors, row, np.asarray(opened.bias, np.float32), opened.adapter, by, name)
    raise TriescopeError(
        f"{name}: a scorer of the kind {opened.name} is not exported; centroid and node scorers are, which are a vector a node"
    )
