"""Embedding on Ray Data (extra ``ray``): the part of a build that takes the time, by actors that hold the encoder.

What they make goes into the cache of vectors by which the build's own stage finds it, batch by batch: so the stages, the files
and the folder are those of a local build, what an interrupted run has made is not made again, and a worker that is killed costs
the batch that it held. With ``RAY_ADDRESS`` set it is a cluster's workers, where the wheel has to be installed; else those of
this machine. Ray sends code between its processes: a cluster is trusted whole.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine import paths
from engine.errors import TriescopeError
from engine.text import embed, encoders
from engine.text.vector_cache import cache_of, keys_of

# Texts of a batch: what is lost with a worker. Memory that Ray sets aside for batches on their way, on this machine.
BATCH, STORE = 256, 256 << 20


class Encoder:
    """An actor: one encoder, loaded once."""

    def __init__(self, model: str, key: str):
        self.encoder = encoders.load(model)
        if self.encoder.key != key:
            raise RuntimeError(f"the encoder {model!r} of this worker is another one than the build's")

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Vectors of a batch of texts, float32, with their places and the process that made them."""
        vectors = self.encoder.encode([str(text) for text in batch["text"]])
        return {"place": batch["place"], "vector": vectors, "process": np.full(len(vectors), os.getpid())}


def fill(texts: Sequence[str], model: str, workers: int, progress: embed.Progress | None = None) -> int:
    """Embed documents that the cache lacks; gives how many there were.

    Parameters
    ----------
    texts : sequence of str
        What is searched of each document.
    model : str
        The encoder.
    workers : int
        Actors, each with an encoder and a core of its own.
    progress : callable, optional
        Called with (texts done, texts in all), those that the cache had counted as done.

    Raises
    ------
    TriescopeError
        Ray is missing, or its workers fail.
    """
    lacking = sorted(embed.lacking(texts, model), key=len)
    total = len(set(texts))
    done = total - len(lacking)
    if progress:
        progress(done, total)
    if not lacking:
        return 0
    key, keys = encoders.fingerprint(model), keys_of(lacking)
    for batch in _batches(lacking, model, key, workers):
        vectors = np.stack(batch["vector"]).astype(np.float32)
        cache_of(paths.cache() / "embeddings", key, vectors.shape[1]).add(keys[batch["place"]], vectors)
        done += len(vectors)
        if progress:
            progress(done, total)
    return len(lacking)


@contextmanager
def running(workers: int) -> Iterator[Any]:
    """The package, with workers at hand: those there are, or so many that end with this.

    Raises
    ------
    TriescopeError
        It is missing, or its workers fail.
    """
    try:
        import ray
    except ImportError as error:
        raise TriescopeError("ray is missing; it needs the extra: pip install 'triescope[ray]'") from error
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers
    started = not ray.is_initialized()
    if started:
        # Where the code lies, for workers of this machine; those of a cluster have it installed.
        known = {
            "PYTHONPATH": str(paths.ROOT),
            "TRIESCOPE_HOME": str(paths.home()),
            "OMP_NUM_THREADS": "1",
            "HF_HUB_OFFLINE": "1",
        }
        local: dict[str, Any] = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers + 1, "object_store_memory": STORE}
        ray.init(
            include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR, runtime_env={"env_vars": known}, **local
        )
    try:
        yield ray
    except ray.exceptions.RayError as error:
        raise TriescopeError(f"ray: {str(error).strip().splitlines()[-1][:300]}") from error
    finally:
        if started:
            ray.shutdown()


def _batches(lacking: Sequence[str], model: str, key: str, workers: int) -> Iterator[Any]:
    import pyarrow as pa

    starts = range(0, len(lacking), BATCH)
    tables = [pa.table({"place": list(range(len(lacking)))[s : s + BATCH], "text": lacking[s : s + BATCH]}) for s in starts]
    with running(workers):
        import ray.data

        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        made = ray.data.from_arrow(tables).map_batches(
            Encoder,
            fn_constructor_kwargs={"model": model, "key": key},
            compute=ray.data.ActorPoolStrategy(size=workers),
            batch_size=BATCH,
            num_cpus=1,
        )
        yield from made.iter_batches(batch_size=None, prefetch_batches=0, batch_format="numpy")
