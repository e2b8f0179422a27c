"""Slope of memory and latency with the catalogue, one tree and in shards: ``python -m benchmarks.scale [MILLIONS ...]``.

Synthetic catalogues: identifiers of three levels of 256 codes, drawn so that some first codes are ten times as common as others.
A document's vector is the sum of its codes' vectors and noise, 64 dimensions. Each size is made once in a folder that is deleted
afterwards, opened by a process of its own as one tree, and by two as shards; queries are noisy documents. Writes
``benchmarks/results/scale.md``.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from engine import trie
from engine.evaluation import device
from engine.export.flat import Flat
from engine.kernels.best import Best
from engine.paths import ROOT
from engine.retrievers import Queries
from engine.scale.part import Part
from engine.scale.sharded import ShardedRetriever
from engine.scale.split import read, split
from engine.scorers.centroid import SCALE, holders, node_means

MILLIONS, CODES, WIDTH, SHARDS = (1, 2, 5, 10), 256, 64, (1, 2)
BEAMS, K, ASKED = 100, 10, 60
RESULTS = Path(__file__).parent / "results" / "scale.md"
CHUNK = 1 << 18


def main(millions: list[int]) -> None:
    """Measure, print and write the table."""
    rows = []
    for size in millions:
        with tempfile.TemporaryDirectory(prefix="scale-") as folder:
            rows.append(measured(size * 1_000_000, Path(folder)))
            print(json.dumps(rows[-1]), file=sys.stderr)
    text = table(rows)
    RESULTS.write_text(text, "utf-8")
    print(text)


def measured(documents: int, folder: Path) -> dict:
    """One size: made in a process that ends, so that nothing of it is counted; then opened and asked."""
    made = json.loads(_process("make", str(documents), str(folder)))
    for shards in SHARDS:
        made[f"shards {shards}"] = json.loads(_process("ask", str(folder), str(shards)))
    return made | {"documents": documents}


def make(documents: int, folder: Path) -> dict:
    """Identifiers, vectors, tree, means and shards of a catalogue."""
    chance = np.random.default_rng(0)
    books = [chance.standard_normal((CODES, WIDTH)).astype(np.float32) / 2**level for level in range(3)]
    common = 1 / np.arange(1, CODES + 1) ** 0.5
    first = chance.choice(CODES, documents, p=common / common.sum())
    codes = np.column_stack([first, *(chance.integers(0, CODES, documents) for _ in range(2))]).astype(np.int32)
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (documents, WIDTH))
    for start in range(0, documents, CHUNK):
        part = codes[start : start + CHUNK]
        made = sum(book[part[:, level]] for level, book in enumerate(books))
        made += 0.1 * chance.standard_normal(made.shape).astype(np.float32)
        vectors[start : start + CHUNK] = made / np.linalg.norm(made, axis=1, keepdims=True)
    begin = time.perf_counter()
    tree = trie.build(codes)
    built = time.perf_counter() - begin
    means = node_means(tree, vectors)
    averaged = time.perf_counter() - begin - built
    held, row = np.unique(holders(tree), return_inverse=True)
    of = Flat(tree, means[held], row.astype(np.int32), np.log(tree.counts).astype(np.float32), None, "nodes", "centroid")
    asked = np.sort(chance.choice(documents, ASKED, replace=False))
    queries = np.asarray(vectors[asked]) + 0.05 * chance.standard_normal((ASKED, WIDTH)).astype(np.float32)
    np.save(folder / "queries.npy", (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32))
    exact = [int(np.argmax(vectors @ query)) for query in np.load(folder / "queries.npy")[:20]]
    np.save(folder / "exact.npy", np.array(exact))
    for shards in SHARDS:
        split(of, shards, folder / str(shards))
    return {"nodes": len(tree.code), "trie_mb": tree.nbytes / 1e6, "trie_s": built, "means_s": averaged}


def ask(folder: Path, shards: int) -> dict:
    """Open and search, a query at a time; memory is that of all processes that hold a shard."""
    queries, exact = np.load(folder / "queries.npy"), np.load(folder / "exact.npy")
    begin = time.perf_counter()
    with ShardedRetriever(folder / str(shards), BEAMS) as retriever:
        opened = time.perf_counter() - begin
        processes = [part.process.pid for part in retriever.parts]
        took, found = [], []
        for query in (queries[0], *queries):
            begin = time.perf_counter()
            found.append(retriever.search(Queries(["x"], query[None]), K))
            took.append((time.perf_counter() - begin) * 1e3)
        memory = [_memory(pid) for pid in processes]
    known = [exact[place] in one.rows[0] for place, one in enumerate(found[1:][: len(exact)])]
    value = {
        "open_s": opened,
        "p50": np.percentile(took[1:], 50),
        "p95": np.percentile(took[1:], 95),
        "found": float(np.mean(known)),
    }
    value |= {"private_mb": sum(private for private, _ in memory), "mapped_mb": sum(shared for _, shared in memory)}
    if shards == 1:
        value["inside_ms"] = _inside(folder / "1" / "00", queries)
    return value


def _inside(folder: Path, queries: np.ndarray) -> float:
    """Median of a search within one process, without messages, milliseconds."""
    part, took = Part(read(folder)), []
    for query in (queries[0], *queries):
        begin = time.perf_counter()
        part.start(np.float32(SCALE) * query[None])
        for _ in range(part.shard.trie.levels):
            part.expand(BEAMS)()
        took.append((time.perf_counter() - begin) * 1e3)
    assert isinstance(part.last, Best)
    return float(np.median(took[1:]))


def _memory(pid: int) -> tuple[float, float]:
    """Memory of a process in MB: its own, and what it has mapped of files and touched, which the system may take back."""
    told = dict(line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    of = {name: int(value.split()[0]) / 1e3 for name, value in told.items()}
    private = of["Anonymous"]
    return private, of["Rss"] - private


def _process(*arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.scale", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def table(rows: list[dict]) -> str:
    """The results as Markdown."""
    load_now = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    lines = [
        "# Slope with the catalogue",
        "",
        f"`python -m benchmarks.scale`: synthetic catalogues, 3 levels of {CODES} codes, {WIDTH} dimensions, centroid scorer "
        f"with means of one byte a dimension in memory and exact ones mapped from disk; {BEAMS} beams, ten hits, a query at a "
        f"time. {device()}; load average at the end {load_now}: others worked too.",
        "",
        "*Own* is what the processes that hold shards take for themselves; *mapped* what they touched of files, which the system "
        "takes back when it needs room. *Found*: how often the nearest document of all is among the ten.",
        "",
        "| documents | nodes | trie, MB | trie built, s | means, s | shards | opened, s | own, MB | mapped, MB | p50, ms | "
        "p95, ms | found |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        for shards in SHARDS:
            of = row[f"shards {shards}"]
            made = f"{row['documents']:,} | {row['nodes']:,} | {row['trie_mb']:.0f} | {row['trie_s']:.1f} | {row['means_s']:.1f}"
            lines.append(
                f"| {made} | {shards} | {of['open_s']:.1f} | {of['private_mb']:,.0f} | {of['mapped_mb']:,.0f} "
                f"| {of['p50']:.2f} | {of['p95']:.2f} | {of['found']:.2f} |"
            )
    inside = ", ".join(f"{row['documents'] / 1e6:.0f}M {row['shards 1']['inside_ms']:.2f} ms" for row in rows)
    lines += ["", f"Of a search in one shard, the messages to its process are a part; within one process its median is {inside}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    what, rest = (sys.argv[1:] or [""])[0], sys.argv[2:]
    if what == "make":
        print(json.dumps(make(int(rest[0]), Path(rest[1]))))
    elif what == "ask":
        print(json.dumps(ask(Path(rest[0]), int(rest[1]))))
    else:
        main([int(one) for one in sys.argv[1:]] or list(MILLIONS))
