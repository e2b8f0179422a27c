"""The service under load, beside a plain one of faiss and FastAPI on the same vectors (``benchmarks/serve_plain.py``).

``python -m benchmarks.serve [SECONDS]`` serves the bundled films twice on loopback, lets 1 to 32 clients ask each service for so
many seconds, queries never asked before and queries that repeat, then asks 20,000 mixed requests with 8 clients and watches
errors and memory. It writes ``benchmarks/results/serve.md``. Services take turns row by row, so that a busy machine slows both.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from socket import create_connection, socket
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

from app import prepare
from benchmarks.app_load import queries
from benchmarks.app_server import Server
from benchmarks.serve_client import Asked, load
from engine import evaluation, paths
from engine.builds.names import BUNDLED
from engine.builds.opened import Build

CLIENTS, SECONDS = (1, 2, 4, 8, 16, 32), 3.0
MANY, MANY_CLIENTS, LOOKS = 20_000, 8, 10
REPEATED = 300
STARTS_S = 60
RESULTS = Path(__file__).parent / "results" / "serve.md"
RULE = "|---"
# What stands beside what: name, which server, the path before the query.
SERVICES = {
    "Triescope, generative": ("engine", "/search?retriever=generative&query="),
    "Triescope, dense": ("engine", "/search?retriever=dense&query="),
    "Triescope, BM25": ("engine", "/search?retriever=bm25&query="),
    "faiss + FastAPI": ("plain", "/search?query="),
}
MIXED = ("generative", "bm25", "dense", "hybrid", "bm25~dense")


class Row(NamedTuple):
    """A service, whether its queries were new, how many clients, and what they saw."""

    service: str
    new: bool
    clients: int
    asked: Asked


def main(seconds: float = SECONDS) -> None:
    """Measure, print and write the table."""
    prepare.main()
    prepare.export()
    build = Build(paths.builds() / BUNDLED)
    with serving("engine", build.folder) as ours, serving("plain", build.folder) as plain:
        servers = {"engine": ours, "plain": plain}
        rows = list(measured(servers, list(build.corpus.queries.values()), seconds))
        after = {name: server.memory_mb() for name, server in servers.items()}
        many, memory = asyncio.run(mixed(ours, list(build.corpus.queries.values())))
    text = table(rows, many, memory, after)
    RESULTS.write_text(text, "utf-8")
    print(text)


@contextmanager
def serving(kind: str, folder: Path) -> Iterator[Server]:
    """One of the two services in a process of its own, ended afterwards."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    commands = {
        "engine": ["engine", "serve", str(folder), "--port", str(port)],
        "plain": ["benchmarks.serve_plain", str(folder), str(port)],
    }
    process = subprocess.Popen([sys.executable, "-m", *commands[kind]], cwd=paths.ROOT)
    try:
        until = time.monotonic() + STARTS_S
        while True:
            try:
                create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{kind} did not start") from None
                time.sleep(0.1)
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(20)


def measured(servers: dict[str, Server], known: list[str], seconds: float) -> Iterator[Row]:
    """Rows, the services in turn."""
    chance, unseen = random.Random(0), queries()
    some = known[:REPEATED]
    for new in (True, False):
        # What is loaded once, or was remembered and pushed out since, is in nobody's figure.
        for server, path in SERVICES.values():
            asyncio.run(load(port_of(servers[server]), 4, next_of(iter([path + quote(query) for query in some])), 60.0))
        for clients in CLIENTS:
            for service, (server, path) in SERVICES.items():
                texts = unseen if new else (chance.choice(some) for _ in count())
                paths_of = (path + quote(text) for text in texts)
                asked = asyncio.run(load(port_of(servers[server]), clients, next_of(paths_of), seconds))
                print(f"{service}, {clients} clients, {'new' if new else 'repeated'}: {told(asked)}", file=sys.stderr)
                yield Row(service, new, clients, asked)


async def mixed(server: Server, known: list[str]) -> tuple[Asked, list[int]]:
    """20,000 requests of all kinds, and the server's memory before, between and after them, MB."""
    chance, unseen, memory = random.Random(1), queries(), [server.memory_mb()]
    whole = Asked([], [], 0.0)

    def paths_of() -> Iterator[str]:
        while True:
            text = quote(next(unseen) if chance.random() < 0.2 else chance.choice(known))
            kind = chance.random()
            if kind < 0.05:
                yield f"/decode?beams=10&query={text}"
            elif kind < 0.1:
                yield f"/search?retriever=bm25&explain=true&filter=year%20%3E%201970&query={text}"
            else:
                yield f"/search?retriever={quote(chance.choice(MIXED))}&query={text}"

    each = paths_of()
    for _ in range(LOOKS):
        part = await load(port_of(server), MANY_CLIENTS, next_of(islice(each, MANY // LOOKS)), 600.0)
        whole = Asked(whole.ms + part.ms, whole.faults + part.faults, whole.seconds + part.seconds)
        memory.append(server.memory_mb())
        print(f"{len(whole.ms):,} mixed requests: {told(part)}, {memory[-1]} MB", file=sys.stderr)
    return whole, memory


def next_of(paths_of: Iterator[str]) -> Callable[[], str | None]:
    """The next path, None where there is none."""
    return lambda: next(paths_of, None)


def port_of(server: Server) -> int:
    """Port of a server."""
    return int(server.url.rpartition(":")[2])


def told(asked: Asked) -> str:
    """What was seen, in a line."""
    p50, p95 = np.percentile(asked.ms, (50, 95))
    return f"p50 {p50:.2f} ms, p95 {p95:.2f} ms, {len(asked.ms) / asked.seconds:,.0f} a second, {len(asked.faults)} faults"


def table(rows: list[Row], many: Asked, memory: list[int], after: dict[str, int]) -> str:
    """The results as Markdown."""
    load_now = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    lines = [
        "# The service under load",
        "",
        f"`python -m benchmarks.serve`: films, 1,201 documents, ten hits; services and clients on one machine, taking turns. "
        f"{evaluation.device()}; load average at the end {load_now}, of which the benchmark "
        "makes 1 to 2; the rest was other work.",
        "",
        "*New*: no query was asked before, so each has to be encoded. *Repeated*: 300 queries again and again, whose vectors "
        "both services remember. The plain service is `benchmarks/serve_plain.py`: FastAPI, faiss's exact index, the same "
        "vectors and encoder, each request by itself in one of FastAPI's threads.",
        "",
        "| queries | clients | service | p50, ms | p95, ms | a second | faults | p95 against one client's |",
        RULE * 8 + "|",
    ]
    alone = {(row.service, row.new): np.percentile(row.asked.ms, 95) for row in rows if row.clients == 1}
    for row in rows:
        p50, p95 = np.percentile(row.asked.ms, (50, 95))
        lines.append(
            f"| {'new' if row.new else 'repeated'} | {row.clients} | {row.service} | {p50:.2f} | {p95:.2f} | "
            f"{len(row.asked.ms) / row.asked.seconds:,.0f} | {len(row.asked.faults)} | {p95 / alone[row.service, row.new]:.1f} |"
        )
    faults = ", ".join(f"{number} of {what}" for what, number in Counter(many.faults).items()) or "none"
    lines += [
        "",
        f"{len(many.ms):,} mixed requests (five retrievers, explained hits under a filter, decodes; one in five a new query) "
        f"from {MANY_CLIENTS} clients: {told(many)}; faults: {faults}.",
        "",
        f"Memory of the service in MB, before them and after each {MANY // LOOKS:,}: {', '.join(map(str, memory))}. After the "
        f"table above: Triescope {after['engine']}, the plain service {after['plain']}.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
