"""Choose how the hybrid is fused where a build has token vectors."""

from pathlib import Path

from engine.builds import late_weights, runs
from engine.builds.opened import Build
from engine.builds.stages import choosing, with_train
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.retrievers.tuning import CUT, tune_hybrid
from engine.retrievers.weighting import UNTUNED_LATE, Tuning
from engine.text import token_vectors


def weigh(folder: Path, *scorers: str) -> dict[str, Tuning]:
    """Choose and keep the weights of some scorers' hybrids, of all unless named; nothing where there are no token vectors.

    They are chosen on the choosing half of the development queries, and on train queries where no member learned from those: with
    the centroid scorer, whose hybrid leaves the usual weights only as far as those queries are sure. Without any queries, it has
    the usual ones and no other hybrid changes; nor does that of a scorer which learned from the very queries that would choose.

    Raises
    ------
    TriescopeError
        A retriever cannot be opened, or nothing can be written.
    """
    if not token_vectors.is_there(folder):
        return {}
    build = Build(folder, live=False)
    found, dev = {}, choosing(build.corpus)
    for name in scorers or build.scorer_names:
        trained = name != runs.CENTROID
        if trained and (not dev.texts or runs.read(folder, name).spec.get("train") == "dev"):
            continue
        asked = dev if trained else with_train(build.corpus, dev)
        if not asked.texts:
            found[name] = UNTUNED_LATE
            continue
        generator = GenerativeRetriever(build.trie, build.scorer(name)) if trained else None
        queries, more = Queries(asked.texts, build.embed_queries(asked.texts)), len(asked.texts) - len(dev.texts)
        told = f"{len(dev.texts)} development and {more} train queries, nDCG@{CUT}" if more else ""
        near = None if trained else UNTUNED_LATE
        found[name] = tune_hybrid(build, generator, queries, asked.gains, told, late=True, near=near)
    late_weights.keep(folder, found)
    return found
