"""The builds under the home at a glance: what each is made of and how large it is, from its manifest alone."""

from pathlib import Path
from typing import NamedTuple

from engine import paths
from engine.builds import names, runs
from engine.builds.opening import read_manifest
from engine.errors import TriescopeError
from engine.live import journal
from engine.text import tuned


class Row(NamedTuple):
    """A build in a line: codes a level like "32 × 32", megabytes of all its files, seconds it took, trained scorers by name, the
    scorer that ``generative`` means, judged queries of all splits, and changes since it was made, which are not counted in."""

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
    )
