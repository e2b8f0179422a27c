"""Reading a build's manifest, and holding its files to it."""

from dataclasses import replace
from pathlib import Path

from engine.builds import layout
from engine.builds.manifest import FORMAT, Manifest
from engine.builds.spec import BuildSpec
from engine.builds.upgrade import OLD, infer_content, upgraded
from engine.errors import TriescopeError
from engine.files import sha256
from engine.identifiers import SCHEMES
from engine.identifiers.base import Identifiers, content_path, load, load_without_content
from engine.identifiers.checked import check
from engine.options import check_options
from engine.stored import values
from engine.stored.remembered import once
from engine.text import encoders

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
        value = values.read(path)
    except TriescopeError as error:
        raise TriescopeError(f"{path}: the manifest is damaged") from error
    try:
        if value["format"] == OLD:
            return upgraded(folder, value, verify)
        if value["format"] != FORMAT:
            raise TriescopeError(f"{folder}: build format {value['format']}, this version reads {FORMAT}")
        manifest = Manifest.model_validate(value)
    except (ValueError, KeyError, TypeError) as error:
        raise TriescopeError(f"{path}: the manifest is damaged") from error
    _check_settings(path, manifest.spec)
    return manifest


def _check_settings(path: Path, spec: BuildSpec) -> None:
    """What is computed with the settings of a scheme trusts their type and range. A scheme or an option that is not known here is
    no fault: another package may have it, or another version."""
    if spec.scheme in SCHEMES:
        options = SCHEMES[spec.scheme].options
        known = {option.name for option in options}
        try:
            check_options(spec.scheme, options, {name: value for name, value in spec.settings.items() if name in known})
        except TriescopeError as error:
            raise TriescopeError(f"{path}: {error}") from error


def read_identifiers(folder: Path, spec: BuildSpec, rows: int) -> Identifiers:
    """Identifiers of a build of ``rows`` documents; what is content is inferred where one of format 2 could not be upgraded.

    Raises
    ------
    TriescopeError
        They are damaged.
    """
    path = folder / layout.IDENTIFIERS
    known = content_path(path).is_file()
    fitted = load(path) if known else load_without_content(path)
    once(f"identifiers {rows}", [path, *([content_path(path)] if known else [])], lambda: check(fitted, path, rows))
    return fitted if known else replace(fitted, content=infer_content(fitted, spec.scheme, spec.settings))


def check_encoder(manifest: Manifest) -> None:
    """Refuse to encode a query where the encoder is not the one that the documents went through. Loads no model.

    Raises
    ------
    TriescopeError
        It is another one, or it is not there any more, or never was and no query came with a vector.
    """
    if manifest.encoder.sha256 and not manifest.encoder.queries:
        encoders.check_same(manifest.encoder.name, manifest.encoder.sha256)


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
