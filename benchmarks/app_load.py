"""The app under load: sessions that speak Streamlit's protocol to a server of their own, no browser.

``python -m benchmarks.app_load [SECONDS] [LONG]`` serves the bundled films twice on loopback: with Streamlit's collection of all
garbage after every run (``runner.postScriptGC``), and as the app is started, without it and with what is loaded once set aside
(``app/common/heap.py``). It lets 1, 6 and 20 sessions open pages and ask queries never asked before on each in turn, then 20
sessions alone on the app as it is started for LONG seconds, and as long again with a training of the films beside them; it writes
``benchmarks/results/app_load.md``. Sessions think for up to three seconds between pages.
Rounds are short and alternate, so that a busy machine slows both; the servers are ended when the benchmark is.
"""

import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from itertools import count, product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from app import prepare
from benchmarks.app_server import Server, serving
from benchmarks.app_session import PAGES, Rerun, session
from engine import evaluation, paths

SESSIONS = (1, 6, 20)
SECONDS, ROUNDS, LONG = 30.0, 2, 300.0
# Whether it is Streamlit's own way.
VARIANTS = {"as Streamlit has it": True, "as the app is started": False}
OURS = "as the app is started"
RESULTS = Path(__file__).parent / "results" / "app_load.md"
# Two words each: queries that no cache has seen, and that films can answer.
FIRST = ("a heist", "robots", "slow film", "samurai", "ghost", "love story", "war", "a detective", "space", "high school")
SECOND = ("in a dream", "with a dog", "in black and white", "an old man", "on a train", "in Paris", "about music", "in ruins")
WATCHED_S = 5.0
RULE = "|---"


class Load(NamedTuple):
    """What so many sessions saw on one server: reruns, what went wrong, and the server's memory in MB every five seconds."""

    reruns: list[Rerun]
    faults: list[str]
    memory: list[int]


def main(seconds: float = SECONDS, long: float = LONG) -> None:
    """Measure, print and write the table."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # and the servers with it
    prepare.main()
    loads = {(f"{n}", variant): Load([], [], []) for n in SESSIONS for variant in VARIANTS}
    asked = queries()
    with ExitStack() as stack:
        servers = {variant: stack.enter_context(serving(forced)) for variant, forced in VARIANTS.items()}
        for server in servers.values():  # nobody's figure should hold what is loaded once
            asyncio.run(session(server.url, 0, 0, asked, PAGES))
        for sessions, _, (variant, server) in product(SESSIONS, range(ROUNDS), servers.items()):
            print(f"{sessions} sessions, {variant}, {seconds / ROUNDS:.0f} s", file=sys.stderr)
            part = asyncio.run(load(server, sessions, seconds / ROUNDS, asked))
            for whole, more in zip(loads[f"{sessions}", variant], part, strict=True):
                whole.extend(more)
        for beside, training in (("", nullcontext), (", a training beside", trains)):
            print(f"{SESSIONS[-1]} sessions, {OURS}, {long:.0f} s{beside}", file=sys.stderr)
            with training():
                alone = asyncio.run(load(servers[OURS], SESSIONS[-1], long, asked))
            loads[f"{SESSIONS[-1]}, {long / 60:g} min{beside}", OURS] = alone
    text = table(loads, seconds)
    RESULTS.write_text(text, "utf-8")
    print(text)


@contextmanager
def trains() -> Iterator[None]:
    """A training of a copy of the films, in a process of its own as the app's jobs are, for as long as this is entered."""
    with tempfile.TemporaryDirectory() as home:
        folder = shutil.copytree(paths.builds() / "films", Path(home) / "films", ignore=shutil.ignore_patterns("runs"))
        command = [sys.executable, "-m", "engine", "train", str(folder), "--name", "beside", "--minutes", "60"]
        training = subprocess.Popen(
            [*command, "--patience", "1000"], cwd=paths.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield
            if training.poll() is not None:
                raise RuntimeError("the training ended before the sessions did")
        finally:
            training.terminate()
            training.wait()


def queries() -> Iterator[str]:
    """Queries without end, none twice."""
    for number in count():
        for first in FIRST:
            for second in SECOND:
                yield f"{first} {second} {number or ''}".strip()


async def load(server: Server, sessions: int, seconds: float, asked: Iterator[str]) -> Load:
    """Let so many sessions work for so long at the same time."""
    done = Load([], [], [])

    async def watch() -> None:
        while True:
            done.memory.append(server.memory_mb())
            await asyncio.sleep(WATCHED_S)

    watching = asyncio.create_task(watch())
    for reruns, faults in await asyncio.gather(*(session(server.url, seed, seconds, asked) for seed in range(sessions))):
        done.reruns.extend(reruns)
        done.faults.extend(faults)
    watching.cancel()
    return done


def table(loads: dict[tuple[str, str], Load], seconds: float) -> str:
    """Markdown: whole rows, then by page."""
    lines, pages = [], []
    for (sessions, variant), (reruns, faults, memory) in loads.items():
        lines.append(
            f"| {sessions} | {variant} | {len(reruns)} | {spread([r.seconds for r in reruns])} | {len(faults)} | "
            f"{memory[0]} | {memory[len(memory) // 2]} | {memory[-1]} | {max(memory)} |"
        )
        by_page = defaultdict(list)
        for rerun in reruns:
            by_page[rerun.page].append(rerun)
        for page, seen in sorted(by_page.items()):
            kilobytes = np.mean([rerun.size for rerun in seen]) / 1024
            times = spread([rerun.seconds for rerun in seen])
            pages.append(f"| {sessions} | {variant} | {page} | {len(seen)} | {times} | {kilobytes:,.0f} |")
    faults = Counter(fault for load in loads.values() for fault in load.faults)
    head = "| sessions | | reruns | p50, s | p95, s | faults | MB at first | half way | last | most |"
    return (
        "# The app under load\n\n"
        f"`python -m benchmarks.app_load {seconds:g}`: {seconds:g} s a row, in {ROUNDS} rounds that alternate between two "
        "servers, the last two rows without a break; films, queries never asked before, clients on the same machine that think "
        ".5 to 3 s between pages. A rerun is timed from the client's message to the last of the server's. *As Streamlit has "
        "it*: all garbage is collected after every run. *As the app is started*: it is not (`runner.postScriptGC`), and what is "
        f"loaded once is set aside (`app/common/heap.py`). {evaluation.device()}.\n\n"
        + "\n".join([head, RULE * 10 + "|", *lines])
        + "\n\nBy page:\n\n"
        + "\n".join(["| sessions | | page | reruns | p50, s | p95, s | kB a rerun |", RULE * 7 + "|", *pages])
        + "\n"
        + "".join(f"\nFault, {times} times: {fault}\n" for fault, times in faults.items())
    )


def spread(seconds: list[float]) -> str:
    """Two cells: median and 95th percentile."""
    return f"{np.quantile(seconds, 0.5):.2f} | {np.quantile(seconds, 0.95):.2f}" if seconds else "– | –"


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
