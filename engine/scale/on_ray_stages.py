"""Stages of a build by Ray's workers, behind the vectors (:mod:`engine.scale.on_ray`): codes, sort, shards of the tree.

Codebooks are fitted by the process that builds, on the documents that k-means draws (:func:`engine.identifiers.kmeans.drawn`).
With them workers assign codes, block by block; then each sorts the identifiers of a run of first codes and makes the tree of
these, and the process that builds puts the trees together. Every array is the one that a local build has.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine import identifiers, trie
from engine.builds import layout
from engine.builds.spec import BuildSpec
from engine.builds.stages import Stage, stages
from engine.data.corpus import Corpus
from engine.identifiers import collisions, rq_kmeans
from engine.identifiers.base import Material
from engine.scale.on_ray import running
from engine.text.embed import Progress
from engine.trie.joined import dealt, joined

log = logging.getLogger(__name__)

# Documents a worker is given at once: a multiple of the rows that faiss multiplies at once, so that each is multiplied among the
# same rows as in one process, to the last bit.
BLOCK = 16 * 4096


def ways(workers: int) -> dict[str, Stage]:
    """The stages that so many workers make, for :func:`engine.builds.make.make`."""
    return {"identifiers": partial(_identifiers, workers), "trie": partial(_trie, workers)}


def _identifiers(workers: int, work: Path, corpus: Corpus, spec: BuildSpec, report: Progress) -> None:
    if spec.scheme != rq_kmeans.SCHEME.name:
        log.warning(
            "%s fits and assigns in one: its identifiers are made by this process alone, not by Ray's workers", spec.scheme
        )
        return stages()["identifiers"](work, corpus, spec, report)
    embeddings = np.load(work / layout.EMBEDDINGS, mmap_mode="r")
    scheme = identifiers.check_settings(spec.scheme, dict(spec.settings), spec.resolver)
    chosen = {option.name: spec.settings.get(option.name) for option in scheme.options}
    codebooks = rq_kmeans.codebooks_of(embeddings, chosen, spec.seed, report)
    blocks = ((np.asarray(embeddings[start : start + BLOCK]), codebooks) for start in range(0, len(embeddings), BLOCK))
    codes = np.concatenate(list(by_workers(rq_kmeans.codes_of, blocks, workers)))
    fitted = rq_kmeans.coded(codes, codebooks)
    material = Material(embeddings, corpus.documents)
    identifiers.save(collisions.resolve(spec.resolver, scheme, fitted, material, spec.seed), work / layout.IDENTIFIERS)


def _trie(workers: int, work: Path, corpus: Corpus, spec: BuildSpec, report: Progress) -> None:
    codes = identifiers.load(work / layout.IDENTIFIERS).codes
    rows = dealt(codes[:, 0], workers)
    shards = list(by_workers(trie.build, ((codes[of],) for of in rows), workers))
    trie.save(joined(shards, rows), work / layout.TRIE)


def by_workers(function: Callable[..., Any], given: Iterator[Sequence[Any]], workers: int) -> Iterator[Any]:
    """What ``function`` gives for each of ``given``, in their order, at most two a worker at a time under way.

    Raises
    ------
    TriescopeError
        Ray is missing, or its workers fail.
    """
    with running(workers) as ray:
        task, waiting = ray.remote(num_cpus=1)(function), deque[Any]()
        for arguments in given:
            if len(waiting) == 2 * workers:
                yield ray.get(waiting.popleft())
            waiting.append(task.remote(*arguments))
        while waiting:
            yield ray.get(waiting.popleft())
