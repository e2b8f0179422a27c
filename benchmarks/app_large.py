"""The app over a build of a hundred thousand documents: ``python -m benchmarks.app_large BUILD``, BUILD a name under the home.

How long opening the build takes in a process of its own; then, by sessions that speak Streamlit's protocol to a server of their
own (:mod:`benchmarks.app_session`), each page opened once and run again with something else asked: seconds, kB sent, and the
server's memory after it. Two further servers are asked for Compare before anything else, one as soon as it answers, one a few
seconds later. The home must be as ``python -m app.prepare`` leaves it. Writes ``benchmarks/results/app_large.md``.
"""

import asyncio
import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.app_server import Server, serving
from benchmarks.app_session import START, Rerun, rerun
from engine import evaluation, paths
from engine.builds import map as map_of_build
from engine.builds.opened import Build
from engine.builds.opening import read_manifest

RESULTS = Path(__file__).parent / "results" / "app_large.md"
# Nobody asked these before: what a page shows is made anew.
QUERIES = ("a large bird that cannot fly", "an instrument with strings", "a feeling of joy", "a part of a ship", "to move fast")
# What each page is asked besides the query; those that are not here are run again as they are.
ASKED: dict[str, Sequence[dict[str, object]]] = {
    "trie": [{"prefix": code} for code in range(len(QUERIES))],
    "codebooks": [{"code": f"1-{code}"} for code in range(len(QUERIES))],
    "map": [{}, {}, {"colour": "Search hits"}, {"codes": 2}, {"codes": 3}],
}
MAP = "map"
PAGES = (START, "decode", "compare", "trie", "codebooks", "identifiers", MAP, "sessions", "evaluate", "verdict", "claims")
PAGES += ("catalogue", "builds", "train", "glossary")
OPENED = 3
# Seconds from a server's first answer to a person's first question.
LATER_S = 5
# What opening takes of a person: the parts that every page shows, in a process that has its modules.
OPENS = """
import json, sys, time
from pathlib import Path
from engine.builds.opened import Build
import engine.retrievers
start = time.perf_counter()
build = Build(Path(sys.argv[1]))
build.parts, build.documents[len(build.embeddings) // 2].title
print(json.dumps(time.perf_counter() - start))
"""


class Page(NamedTuple):
    """A page as it was first opened, its further runs, and the server's memory after them, MB."""

    name: str
    first: Rerun
    again: list[Rerun]
    memory: int


class Cold(NamedTuple):
    """Seconds that a first page took, and those that a processor worked for the server before it and for it."""

    seconds: float
    before: float
    worked: float


def main(build: str) -> None:
    """Measure, print and write the table."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # and the servers with it
    opening = [opened(build) for _ in range(OPENED)]
    faults: list[str] = []
    with serving(False) as server:
        pages = asyncio.run(visit(server, build, PAGES, faults))
    cold = [first_compare(build, wait, faults) for wait in (0, LATER_S)]
    RESULTS.write_text(table(build, opening, pages, cold, faults), "utf-8")
    print(RESULTS.read_text("utf-8"))


def opened(build: str) -> float:
    """Seconds that opening takes."""
    command = [sys.executable, "-c", OPENS, str(paths.builds() / build)]
    done = subprocess.run(command, cwd=paths.ROOT, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def first_compare(build: str, wait: float, faults: list[str]) -> Cold:
    """A server of its own, asked for Compare first, so many seconds after it began to answer."""
    with serving(False) as server:
        time.sleep(wait)
        before = server.processor_s()
        (page,) = asyncio.run(visit(server, build, ("compare",), faults, QUERIES[:1]))
        return Cold(page.first.seconds, before, server.processor_s() - before)


async def visit(
    server: Server, build: str, names: Sequence[str], faults: list[str], queries: Sequence[str] = QUERIES
) -> list[Page]:
    """Every page in one session."""
    known: dict[str, str] = {}
    kept: set[str] = set()
    address = server.url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], max_size=None, origin=server.url) as socket:
        return [await one(server, socket, known, kept, build, name, faults, queries) for name in names]


async def one(
    server: Server,
    socket: ClientConnection,
    known: dict[str, str],
    kept: set[str],
    build: str,
    name: str,
    faults: list[str],
    queries: Sequence[str],
) -> Page:
    """A page opened, and run again for each further query; on the map each time for another document, in other colours."""
    runs = []
    held = Build(paths.builds() / build)
    made = map_of_build.read(map_of_build.map_folder(held), len(held.documents))
    rows = np.arange(len(held.documents)) if made is None else made.rows
    for place, query in enumerate(queries):
        asked = {"build": build, "query": f"{query} {name}"} | dict(ASKED.get(name, [{}] * len(QUERIES))[place])
        if name == MAP and place:
            asked["doc"] = held.documents[int(rows[len(rows) * place // len(QUERIES)])].id
        runs.append(await rerun(socket, known, name, urlencode(asked), faults, kept))
        print(runs[-1], file=sys.stderr)
    return Page(name, runs[0], runs[1:], server.memory_mb())


def table(build: str, opening: list[float], pages: list[Page], cold: list[Cold], faults: list[str]) -> str:
    """Markdown."""
    documents = read_manifest(paths.builds() / build).corpus.documents
    of = {page.name: page for page in pages}
    again = [run for page in pages for run in page.again]
    largest = max(again, key=lambda run: run.size)
    lines = [
        f"| {page.name} | {page.first.seconds:.2f} | {page.first.size / 1e3:,.0f} | "
        f"{statistics.median(run.seconds for run in page.again):.2f} | {max(run.seconds for run in page.again):.2f} | "
        f"{max(run.size for run in page.again) / 1e3:,.0f} | {page.memory:,} |"
        for page in pages
    ]
    head = "| page | opened, s | kB | run again, s | slowest, s | most kB | server, MB |\n|---|---|---|---|---|---|---|"
    told = "".join(f"\nFault: {fault}\n" for fault in dict.fromkeys(faults))
    return (
        "# The app over a large build\n\n"
        f"`python -m benchmarks.app_large {build}`: {documents:,} documents, {len(QUERIES)} runs of each page with queries never "
        f"asked before, timed from the client's message to the last of the server's; what a browser has kept is not sent "
        f"again. {evaluation.device()}.\n\n"
        f"Opening the build: {min(opening):.2f} to {max(opening):.2f} s in {len(opening)} processes. The first Compare: "
        f"{of['compare'].first.seconds:.2f} s after {START} and Decode; as the first page that a server is asked for "
        f"{cold[1].seconds:.2f} s ({cold[1].worked:.2f} s of a processor) where that is {LATER_S} s after it began to answer, "
        "for it opens encoder, indexes and compiled code unasked; "
        f"{cold[0].seconds:.2f} s ({cold[0].worked:.2f} s) where it is at once. "
        f"Of the further runs the largest sent {max(run.size for run in again) / 1e3:,.0f} kB ({largest.page}; without that page "
        f"{max(run.size for run in again if run.page != largest.page) / 1e3:,.0f} kB), the slowest took "
        f"{max(run.seconds for run in again):.2f} s; most memory {max(page.memory for page in pages):,} MB.\n\n"
        f"{head}\n"
        + "\n".join(lines)
        + f"\n\nA browser keeps the map's points; what is chosen is sent alone, and so are other colours.\n{told}"
    )


if __name__ == "__main__":
    main(sys.argv[1])
