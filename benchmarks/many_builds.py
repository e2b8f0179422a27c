"""Memory of a server that opens one build after the other: ``python -m benchmarks.many_builds BUILD``, a name under the home.

Ten builds lie in a home of their own, each a link to that one: to the app they are ten. A session opens Trie, Decode and Compare
of the first, which loads all that is loaded once, and then of the others; when nobody has looked at them for as long as the app
waits (:data:`app.common.resources.IDLE_S`), it looks at the last one again. Writes ``benchmarks/results/many_builds.md``.
"""

import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from websockets.asyncio.client import connect

from app.common.resources import IDLE_S
from benchmarks.app_server import Server, serving
from benchmarks.app_session import rerun
from engine import evaluation, paths
from engine.builds.opening import read_manifest

RESULTS = Path(__file__).parent / "results" / "many_builds.md"
BUILDS, PAGES, GOAL = 10, ("trie", "decode", "compare"), 0.2
QUERIES = ("a large bird", "an instrument", "a feeling of joy", "part of a ship", "to move fast")


def main(build: str) -> None:
    """Measure, print and write the table."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # and the server with it
    source = paths.builds() / build
    documents = read_manifest(source).corpus.documents
    with tempfile.TemporaryDirectory() as home:
        names = [f"{build}-{number}" for number in range(BUILDS)]
        (Path(home) / "builds").mkdir()
        for name in names:
            (Path(home) / "builds" / name).symlink_to(source.resolve())
        os.environ["TRIESCOPE_HOME"] = home
        with serving(False) as server:
            memory, faults = asyncio.run(watched(server, names))
    RESULTS.write_text(table(build, documents, memory, faults), "utf-8")
    print(RESULTS.read_text("utf-8"))


async def watched(server: Server, names: list[str]) -> tuple[list[tuple[str, int, int]], list[str]]:
    """Own and resident memory in MB, told, and what went wrong."""
    known: dict[str, str] = {}
    faults: list[str] = []
    told: list[tuple[str, int, int]] = []

    async def look(name: str) -> None:
        for page in PAGES:
            for query in QUERIES:
                await rerun(socket, known, page, urlencode({"build": name, "query": f"{query} {name}"}), faults)

    def tell(what: str) -> None:
        told.append((what, server.memory_mb("RssAnon"), server.memory_mb()))
        print(told[-1], file=sys.stderr)

    address = server.url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], max_size=None, origin=server.url) as socket:
        tell("no build")
        for number, name in enumerate(names, 1):
            await look(name)
            tell(f"{number} opened")
        await asyncio.sleep(IDLE_S + 1)
        await look(names[-1])
        tell(f"{IDLE_S / 60:g} minutes later, with a look at the last")
    return told, faults


def table(build: str, documents: int, memory: list[tuple[str, int, int]], faults: list[str]) -> str:
    """Markdown."""
    of = {what: own for what, own, _ in memory}
    one, after = of["1 opened"], memory[-1][1]
    verdict = "within" if after <= (1 + GOAL) * one else "not within"
    lines = "\n".join(f"| {what} | {own:,} | {resident:,} |" for what, own, resident in memory)
    return (
        "# Builds opened in turn\n\n"
        f"`python -m benchmarks.many_builds {build}`: {BUILDS} builds of {documents:,} documents, {', '.join(PAGES)} of each "
        f"with {len(QUERIES)} queries. *Own* is what the server takes for itself, *resident* with mapped files, which the system "
        f"takes back when it needs room. {evaluation.device()}.\n\n"
        f"The server holds three builds at most, and lets go of one that nobody has looked at for {IDLE_S / 60:g} minutes. Then, "
        f"after {BUILDS}, its own memory is {after / one:.2f} times that of one, {verdict} {GOAL:.0%}; at most it was "
        f"{max(own for _, own, _ in memory) / one:.2f} times.\n\n"
        f"| | own, MB | resident, MB |\n|---|---|---|\n{lines}\n"
        + "".join(f"\nFault: {fault}\n" for fault in dict.fromkeys(faults))
    )


if __name__ == "__main__":
    main(sys.argv[1])
