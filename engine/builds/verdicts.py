"""The verdict on a build's identifiers, remembered in the cache by what it was made of, for a list to say it at a glance."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from engine import paths
from engine.builds import layout
from engine.builds.opening import read_manifest
from engine.files import read_json, replace_json
from engine.live import journal

VERDICTS = ("healthy", "watch", "broken")


def remember(folder: Path, verdict: str) -> None:
    """Keep what a report card says; a home that takes nothing is judged again by whoever asks next."""
    with suppress(OSError):
        replace_json(_mark(folder), verdict)


def known(folder: Path) -> str:
    """The verdict on a build where somebody has looked before; else empty."""
    told = read_json(_mark(folder))
    return told if told in VERDICTS else ""


def _mark(folder: Path) -> Path:
    of = read_manifest(folder)
    parts = [of.files[name].sha256 for name in (layout.IDENTIFIERS, layout.EMBEDDINGS) if name in of.files]
    changes = sorted(path.name for path in (folder / journal.FOLDER).glob("*.npz"))
    made_of = json.dumps([of.spec_sha256, of.corpus.sha256, parts, changes])
    return paths.cache() / "cards" / f"{hashlib.sha256(made_of.encode()).hexdigest()[:32]}.json"
