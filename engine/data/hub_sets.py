"""A data set of the Hugging Face hub, by the name that a person typed: ``hf:OWNER/NAME``, or ``hf:OWNER/NAME:PATH`` for one file.

Only files of the kinds that are read are fetched, one of them, and nothing of the set is run. The file is kept by the commit that
it is of, so another day's is another file. Nobody signs in: a set that is not public is not there.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from engine import paths
from engine.data.records import kind_of
from engine.errors import TriescopeError

PREFIX = "hf:"
NAME = re.compile(r"hf:([A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?::([^:\s][^:]{0,300}))?")
KINDS = ("parquet", "jsonl", "ndjson", "json", "csv", "tsv")
# Bytes of a file that is fetched, and files that a message names.
LARGEST, NAMED = 4 << 30, 20


class Hosted(NamedTuple):
    """A file of a set: its path there, and bytes; -1 where nobody says."""

    path: str
    bytes: int


def is_one(source: str) -> bool:
    """Whether a source names a set of the hub.

    >>> is_one("hf:BeIR/scifact"), is_one("hf.csv")
    (True, False)
    """
    return source.startswith(PREFIX)


def fetch(source: str, online: bool = False) -> Path:
    """The file that is meant, on this machine.

    Parameters
    ----------
    source : str
        ``hf:OWNER/NAME`` or ``hf:OWNER/NAME:PATH``.
    online : bool
        Ask the hub although ``HF_HUB_OFFLINE`` is set: whoever set it may not be who asks.

    Raises
    ------
    TriescopeError
        It is no such name; the hub cannot be asked, or has no such set or file; it has several files that are read, which are
        named, or one that is too large.
    """
    named = NAME.fullmatch(source)
    if named is None:
        raise TriescopeError(f"{source[:120]!r}: a set of the hub is named like hf:OWNER/NAME or hf:OWNER/NAME:PATH")
    from httpx import HTTPError
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    name, wanted = named[1], named[2]
    try:
        with _asking(online):
            known = HfApi().dataset_info(name, files_metadata=True, token=False)
            found = [Hosted(one.rfilename, -1 if one.size is None else one.size) for one in known.siblings or []]
            file = chosen(name, found, wanted)
            return Path(
                hf_hub_download(
                    name,
                    file.path,
                    repo_type="dataset",
                    revision=known.sha,
                    token=False,
                    cache_dir=paths.cache() / "datasets" / "hub",
                )
            )
    except OfflineModeIsEnabled as error:
        raise TriescopeError(f"{source}: HF_HUB_OFFLINE is set, so nobody is asked; --fetch asks all the same") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, HTTPError, OSError) as error:
        told = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise TriescopeError(f"{source}: could not be fetched from the hub ({told})") from error


def chosen(name: str, found: list[Hosted], wanted: str | None) -> Hosted:
    """The file that is meant: the one that is named, else the only one that is read.

    Raises
    ------
    TriescopeError
        There is none, or several, or it is too large.
    """
    read = [one for one in found if kind_of(Path(one.path)) in KINDS]
    meant = [one for one in read if one.path == wanted] if wanted else read
    if not meant and wanted:
        raise TriescopeError(f"{PREFIX}{name}: there is no file {wanted!r} that is read; there are {_listed(read)}")
    if not meant:
        raise TriescopeError(f"{PREFIX}{name}: no file of a kind that is read ({', '.join(KINDS)})")
    if len(meant) > 1:
        raise TriescopeError(
            f"{PREFIX}{name}: which file? Name one, like {PREFIX}{name}:{meant[0].path}; there are {_listed(read)}"
        )
    if meant[0].bytes > LARGEST:
        raise TriescopeError(f"{PREFIX}{name}:{meant[0].path}: {meant[0].bytes:,} bytes, and at most {LARGEST:,} are fetched")
    return meant[0]


def _listed(files: list[Hosted]) -> str:
    more = f" and {len(files) - NAMED:,} more" if len(files) > NAMED else ""
    return ", ".join(one.path for one in files[:NAMED]) + more if files else "none"


@contextmanager
def _asking(online: bool) -> Iterator[None]:
    """Ask the hub within, whatever the environment says, where that is wanted."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before and not online
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
