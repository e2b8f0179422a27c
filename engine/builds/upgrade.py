"""Builds of format 2, as earlier versions made them, opened without refitting anything.

They lack two things that format 3 keeps: which codes of an identifier carry content, which is inferred here once, and the
encoder's fingerprint, which is taken from the encoder as it is now and marked as not verified. The content is a file of its own
and the manifest is replaced last: whoever reads meanwhile, or goes on after a kill, sees format 2 or format 3. No other file is
changed, and trained scorers stay as they are.
"""

import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.builds import layout
from engine.builds.manifest import FORMAT, KnownEncoder, KnownFile, Manifest
from engine.errors import TriescopeError
from engine.files import in_turn, replace_json, replacing, sha256
from engine.identifiers.base import Identifiers, content_path, lengths, load_without_content
from engine.identifiers.checked import check
from engine.identifiers.paths_of_words import END
from engine.text import encoders, hub

OLD = 2
# Levels of ``random`` where its settings do not say.
RANDOM_LEVELS = 3

log = logging.getLogger(__name__)


def upgraded(folder: Path, value: dict[str, Any], verify: Callable[[Path, Manifest], None]) -> Manifest:
    """The manifest of a format-2 build as one of format 3; written, where the folder can be written to.

    Parameters
    ----------
    folder : Path
        The build.
    value : dict
        Its ``manifest.json``.
    verify : callable
        ``verify(folder, manifest)``: refuses a damaged build, so that none is made to look whole.

    Raises
    ------
    TriescopeError
        The build is damaged.
    ValueError, KeyError, TypeError
        The manifest is.
    """
    manifest = Manifest.model_validate(value | {"format": FORMAT, "encoder": _encoder(value["spec"]["model"]).model_dump()})
    verify(folder, manifest)
    try:
        with in_turn(folder):
            now = json.loads((folder / layout.MANIFEST).read_text("utf-8"))
            if now["format"] == FORMAT:
                return Manifest.model_validate(now)  # another process was first
            path = content_path(folder / layout.IDENTIFIERS)
            fitted = load_without_content(folder / layout.IDENTIFIERS)
            check(fitted, folder / layout.IDENTIFIERS)
            content = infer_content(fitted, manifest.spec.scheme, manifest.spec.settings)
            replacing(path, partial(_save, content))
            known = KnownFile(bytes=path.stat().st_size, sha256=sha256(path))
            manifest = manifest.model_copy(update={"files": manifest.files | {path.name: known}})
            replace_json(folder / layout.MANIFEST, manifest.model_dump(mode="json"))
    except OSError as error:
        log.warning("%s: format %s, read as format %s; it stays as it is (%s)", folder, OLD, FORMAT, error.strerror or error)
    return manifest


def infer_content(fitted: Identifiers, scheme: str, settings: Mapping[str, Any]) -> np.ndarray:
    """Which codes carried content, by what the schemes of format 2 did; int32 ``(documents,)`` as ``Identifiers.content``.

    Everything behind the codebooks is a number; so is the last code of ``hierarchical-kmeans`` and the only one of ``atomic``.
    Among words the numbers stand last, as "0", "1" and so on: words of the catalogue that look like that and stand there are
    taken for numbers, the one thing that cannot be told apart.

    >>> words = [["Comedy", "Drama"], ["(end)", "1984", "Epic", "0", "1"]]
    >>> codes = np.array([[1, 3], [1, 4], [0, 1], [0, 2], [0, 0]], np.int32)
    >>> infer_content(Identifiers(codes, (2, 5), words=words), "attributes", {}).tolist()
    [1, 1, 2, 2, 1]
    """
    length = lengths(fitted.codes)
    if scheme == "atomic":
        return np.zeros_like(length)
    if scheme == "hierarchical-kmeans":
        return np.maximum(length - 1, 0)
    if fitted.codebooks or scheme == "random":
        return np.minimum(length, len(fitted.codebooks) or settings.get("levels") or RANDOM_LEVELS).astype(np.int32)
    if not fitted.words:
        return length
    for stripped in (_numbers, _ends):
        last = np.where(length > 0, np.take_along_axis(fitted.codes, np.maximum(length - 1, 0)[:, None], axis=1)[:, 0], -1)
        words = [*fitted.words, *[[]] * (fitted.codes.shape[1] - len(fitted.words))]
        silent = np.array([stripped(words[level - 1], code) for level, code in zip(length.tolist(), last.tolist(), strict=True)])
        length = length - (silent & (length > 0))
    return length.astype(np.int32)


def _numbers(words: list[str], code: int) -> bool:
    """Whether a code stands for one of the numbers behind the words of a level."""
    base = next(
        (start for start in range(len(words)) if words[start:] == [str(n) for n in range(len(words) - start)]), len(words)
    )
    return code >= base


def _ends(words: list[str], code: int) -> bool:
    return code < len(words) and words[code] == END


def here(model: str) -> bool:
    """Whether an encoder can be looked at without asking the hub: it is the packaged one, or a folder."""
    return model == hub.DEFAULT_MODEL or Path(model).is_absolute() or Path(model).is_dir()


def _encoder(model: str) -> KnownEncoder:
    """What is known of the encoder without asking the hub or loading it: it may be another one than it was then."""
    try:
        return KnownEncoder(name=model, sha256=encoders.fingerprint(model) if here(model) else None, verified=False)
    except TriescopeError:
        return KnownEncoder(name=model, sha256=None, verified=False)


def _save(content: np.ndarray, path: Path) -> None:
    with open(path, "wb") as file:
        np.save(file, content, allow_pickle=False)
