"""A build by Ray's workers beside a local one: ``python -m benchmarks.ray_build [DOCUMENTS] [FILE] [FIELD=COLUMN]...``.

It writes ``results/ray.md``. FILE is a catalogue as the shell takes it (the first so many rows of it are built); without one,
documents are made of the films' own words. Each side embeds into a home of its own, and every array that both made is compared.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from engine import evaluation
from engine.builds import layout
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.data.datasets import load
from engine.scale import on_ray, on_ray_stages
from engine.text import embed, encoders

DOCUMENTS, WORKERS = 1500, 2
RESULTS = Path(__file__).parent / "results" / "ray.md"


def main(count: int = DOCUMENTS, file: Path | None = None, *columns: str) -> None:
    """Measure, print and write."""
    corpus, spec = corpus_of(count, file, dict(one.split("=", 1) for one in columns)), BuildSpec()
    texts = [document.searched_text(spec.fields) for document in corpus.documents]
    encoders.load()  # its import is not what is compared
    with tempfile.TemporaryDirectory(prefix="ray-") as here:
        with home(Path(here) / "local"):
            begin = time.perf_counter()
            local = make(corpus, spec, Path(here) / "local" / "build")
            alone = time.perf_counter() - begin
        with home(Path(here) / "ray"):
            begin, first = time.perf_counter(), []
            with on_ray.running(WORKERS):
                on_ray.fill(texts, embed.DEFAULT_MODEL, WORKERS, lambda done, _: first.append((time.perf_counter(), done)))
                embedded = time.perf_counter()
                other = make(corpus, spec, Path(here) / "ray" / "build", ways=on_ray_stages.ways(WORKERS))
                whole = time.perf_counter() - begin
        apart = float(np.abs(np.asarray(Build(local).embeddings) - np.asarray(Build(other).embeddings)).max())
        files, unlike = compared(local, other)
    batch, ready = next((done, at) for at, done in first if done)
    steady = (len(texts) - batch) / max(1e-9, first[-1][0] - ready)
    lines = [
        "# A build by Ray's workers",
        "",
        f"`python -m benchmarks.ray_build {count}{' FILE' if file else ''}`: {corpus.name}. {evaluation.device()}; load average "
        f"{os.getloadavg()[0]:.1f}, of which it makes up to two.",
        "",
        f"{len(texts):,} documents: this process alone {alone:.1f} s; {WORKERS} workers {whole:.1f} s ({whole / alone:.2f} "
        f"times), of which {ready - begin:.1f} s until the first {batch} came (Ray, then an encoder in each worker), "
        f"{steady:.0f} a second from there, and {whole - (embedded - begin):.1f} s for all that is not embedding, of which "
        "workers assign codes and make shards of the tree. "
        f"The largest difference of a number of a vector is {apart:.1e}; of {files} further files {len(unlike)} differ"
        f"{': ' + ', '.join(unlike) if unlike else ''}.",
        "",
        "On one machine Ray has nothing to gain, for the encoder uses all cores by itself; it is there for more machines, and "
        "for going on when a worker is killed (`tests/engine/scale/test_on_ray.py`).",
    ]
    text = "\n".join(lines) + "\n"
    RESULTS.write_text(text, "utf-8")
    print(text)


def corpus_of(count: int, file: Path | None, columns: dict[str, str]) -> Corpus:
    """What is built, without queries."""
    if file:
        found = load(str(file), columns)
        return found._replace(documents=found.documents[:count], queries={}, qrels={})
    chance = random.Random(0)
    words = [word for document in load("films").documents[:300] for word in document.text.split()]
    texts = [" ".join(chance.choices(words, k=chance.randint(6, 24))) for _ in range(count)]
    return Corpus("made of the films' words", [Document(f"{n}", "", text, {}) for n, text in enumerate(texts)], {}, {}, [])


def compared(first: Path, second: Path) -> tuple[int, list[str]]:
    """How many files beside the vectors two builds have in common, and which of them differ; times of day are in the manifest."""
    names = [path.relative_to(first).as_posix() for path in sorted(first.rglob("*")) if path.is_file()]
    names = [name for name in names if name not in (layout.MANIFEST, layout.EMBEDDINGS)]
    return len(names), [name for name in names if (first / name).read_bytes() != (second / name).read_bytes()]


@contextmanager
def home(folder: Path) -> Iterator[None]:
    """A home of one's own, with a cache of one's own."""
    before = os.environ.get("TRIESCOPE_HOME")
    os.environ["TRIESCOPE_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TRIESCOPE_HOME"]
        else:
            os.environ["TRIESCOPE_HOME"] = before


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:2]), *(Path(one) for one in sys.argv[2:3]), *sys.argv[3:])
