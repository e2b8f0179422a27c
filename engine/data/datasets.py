"""Data sets by name: the bundled catalogue, and public sets fetched once from their own source and checked by hash."""

import os
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

from engine import paths
from engine.data import hub_sets
from engine.data.corpus import Corpus, read
from engine.data.lines import UNICODE
from engine.errors import TriescopeError
from engine.files import writing


class Dataset(NamedTuple):
    """A named set. ``url`` None means it comes with the code; ``known_hash`` is what its source publishes (or SHA-256);
    ``fields`` are the metadata columns that are searched besides title and text unless a spec says otherwise; ``citation`` is
    whose it is, where it is not ours."""

    name: str
    summary: str
    documents: int
    licence: str
    url: str | None = None
    known_hash: str | None = None
    fields: tuple[str, ...] = ()
    citation: str = ""


# A folder with sets that are here already.
NAMED = "TRIESCOPE_DATASETS"
_BEIR = "https://public.ukp.informatik.tu-darmstadt.de/thakur/BEIR/datasets"

# BEIR (Thakur et al. 2021) publishes MD5 sums of its archives; where an SHA-256 of the same archive is known it is used instead.
DATASETS: dict[str, Dataset] = {
    entry.name: entry
    for entry in (
        Dataset(
            "films",
            "Feature films of the world, 1910-2025, with plots and queries; bundled.",
            1201,
            "CC0 1.0",
            fields=("genre", "mood", "countries", "language", "year"),
        ),
        Dataset(
            "scifact",
            "Scientific claims and the abstracts that settle them.",
            5183,
            "CC BY 4.0 / ODC-By 1.0",
            f"{_BEIR}/scifact.zip",
            "sha256:536e14446a0ba56ed1398ab1055f39fe852686ecad24a6306c80c490fa8e0165",
            citation="Wadden et al. 2020, Fact or Fiction: Verifying Scientific Claims",
        ),
        Dataset(
            "nfcorpus",
            "Health questions and medical articles, graded.",
            3633,
            "academic use",
            f"{_BEIR}/nfcorpus.zip",
            "md5:a89dba18a62ef92f7d323ec890a0d38d",
            citation="Boteva et al. 2016, A Full-Text Learning to Rank Dataset for Medical Information Retrieval",
        ),
        Dataset(
            "arguana",
            "Arguments and their counter-arguments.",
            8674,
            "CC BY 4.0",
            f"{_BEIR}/arguana.zip",
            "md5:8ad3e3c2a5867cdced806d6503f29b99",
            citation="Wachsmuth et al. 2018, Retrieval of the Best Counterargument without Prior Topic Knowledge",
        ),
        Dataset(
            "scidocs",
            "Papers and the papers they cite.",
            25657,
            "GPL 3.0",
            f"{_BEIR}/scidocs.zip",
            "md5:38121350fc3a4d2f48850f6aff52e4a9",
            citation="Cohan et al. 2020, SPECTER: Document-level Representation Learning",
        ),
        Dataset(
            "fiqa",
            "Questions and answers about personal finance.",
            57638,
            "non-commercial use",
            f"{_BEIR}/fiqa.zip",
            "md5:17918ed23cd04fb15047f73e6c3bd9d9",
            citation="Maia et al. 2018, WWW'18 Open Challenge: Financial Opinion Mining and Question Answering",
        ),
    )
}


def load(
    source: str,
    columns: dict[str, str] | None = None,
    leave_out: bool = False,
    encoding: str = UNICODE,
    online: bool = False,
) -> Corpus:
    """Corpus of a name in :data:`DATASETS` or on the Hugging Face hub (:mod:`engine.data.hub_sets`), or of a file or folder;
    columns, wrong rows and encoding as :func:`read` has it. ``online`` asks the hub also where the environment says not to.

    Raises
    ------
    TriescopeError
        Neither a name nor a path; the download failed or has the wrong hash; the file is malformed.
    """
    if hub_sets.is_one(source):
        path = hub_sets.fetch(source, online)
        named = source.removeprefix(hub_sets.PREFIX).partition(":")[0].rpartition("/")[2]
        return read(path, columns, leave_out, encoding)._replace(name=named)
    if source not in DATASETS:
        path = Path(source)
        if not path.exists():
            raise TriescopeError(f"{source}: no such file or folder, and no data set of that name ({', '.join(DATASETS)})")
        return read(path, columns, leave_out, encoding)
    folder = paths.bundled() / source if DATASETS[source].url is None else fetch(DATASETS[source])
    return read(folder)._replace(name=source)


def default_fields(source: str) -> tuple[str, ...]:
    """Metadata columns searched by default: a named set's own choice, none for a person's files."""
    return DATASETS[source].fields if source in DATASETS else ()


def fetch(dataset: Dataset, folder: Path | None = None) -> Path:
    """Download and unpack a public set unless it is here already; returns the folder of its corpus. A folder of it in the one
    that ``TRIESCOPE_DATASETS`` names comes first.

    The archive is checked before it is opened, and only its plain members are unpacked, into a fresh folder that is
    renamed when whole.
    """
    if (named := os.environ.get(NAMED)) and (Path(named).expanduser() / dataset.name / "corpus.jsonl").is_file():
        return Path(named).expanduser() / dataset.name
    folder = folder or paths.cache() / "datasets"
    target = folder / dataset.name
    if (target / "corpus.jsonl").is_file():
        return target
    import pooch
    import requests

    from engine.data.download import Resumed

    pooch.get_logger().setLevel("WARNING")  # it would announce the download on stderr beside our own lines
    part = folder / f".{dataset.name}.zip.part"
    try:
        archive = pooch.retrieve(
            dataset.url, dataset.known_hash, f"{dataset.name}.zip", folder, downloader=Resumed(part), progressbar=False
        )
    except (requests.RequestException, OSError, ValueError) as error:
        # pooch says a wrong hash with ValueError and has deleted the file by then.
        raise TriescopeError(f"data set {dataset.name}: could not be fetched from its source ({_first_line(error)})") from error
    partial = folder / f".{dataset.name}.partial"
    with writing(target):
        _unpack(dataset, archive, partial)
        partial.rename(target)
    return target


def _unpack(dataset: Dataset, archive: str, partial: Path) -> None:
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as zipped:
            for member in zipped.infolist():
                inside = Path(*Path(member.filename).parts[1:])
                if member.is_dir() or ".." in inside.parts or inside.suffix not in (".jsonl", ".tsv"):
                    continue
                (partial / inside).parent.mkdir(parents=True, exist_ok=True)
                (partial / inside).write_bytes(zipped.read(member))
        (partial / "corpus.jsonl").stat()
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise TriescopeError(f"data set {dataset.name}: the archive is damaged") from error
    except FileNotFoundError as error:
        raise TriescopeError(f"data set {dataset.name}: there is no corpus.jsonl in the archive") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
