"""Reading a build's manifest, and holding its files to it."""

import json
from dataclasses import replace
from pathlib import Path

from engine.builds import layout
from engine.builds.manifest import FORMAT, Manifest
from engine.builds.spec import BuildSpec
from engine.builds.upgrade import OLD, infer_content, upgraded
from engine.errors import TriescopeError
from engine.files import sha256
from engine.identifiers.base import Identifiers, content_path, load, load_without_content
from engine.text import embed

# Files up to this size are hashed on opening (a few ms each); larger ones only have their size checked.
HASHED_UP_TO = 8 << 20


def read_manifest(folder: Path) -> Manifest:
    """Manifest of a build; one of format 2 is upgraded (:mod:`engine.builds.upgrade`).

    Raises
    ------
    TriescopeError
        The folder is no build, or one of another format.
    """
    path = folder / layout.MANIFEST
    if not path.is_file():
        raise TriescopeError(f"{folder}: not a build (there is no {layout.MANIFEST} in it)")
    try:
        value = json.loads(path.read_text("utf-8"))
        if value["format"] == OLD:
            return upgraded(folder, value, verify)
        if value["format"] != FORMAT:
            raise TriescopeError(f"{folder}: build format {value['format']}, this version reads {FORMAT}")
        return Manifest.model_validate(value)
    except (ValueError, KeyError, TypeError) as error:
        raise TriescopeError(f"{path}: the manifest is damaged") from error


def read_identifiers(folder: Path, spec: BuildSpec) -> Identifiers:
    """Identifiers of a build. Where it is of format 2 and could not be upgraded, what is content is inferred each time."""
    path = folder / layout.IDENTIFIERS
    if content_path(path).is_file():
        return load(path)
    fitted = load_without_content(path)
    return replace(fitted, content=infer_content(fitted, spec.scheme, spec.settings))


def check_encoder(manifest: Manifest) -> None:
    """Refuse to encode a query where the encoder is not the one that the documents went through. Loads no model.

    Raises
    ------
    TriescopeError
        It is another one, or it is not there any more.
    """
    if manifest.encoder.sha256:
        embed.check_same(manifest.encoder.name, manifest.encoder.sha256)


def verify(folder: Path, manifest: Manifest) -> None:
    """Look that every file is there, has its size and, unless it is large, its hash.

    Raises
    ------
    TriescopeError
        One of them is missing or has changed.
    """
    for name, known in manifest.files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != known.bytes:
            raise TriescopeError(f"{folder}: the build is damaged ({name} is missing or has another size)")
        if known.bytes <= HASHED_UP_TO and sha256(path) != known.sha256:
            raise TriescopeError(f"{folder}: the build is damaged ({name} has changed)")
