"""What a trie of a million identifiers weighs and how long it takes to build: ``python -m benchmarks.trie_size``.

Each contender is built in a process of its own, so that memory is what the process grew by and nothing is left over from another.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.constraint_cost import identifiers
from engine import trie
from engine.evaluation import device
from engine.paths import ROOT

DOCUMENTS, RUNS = 1_000_000, 5


class Contender(NamedTuple):
    """What is made before the clock starts, what is timed, and the bytes of the result (None: what the process grew by)."""

    prepare: Callable[[np.ndarray], Any]
    build: Callable[[Any], Any]
    size: Callable[[Any], int] | None


def dictionary(rows: list[list[int]]) -> dict:
    """Nested dictionaries, as GENRE's trie."""
    root: dict = {}
    for identifier in rows:
        node = root
        for code in identifier:
            node = node.setdefault(code, {})
    return root


def marisa(keys: list[bytes]):
    """marisa-trie of byte strings."""
    import marisa_trie

    return marisa_trie.BinaryTrie(keys)


OURS = "**Triescope**"
CONTENDERS = {
    "dictionary": Contender(lambda codes: codes.tolist(), dictionary, None),
    "marisa-trie": Contender(lambda codes: list(map(bytes, codes.astype(np.uint8))), marisa, lambda built: len(built.tobytes())),
    OURS: Contender(lambda codes: codes, trie.build, lambda built: built.nbytes),
}


def table(documents: int = DOCUMENTS) -> str:
    """Markdown: bytes a document and seconds to build, with ratios to ours."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for _ in range(RUNS):  # in turns, so that a busy minute falls on all alike
        for name, runs in found.items():
            runs.append(_apart(name, documents))
    middle = {name: {key: float(np.median([run[key] for run in runs])) for key in runs[0]} for name, runs in found.items()}
    mine = middle[OURS]
    lines = ""
    for name, row in middle.items():
        lines += (
            f"| {name} | {row['bytes'] / 1e6:,.1f} | {row['bytes'] / documents:,.1f} | {row['bytes'] / mine['bytes']:,.1f}x | "
            f"{row['seconds']:.3f} | {row['seconds'] / mine['seconds']:,.1f}x |\n"
        )
    return (
        f"{documents:,} random identifiers, 4 codes of 256; each contender built in {RUNS} processes of its own, medians. Time "
        f"starts when the identifiers lie there in the form it takes. Memory is that of the arrays (ours), of the serialised "
        f"trie (marisa-trie), or what the process grew by (dictionary). Only ours also keeps which documents bear an "
        f"identifier and how many are below each node. {device()}.\n\n"
        f"| contender | MB | bytes a document | to ours | build, s | to ours |\n|---|---|---|---|---|---|\n{lines}"
    )


def _apart(name: str, documents: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.trie_size", name, str(documents)]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def _one(name: str, documents: int) -> None:
    contender = CONTENDERS[name]
    # Warm: imports and the first allocations.
    contender.build(contender.prepare(identifiers(10)))
    prepared = contender.prepare(identifiers(documents))
    before, start = _resident(), time.perf_counter()
    built = contender.build(prepared)
    seconds = time.perf_counter() - start
    size = contender.size(built) if contender.size else _resident() - before
    print(json.dumps({"seconds": seconds, "bytes": size}))


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _one(sys.argv[1], int(sys.argv[2]))
    else:
        print(table())
