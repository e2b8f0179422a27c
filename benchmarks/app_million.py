"""The app over a million documents: ``python -m benchmarks.app_million BUILD [DOCUMENTS]``, BUILD a name under the home.

Its documents, and copies of them with noise and other words up to a million (:mod:`engine.claims.beyond`), are built into
``BUILD-1000000`` in the home unless it is there; for each node of its HNSW graph the links are looked for among fewer others than
in builds, which takes minutes instead of hours and makes a graph of the same size. Then a session opens Trie, Decode, and Compare
with one retriever after the other on a server of its own: milliseconds of a rerun, and what memory the server takes for itself
afterwards. Writes ``benchmarks/results/app_million.md``.
"""

import asyncio
import signal
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np
from websockets.asyncio.client import connect

from benchmarks.app_server import Server, serving
from benchmarks.app_session import rerun
from engine import evaluation, paths
from engine.builds import layout, make
from engine.builds.given import Given
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.claims.beyond import copied, shared
from engine.data.corpus import Corpus, Document
from engine.progress import Progress
from engine.retrievers import Queries, dense, hnsw_width
from engine.trie import Trie
from engine.verdict.grown import grown, spread_of

RESULTS = Path(__file__).parent / "results" / "app_million.md"
DOCUMENTS, POINTS, GOAL_MB = 1_000_000, 32, 2500
# Nodes among which the links of one are looked for.
GRAPH_WIDTH = 40
# Pages in order, and what Compare is asked for besides: each step adds what its server has to hold.
STEPS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("Trie", "trie", {}),
    ("Decode", "decode", {}),
    ("Generative search, on Compare", "compare", {"columns": "generative"}),
    ("BM25 beside it", "compare", {"columns": ["generative", "bm25"]}),
    ("Exact vector search beside it", "compare", {"columns": ["generative", "dense"]}),
    ("The HNSW graph beside it", "compare", {"columns": ["generative", "dense-hnsw"]}),
)
QUERIES = ("a large bird", "an instrument with strings", "a feeling of joy", "a part of a ship", "to move fast", "a small island")


class Step(NamedTuple):
    """Seconds of the first run, the median of the others, and MB of the server: its own, and resident."""

    name: str
    first: float
    again: float
    own: int
    resident: int


def main(source: str, documents: int = DOCUMENTS) -> None:
    """Measure, print and write the table."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # and the server with it
    name = f"{source}-{documents}"
    if not (paths.builds() / name).exists():
        made(Build(paths.builds() / source), paths.builds() / name, documents)
    with serving(False) as server:
        steps, faults = asyncio.run(visit(server, name))
    held = Build(paths.builds() / name)
    lines = "\n".join(f"| {s.name} | {s.first:.2f} | {s.again * 1e3:.0f} | {s.own:,} | {s.resident:,} |" for s in steps)
    real, third = len(Build(paths.builds() / source).documents), steps[3]  # the last without another index
    walk, minutes = hnsw_width.read(held.folder), held.manifest.stages["dense"] / 60
    graph_mb = (held.folder / dense.GRAPH).stat().st_size / 1e6
    RESULTS.write_text(
        "# The app over a million documents\n\n"
        f"`python -m benchmarks.app_million {source}`: {documents:,} documents, {real:,} of them real, "
        f"{held.embeddings.shape[1]} dimensions, {held.manifest.trie.nodes:,} nodes. {evaluation.device()}.\n\n"
        "*Own* is what the server takes for itself, *resident* with the parts of mapped files that were touched, which the "
        "system takes back when it needs room; node means are mapped, and a search holds a byte a dimension of each. After Trie, "
        f"Decode and generative search the server has {third.own:,} MB of its own ({GOAL_MB:,} were the goal). In a process "
        f"alone, after encoding: a window of the tree {window_ms(held.trie, held.names):.1f} ms, a generative search "
        f"{search_ms(held):.2f} ms (medians). The HNSW graph is read whole, {graph_mb:,.0f} MB. "
        f"It was made in {minutes:.1f} minutes, links looked for among {GRAPH_WIDTH} nodes where builds look among "
        f"{dense.HNSW_BUILD}, which does not change its size; a walk over {walk.width:,} nodes finds {walk.recall:.1%} of the "
        f"nearest {walk.nearest} of {walk.probes} made-up queries. The first page of a build that nobody has opened yet "
        "waits until the hash of every file was checked.\n\n"
        f"| | first, s | again, ms | own, MB | resident, MB |\n|---|---|---|---|---|\n{lines}\n"
        + "".join(f"\nFault: {fault}\n" for fault in dict.fromkeys(faults)),
        "utf-8",
    )
    print(RESULTS.read_text("utf-8"))


def made(of: Build, out: Path, documents: int) -> None:
    """The catalogue and its build."""
    vectors = np.asarray(of.embeddings, np.float32)
    spread = spread_of(of.trie, vectors, np.asarray(of.parts.means))
    texts = copied(of.texts(), documents, shared(of.trie, of.texts(), spread.level, 0), 0)
    titles = of.titles()
    listed = [
        Document(f"{row}", f"{titles[row % len(titles)]} {row // len(titles) or ''}".strip(), text, {})
        for row, text in enumerate(texts)
    ]
    corpus = Corpus(f"{of.name}, {documents:,}", listed, {}, {}, [])
    spec = BuildSpec(model=of.manifest.spec.model, settings={"points": POINTS})
    with Progress() as told:
        vectors = grown(vectors, documents, spread.value, 0)
        make.make(corpus, spec, out, told, Given(vectors=vectors), {"dense": narrow_graph})


def narrow_graph(work: Path, *_: object) -> None:
    """The stage that makes the graph, sooner."""
    dense.build_hnsw(np.load(work / layout.EMBEDDINGS, mmap_mode="r"), work, GRAPH_WIDTH)


async def visit(server: Server, build: str) -> tuple[list[Step], list[str]]:
    """Every step in one session, and what went wrong."""
    known: dict[str, str] = {}
    faults: list[str] = []
    address = server.url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], max_size=None, origin=server.url) as socket:
        steps = [Step("Started", 0.0, 0.0, server.memory_mb("RssAnon"), server.memory_mb())]
        for name, page, more in STEPS:
            took = []
            for place, query in enumerate(QUERIES):
                asked = {"build": build, "query": query} | ({"prefix": place} if page == "trie" else {}) | more
                took.append((await rerun(socket, known, page, urlencode(asked, doseq=True), faults)).seconds)
            own = server.memory_mb("RssAnon")
            steps.append(Step(name, took[0], statistics.median(took[1:]), own, server.memory_mb()))
            print(steps[-1], file=sys.stderr)
    return steps, faults


def window_ms(tree: Trie, names: list[str]) -> float:
    """Median milliseconds of a window of two levels, of the whole tree and of ten of its branches."""
    from app.charts.window import window

    return median_ms(lambda node: window(tree, names, node, 2), [0, *range(1, 11)])


def search_ms(build: Build) -> float:
    """Median milliseconds of a generative search by a document's own vector."""
    retriever = build.retriever("generative")
    vectors = build.embeddings[:: len(build.embeddings) // 40]
    return median_ms(lambda vector: retriever.search(Queries([""], vector[None]), 10), vectors)


def median_ms(run: Callable[[Any], object], asked: Sequence[Any]) -> float:
    """Of one run each, after one that is not counted."""
    took = []
    for one in [asked[0], *asked]:
        start = time.perf_counter()
        run(one)
        took.append((time.perf_counter() - start) * 1e3)
    return statistics.median(took[1:])


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
