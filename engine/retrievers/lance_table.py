"""The dense side in a vector database: LanceDB (2023), embedded, its vectors in lists on the disk (extra ``lance``).

The table lies in a folder of its own and is opened by the same client that reaches a database in an object store or a cluster.
It is not written to when documents come and go: those that went are left out of what it finds, those that came are compared
beside it, so it is always in step with the tree, and making it anew takes in what came.
"""

import importlib.util
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import TriescopeError
from engine.retrievers import squeezed
from engine.retrievers.made_index import About, Squeezed

FOLDER, TABLE, NAME = "lance", "vectors", "dense-lance"
# So many vectors have lists; fewer are compared one by one, which is exact. Lists for so many, and vectors a list at most.
LEAST, LISTS = 5000, 256


class Table:
    """See :class:`engine.retrievers.made_index.Nearest`; ``width`` is the number of lists that are looked into."""

    def __init__(self, table: Any, folder: Path | None = None, held: Any = None):
        self.table, self.folder, self.held, self.width = table, folder, held, 16
        self.size = int(table.count_rows())

    def nearest(self, queries: np.ndarray, depth: int, allowed: np.ndarray | None) -> list[np.ndarray]:
        """Rows that the database finds; under a filter it is asked for twice as many until enough of them pass."""
        return [self._of_one(query, depth, allowed) for query in queries]

    def _of_one(self, query: np.ndarray, depth: int, allowed: np.ndarray | None) -> np.ndarray:
        far = depth
        while True:
            # Whoever wants nearly all looks into all lists: a few hold too few.
            lists = max(self.width, LISTS if 4 * far > self.size else 0)
            asked = self.table.search(query).distance_type("dot").nprobes(lists).select(["row", "_distance"])
            found = asked.limit(min(far, self.size)).to_arrow().column("row").to_numpy().astype(np.int64)
            rows = found if allowed is None else found[allowed[found]]
            if len(rows) >= depth or far >= self.size:
                return rows[:depth]
            far *= 2


def is_installed() -> bool:
    """Whether the database's package is there; nothing of it is loaded."""
    return importlib.util.find_spec("lancedb") is not None


def _connected(folder: Path) -> Any:
    try:
        import lancedb
    except ImportError as error:
        raise TriescopeError("lancedb is missing; it needs the extra: pip install 'triescope[lance]'") from error
    return lancedb.connect(str(folder))


def make(vectors: np.ndarray) -> Table:
    """A table of float32 ``(n, d)`` unit vectors, in a folder that goes with it unless it is written.

    Raises
    ------
    TriescopeError
        The package is missing.
    """
    import pyarrow as pa

    held = tempfile.TemporaryDirectory(prefix="lance-")
    database = _connected(Path(held.name))
    flat = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(vectors).reshape(-1)), vectors.shape[1])
    table = database.create_table(TABLE, pa.table({"row": pa.array(np.arange(len(vectors)), pa.int64()), "vector": flat}))
    if len(vectors) >= LEAST:
        from lancedb.index import IvfFlat

        table.create_index("vector", config=IvfFlat(distance_type="dot", num_partitions=min(LISTS, len(vectors) // 32)))
    return Table(table, Path(held.name), held)


def _write(of: Table, folder: Path) -> None:
    assert of.folder is not None
    shutil.copytree(of.folder, folder / FOLDER)


def _read(folder: Path, about: About) -> Table:
    database = _connected(folder / FOLDER)
    try:
        found = Table(database.open_table(TABLE))
        width = found.table.schema.field("vector").type.list_size
    except Exception as error:  # the library raises what its layers raise
        raise TriescopeError(f"{folder / FOLDER}: not a table of LanceDB; delete {folder}") from error
    if (found.size, width) != (about.documents, about.dimensions):
        raise TriescopeError(f"{folder / FOLDER}: not a table of these vectors; delete {folder}")
    return found


SQUEEZED = Squeezed(NAME, (4, 8, 16, 32, 64, LISTS), make, _write, _read)


class _Grown:
    """The same where documents came and went: those that went are left out, and all that came are candidates."""

    def __init__(self, of: Table, kept: np.ndarray, added: np.ndarray):
        self.of, self.width, self.kept = of, of.width, kept
        self.came = len(kept) + np.arange(len(added))

    def nearest(self, queries: np.ndarray, depth: int, allowed: np.ndarray | None) -> list[np.ndarray]:
        self.of.width = self.width
        there = np.zeros(self.of.size, bool)
        there[self.kept] = True if allowed is None else allowed[: len(self.kept)]
        came = self.came if allowed is None else self.came[allowed[self.came]]
        wanted = min(depth, int(there.sum()))
        old = self.of.nearest(queries, wanted, there) if wanted else [self.came[:0]] * len(queries)
        found = squeezed.renumbered(old, self.kept, self.of.size)
        return [np.concatenate([rows, came]) for rows in found]


METHOD = squeezed.method(
    SQUEEZED,
    _Grown,
    summary="vectors in an embedded vector database (LanceDB), in lists on the disk; what is found is compared anew: approximate",
    citation="LanceDB 2023",
    color="#332288",
    installed=is_installed,
)
