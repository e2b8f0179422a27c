"""Where things live on disk. One variable, ``TRIESCOPE_HOME``, moves all of it."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def home() -> Path:
    """Folder for builds, cached embeddings and fetched data sets; ``.triescope`` beside the code unless set."""
    return Path(os.environ.get("TRIESCOPE_HOME") or ROOT / ".triescope")


def builds() -> Path:
    """Folder whose subfolders are the builds the app offers."""
    return home() / "builds"


def cache() -> Path:
    """Folder for what can be made again: embeddings, downloads."""
    return home() / "cache"


def bundled() -> Path:
    """Folder of the catalogues that come with the code."""
    return ROOT / "data"


def bundled_vectors() -> Path:
    """Folder of the vectors that come with the bundled catalogue; see :mod:`engine.builds.packaged`."""
    return bundled() / "films" / "vectors"
