"""Embedding by Ray's workers beside this process: ``python -m benchmarks.ray_build [TEXTS]`` writes ``results/ray.md``.

Short texts that no cache has, made of the films' own words; each side fills a cache of its own, and what both made is compared.
"""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from engine import evaluation
from engine.data.datasets import load
from engine.scale import on_ray
from engine.text import embed

TEXTS, WORKERS = 1500, 2
RESULTS = Path(__file__).parent / "results" / "ray.md"


def main(count: int = TEXTS) -> None:
    """Measure, print and write."""
    chance = random.Random(0)
    words = [word for document in load("films").documents[:300] for word in document.text.split()]
    texts = [" ".join(chance.choices(words, k=chance.randint(6, 24))) for _ in range(count)]
    embed.load()  # its import is not what is compared
    with tempfile.TemporaryDirectory(prefix="ray-") as here:
        begin = time.perf_counter()
        local = embed.embed(texts, cache=Path(here) / "local")
        alone = time.perf_counter() - begin
        os.environ["TRIESCOPE_HOME"] = f"{here}/home"
        began, first = time.perf_counter(), []
        on_ray.fill(texts, embed.DEFAULT_MODEL, WORKERS, lambda done, _: first.append((time.perf_counter(), done)))
        whole = time.perf_counter() - began
        apart = np.abs(embed.embed(texts) - local).max()
    batch, ready = next((done, at) for at, done in first if done)
    steady = (count - batch) / max(1e-9, first[-1][0] - ready)
    lines = [
        "# Embedding by Ray's workers",
        "",
        f"`python -m benchmarks.ray_build {count}`. {evaluation.device()}; load average {os.getloadavg()[0]:.1f}: others worked "
        "too, so the two times say little of each other.",
        "",
        f"{count:,} short texts: this process alone {alone:.1f} s; {WORKERS} workers {whole:.1f} s, of which {ready - began:.1f} "
        f"s until the first {batch} came (Ray, then an encoder in each worker), and {steady:.0f} a second from there. The "
        f"largest difference of a number of a vector is {apart:.1e}.",
        "",
        "On one quiet machine Ray has nothing to gain, for the encoder uses all cores by itself; it is there for more machines, "
        "and for going on when a worker is killed (`tests/engine/scale/test_on_ray.py`).",
    ]
    text = "\n".join(lines) + "\n"
    RESULTS.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
