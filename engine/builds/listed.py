"""The builds under the home at a glance: what each is made of and how large it is, from its manifest alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine import paths
from engine.builds import layout, names, runs, verdicts
from engine.builds.opening import read_manifest
from engine.errors import TriescopeError
from engine.files import read_json
from engine.live import journal
from engine.text import tuned

MEASURE = "nDCG@10"


class Quality(NamedTuple):
    """A figure of an evaluation: nDCG@10 of a retriever on a split."""

    ndcg: float
    retriever: str
    split: str


class Row(NamedTuple):
    """A build in a line: codes a level like "32 × 32", megabytes of all its files, seconds it took, trained scorers by name, the
    scorer that ``generative`` means, judged queries of all splits, changes since it was made, which are not counted in, the hash
    of its catalogue, the verdict on its identifiers where somebody has looked, and the figure of an evaluation that came."""

    name: str
    catalogue: str
    documents: int
    scheme: str
    codes: str
    encoder: str
    seed: int
    megabytes: float
    seconds: float
    created: str
    trained: tuple[str, ...]
    tuned: bool
    scorer: str
    queries: int
    changes: int = 0
    corpus: str = ""
    health: str = ""
    quality: Quality | None = None


def listed() -> tuple[list[Row], dict[str, str]]:
    """All that can be listed, newest first, and what is wrong with the others, by name."""
    rows, faults = [], dict(names.unlisted())
    for name in names.names():
        try:
            rows.append(_row(paths.builds() / name))
        except (TriescopeError, OSError) as error:
            faults[name] = str(error)
    return sorted(rows, key=lambda row: (row.created, row.name), reverse=True), faults


def _row(folder: Path) -> Row:
    known = read_manifest(folder)
    trained = runs.names(folder)
    return Row(
        name=folder.name,
        catalogue=known.corpus.name,
        documents=known.corpus.documents,
        scheme=known.identifiers.scheme,
        codes=" × ".join(map(str, known.identifiers.vocabulary)),
        encoder=Path(known.spec.model).name,
        seed=known.spec.seed,
        megabytes=round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1),
        seconds=round(sum(known.stages.values()), 1),
        created=known.created,
        trained=tuple(trained),
        tuned=tuned.is_there(folder),
        scorer=runs.default(folder),
        queries=sum(known.corpus.queries.values()),
        changes=journal.count(folder),
        corpus=known.corpus.began or known.corpus.sha256,
        health=verdicts.known(folder),
        quality=quality_of(
            read_json(layout.evaluation_of(folder, known.spec_sha256, known.corpus.sha256) / layout.EVALUATION, {})
        ),
    )


def quality_of(found: Mapping[str, Any]) -> Quality | None:
    """The figure that stands for an evaluation, as :meth:`engine.evaluation.Evaluation.as_json` gives it: that of ``generative``,
    with a named scorer where there is no other, else of the best retriever; None where nobody was measured so.

    >>> one, two = ({"nDCG@10": {"mean": mean}} for mean in (0.5, 0.4))
    >>> quality_of({"split": "test", "retrievers": {"bm25": one, "generative:node": two}})
    Quality(ndcg=0.4, retriever='generative:node', split='test')
    >>> quality_of({"retrievers": {"bm25": {"MRR": {"mean": 1.0}}}}) is None
    True
    """
    try:
        measured = {name: float(row[MEASURE]["mean"]) for name, row in found["retrievers"].items()}
        best = max(measured, key=measured.__getitem__)
        name = next((name for name in sorted(measured) if name.partition(":")[0] == "generative"), best)
        return Quality(measured[name], name, str(found["split"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
