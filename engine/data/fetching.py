"""Public sets, fetched once from their own source, checked by hash, and unpacked or made into a folder that is read."""

import os
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from engine import paths
from engine.data import published
from engine.errors import TriescopeError
from engine.files import in_turn, read_json, replace_json, sha256, writing

if TYPE_CHECKING:
    from engine.data.datasets import Dataset

# A folder with sets that are here already.
NAMED = "TRIESCOPE_DATASETS"
# In the home: hashes of what was fetched from publishers who tell none, by address.
PINS = "downloads.json"


def fetch(dataset: "Dataset", folder: Path | None = None) -> Path:
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
    partial = folder / f".{dataset.name}.partial"
    if dataset.made_by is None:
        archive = _retrieved(dataset, str(dataset.url), dataset.known_hash, f"{dataset.name}.zip", folder)
        with writing(target):
            _unpack(dataset, archive, partial)
            partial.rename(target)
        return target
    asked = {f"{dataset.name}-{url.rpartition('/')[2]}": url for url in (str(dataset.url), *dataset.more)}
    known = {str(dataset.url): dataset.known_hash}
    files = [Path(_retrieved(dataset, url, known.get(url), name, folder)) for name, url in asked.items()]
    with writing(target):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            notes = dataset.made_by(files, partial)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise TriescopeError(
                f"data set {dataset.name}: its files are not laid out as they are known here ({error})"
            ) from error
        replace_json(partial / published.NOTES, notes)
        partial.rename(target)
    return target


def _retrieved(dataset: "Dataset", url: str, known_hash: str | None, name: str, folder: Path) -> str:
    """A file of a publisher, held to its hash; where he tells none, to that of the first time it was fetched here."""
    import pooch
    import requests

    from engine.data.download import Resumed

    pooch.get_logger().setLevel("WARNING")  # it would announce the download on stderr beside our own lines
    pins = paths.home() / PINS
    held = known_hash or (read_json(pins, {}) or {}).get(url)
    try:
        found = pooch.retrieve(url, held, name, folder, downloader=Resumed(folder / f".{name}.part"), progressbar=False)
    except (requests.RequestException, OSError, ValueError) as error:
        # pooch says a wrong hash with ValueError and has deleted the file by then.
        raise TriescopeError(f"data set {dataset.name}: could not be fetched from its source ({_first_line(error)})") from error
    if held is None:
        with in_turn(pins):
            replace_json(pins, (read_json(pins, {}) or {}) | {url: f"sha256:{sha256(Path(found))}"})
    return found


def _unpack(dataset: "Dataset", archive: str, partial: Path) -> None:
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
