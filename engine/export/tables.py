"""Documents, nodes and vectors as Parquet, for SQL and data frames."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.builds.opened import Build
from engine.export.flat import Flat

DOCUMENTS, NODES, VECTORS, EMBEDDINGS = "documents.parquet", "nodes.parquet", "vectors.parquet", "embeddings.parquet"


def write_documents(build: Build, folder: Path) -> None:
    """Write :data:`DOCUMENTS`: row, id, title, identifier as text, codes, and the leaf; null where there is no identifier."""
    rows = np.arange(len(build.documents))
    codes = [[int(code) for code in of if code >= 0] for of in build.codes]
    leaves = build.trie.leaves_of(rows)
    table = {
        "row": pa.array(rows, pa.int32()),
        "id": pa.array([document.id for document in build.documents], pa.string()),
        "title": pa.array([document.title for document in build.documents], pa.string()),
        "identifier": pa.array([build.identifier(row) or None for row in rows.tolist()], pa.string()),
        "codes": pa.array(codes, pa.list_(pa.int32())),
        "leaf": pa.array([int(leaf) if leaf >= 0 else None for leaf in leaves], pa.int32()),
    }
    pq.write_table(pa.table(table), folder / DOCUMENTS)


def write(build: Build, of: Flat, folder: Path) -> None:
    """Write :data:`NODES` (where each leads, how many documents are below it, its words, its bias and vector's row),
    :data:`VECTORS` and the documents' :data:`EMBEDDINGS`."""
    nodes, trie = np.arange(len(of.trie.code)), of.trie
    table = {
        "node": pa.array(nodes, pa.int32()),
        "parent": pa.array([None, *trie.parent(nodes[1:]).tolist()], pa.int32()),
        "level": pa.array(trie.level_of(nodes), pa.int32()),
        "code": pa.array([None, *trie.code[1:].tolist()], pa.int32()),
        "first_child": pa.array(trie.first_child[:-1], pa.int32()),
        "children": pa.array(np.diff(trie.first_child), pa.int32()),
        "documents": pa.array(trie.counts, pa.int32()),
        "words": pa.array(build.names, pa.string()),
        "bias": pa.array(of.bias, pa.float32()),
        "vector": pa.array(of.row, pa.int32()),
    }
    pq.write_table(pa.table(table), folder / NODES)
    for name, vectors in ((VECTORS, of.vectors), (EMBEDDINGS, build.embeddings)):
        flat = pa.FixedSizeListArray.from_arrays(pa.array(np.asarray(vectors).reshape(-1)), vectors.shape[1])
        pq.write_table(pa.table({"row": pa.array(np.arange(len(vectors)), pa.int32()), "vector": flat}), folder / name)
