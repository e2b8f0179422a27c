"""A catalogue built and a scorer trained on it for a claim alone: both are gone when the claim has been measured."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.claims.base import needs_queries
from engine.data.corpus import Corpus
from engine.evaluation.run import Tell
from engine.training.spec import TrainSpec
from engine.training.train import train

RUN, STEPS, TRAIN = "claim", 200, "train"
NAME = f"generative:{RUN}"
# What a trained generator must have of BM25's nDCG@10 for a claim about such to be testable.
LEAST = 0.8


@contextmanager
def trained(opened: Build, corpus: Corpus, scheme: str, seed: int, tell: Tell) -> Iterator[Build]:
    """A build of ``corpus`` as that of ``opened``, but for its identifiers, with a node scorer trained for :data:`STEPS` steps;
    :data:`NAME` decodes with it."""
    known = opened.manifest.spec
    spec = BuildSpec(scheme=scheme, fields=known.fields, model=known.model, seed=seed, language=known.language)
    with tempfile.TemporaryDirectory() as work:
        folder = make(corpus, spec, Path(work) / scheme)
        train(folder, TrainSpec(steps=STEPS, seed=seed), RUN, tell)
        yield Build(folder)


def refuses(opened: Build) -> str:
    """Why nothing can be trained and judged on a build."""
    return needs_queries(opened) or ("" if opened.corpus.qrels.get(TRAIN) else "there are no train queries to learn from")
