"""How the hybrid is weighed where a build has token vectors: for each scorer, kept beside them (:mod:`engine.builds.weighing`).

The build's own tuning and that of a run stay as they are. They hold again when the token vectors go, and as soon as documents
came or went, for token vectors do not follow those.
"""

from collections.abc import Mapping
from pathlib import Path

from engine.builds import runs
from engine.data.figures import Stored
from engine.files import replace_json, writing
from engine.retrievers.weighting import StoredTuning, Tuning
from engine.stored import described
from engine.text import token_vectors


class Weighed(Stored):
    """How the hybrid of a scorer is fused, and what changes when that scorer is trained anew."""

    scorer: str
    tuning: StoredTuning


class Weights(Stored):
    """Those of all scorers that there were, by name."""

    of: dict[str, Weighed]


def read(folder: Path, scorer: str) -> Tuning | None:
    """The tuning of a scorer's hybrid with token vectors; None where there is none, or the scorer is another one by now.

    Raises
    ------
    TriescopeError
        The file is damaged.
    """
    known = _all(folder).get(scorer) if token_vectors.is_there(folder) else None
    return known.tuning if known and known.scorer == runs.stamp(folder, scorer) else None


def keep(folder: Path, tunings: Mapping[str, Tuning]) -> None:
    """Put tunings in the place of those of the same scorers."""
    now = {name: Weighed(scorer=runs.stamp(folder, name), tuning=tuning) for name, tuning in tunings.items()}
    with writing(folder):
        replace_json(token_vectors.weights_of(folder), Weights(of=_all(folder) | now).model_dump())


def _all(folder: Path) -> dict[str, Weighed]:
    path = token_vectors.weights_of(folder)
    return dict(described.read(path, Weights).of) if path.is_file() else {}
