"""Where everything of a build lies: the names of its files and of what lies beside it, spelled here and nowhere else.

    films/                      a finished build, which is not changed any more
      manifest.json             what was built from what, with size and hash of every file below
      documents.parquet, queries.parquet, qrels.parquet, names.parquet
      embeddings.npy  identifiers.npz  trie/  scorer/centroid.npy  tuning.json  and the retrievers' own
      passages.npy              where long documents were cut into such
      query_vectors/            of queries, where the encoder is not here
      widths.json               chosen for a recall, once it is made
      trained/                  scorers trained on it
        default.json            which one ``generative`` means
        node/run.json           a finished run, and its weights beside it
        .node.partial/          one that is not finished: spec.json, history.jsonl, checkpoint.json and its tensors
      .interactions/            who took what, where that was joined: engine/recommending/on_disk.py
    .films.partial/             a build in the making; progress.json says how far it is
    .films.removed/             one that is being deleted
    .films.progress.json        how far a job is that the app started; .films.log is what it said, .films.job.json the job itself
    .studies/  .maps/  .evaluations/  .verdicts/  .claims/    what was found out about builds

Hidden names are never offered as builds. A folder that is worked in has a lock beside it (:func:`engine.files.lock_of`).
"""

from pathlib import Path

from engine.data.tables import DOCUMENTS, NAMES, QRELS, QUERIES
from engine.retrievers.opened import EMBEDDINGS
from engine.scorers.centroid import MEANS_FILE

__all__ = ["DOCUMENTS", "EMBEDDINGS", "NAMES", "QRELS", "QUERIES"]  # and what is defined below

MANIFEST, PROGRESS = "manifest.json", "progress.json"
IDENTIFIERS, TRIE, SCORER = "identifiers.npz", "trie", "scorer"
BEHAVIOUR = "behaviour.npy"  # what identifiers from behaviour were fitted on, beside the embeddings
MEANS = f"{SCORER}/{MEANS_FILE}"
TUNING = "tuning.json"  # what a retriever builds for itself it names itself: engine/retrievers

TRAINED, DEFAULT, RUN = "trained", "default.json", "run.json"
TRAIN_SPEC, HISTORY, CHECKPOINT = "spec.json", "history.jsonl", "checkpoint.json"

TAKEN, TAKEN_TOGETHER = ".interactions", "matrix.npz"  # who took what, where it was joined; the rest: engine/recommending

CAME = "came.json"  # what came with the catalogue and was put here; what is deleted of it stays so

STUDIES, STUDY, MAPS = ".studies", "study.json", ".maps"
EVALUATIONS, EVALUATION = ".evaluations", "evaluation.json"
VERDICTS, VERDICT = ".verdicts", "verdict.json"
CLAIMS = ".claims"
POINTS, FACTS = "map.parquet", "map.json"


def is_build(folder: Path) -> bool:
    """Whether a folder looks like a finished build, at a glance."""
    return (folder / MANIFEST).is_file()


def partial_of(folder: Path) -> Path:
    """Where a folder is made before it takes its name.

    >>> partial_of(Path("builds/films")).as_posix()
    'builds/.films.partial'
    """
    return folder.with_name(f".{folder.name}.partial")


def whole_of(partial: Path) -> Path | None:
    """The folder that one by :func:`partial_of` will become; None for the others.

    >>> whole_of(Path("trained/.node.partial")).as_posix(), whole_of(Path("trained/node"))
    ('trained/node', None)
    """
    inner = partial.name.removeprefix(".").removesuffix(".partial")
    folder = partial.with_name(inner) if inner else partial
    return folder if partial_of(folder) == partial else None


def removed_of(folder: Path) -> Path:
    """Where a build is put out of sight before its files are deleted."""
    return folder.with_name(f".{folder.name}.removed")


def fresh_of(folder: Path) -> Path:
    """Where a build is made that will take the place of another."""
    return folder.with_name(f".{folder.name}.fresh")


def folded_of(folder: Path) -> Path:
    """Where a build is made that holds what changed in another, whose place it then takes."""
    return folder.with_name(f".{folder.name}.folded")


def progress_of(builds: Path, job: str) -> Path:
    """The file by which a job tells how far it is."""
    return builds / f".{job}.progress.json"


def log_of(builds: Path, job: str) -> Path:
    """What a job says on stderr; kept until another of its name begins."""
    return builds / f".{job}.log"


def trained_of(build: Path, run: str) -> Path:
    """Folder of a finished run."""
    return build / TRAINED / run


def study_of(build: Path, corpus: str, vectors: str) -> Path:
    """Folder of a study; ``corpus`` and ``vectors`` are hashes, so that builds of one catalogue share it."""
    return build.parent / STUDIES / f"{corpus[:12]}-{vectors[:12]}"


def map_of(build: Path, spec: str, corpus: str) -> Path:
    """Folder of a build's map, named by the hashes of what was built, so that it cannot be taken for another's."""
    return build.parent / MAPS / f"{build.name}-{spec[:12]}-{corpus[:12]}"


def evaluation_of(build: Path, spec: str, corpus: str) -> Path:
    """Folder of a build's evaluation, named as that of its map."""
    return build.parent / EVALUATIONS / map_of(build, spec, corpus).name


def verdict_of(build: Path, spec: str, corpus: str) -> Path:
    """Folder of a build's verdict, named as that of its map."""
    return build.parent / VERDICTS / map_of(build, spec, corpus).name


def claims_of(build: Path, spec: str, corpus: str) -> Path:
    """Folder of what was found of claims on a build, named as that of its map."""
    return build.parent / CLAIMS / map_of(build, spec, corpus).name
