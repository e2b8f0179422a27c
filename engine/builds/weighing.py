"""Choose how the hybrid is fused where a build has token vectors."""

from pathlib import Path

from engine.builds import late_weights, runs
from engine.builds.opened import Build
from engine.builds.stages import choosing
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.retrievers.tuning import tune_hybrid
from engine.retrievers.weighting import UNTUNED_LATE, Tuning
from engine.text import token_vectors


def weigh(folder: Path, *scorers: str) -> dict[str, Tuning]:
    """Choose and keep the weights of some scorers' hybrids, of all unless named; nothing where there are no token vectors.

    They are chosen on the choosing half of the development queries. Without any, the centroid scorer's hybrid has the usual ones
    and no other hybrid changes; nor does that of a scorer which learned from the very queries that would choose.

    Raises
    ------
    TriescopeError
        A retriever cannot be opened, or nothing can be written.
    """
    if not token_vectors.is_there(folder):
        return {}
    build = Build(folder, live=False)
    asked, found = choosing(build.corpus), {}
    queries = Queries(asked.texts, build.embed_queries(asked.texts)) if asked.texts else None
    for name in scorers or build.scorer_names:
        trained = name != runs.CENTROID
        if trained and (not queries or runs.read(folder, name).spec.get("train") == "dev"):
            continue
        generator = GenerativeRetriever(build.trie, build.scorer(name)) if trained else None
        found[name] = tune_hybrid(build, generator, queries, asked.gains, late=True) if queries else UNTUNED_LATE
    late_weights.keep(folder, found)
    return found
