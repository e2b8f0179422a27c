"""Where things live on disk. One variable, ``TRIESCOPE_HOME``, moves all of it."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _absolute(folder: str) -> str:
    # A .env file, systemd and Docker hand a ~ on as it is written.
    return os.path.abspath(os.path.expanduser(folder))


# Once, where the process was started: its jobs run in another folder, and take the variable over.
if _told := os.environ.get("TRIESCOPE_HOME"):
    os.environ["TRIESCOPE_HOME"] = _absolute(_told)


def home() -> Path:
    """Folder for builds, cached embeddings and fetched data sets: ``.triescope`` beside the code, in a person's own folder where
    the code was installed as a wheel, unless set."""
    beside = ROOT if (ROOT / "pyproject.toml").is_file() else Path.home()
    return Path(_absolute(os.environ.get("TRIESCOPE_HOME") or str(beside / ".triescope")))


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
