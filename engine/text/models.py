"""Models that this machine knows by a name of its own: `bm25~cross:NAME` has a model in it, and may come out of a link.

So a retriever's name never says where a model lies, and nothing is fetched for one: whoever runs the machine adds a model once,
by folder or hub name (``python -m engine models NAME MODEL``). From then on it is read from the disk, and only as the files that
it was added with.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from engine import paths
from engine.data.figures import Stored
from engine.errors import TriescopeError
from engine.files import in_turn, read_json, replace_json, writing
from engine.stored import described
from engine.text import encoders, hub

FILE = "models.json"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


class Kind(NamedTuple):
    """What a model is for: ``told`` in a few words, ``fits`` whether a folder holds one, by its config."""

    name: str
    told: str
    fits: Callable[[Path, str], bool]


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "cross",
            "cross-encoder: reads query and document together, -r bm25~cross:NAME",
            lambda folder, architecture: architecture.endswith("ForSequenceClassification"),
        ),
        Kind(
            "lm",
            "language model: writes answers and titles (answer --lm NAME), n-grams that find documents, -r seal-lm:NAME, and "
            "orders what another found, -r bm25~lm:NAME, bm25~lm-list:NAME",
            lambda folder, architecture: architecture.endswith("ForCausalLM"),
        ),
    )
}


class Known(Stored):
    """A model: what it is for (of :data:`KINDS`), the folder that it lies in, what it was asked for as, and its fingerprint."""

    kind: str
    folder: str
    asked: str
    key: str


def add(name: str, model: str) -> Known:
    """Know a model by a name from now on, in the place of the one before; one of the hub is fetched now, and a GGUF file is put
    back into safetensors, which are kept in the home.

    Raises
    ------
    TriescopeError
        The name cannot be one, there is no such model or none of a kind that is used, or nothing can be written.
    """
    check_name(name)
    folder = _from_gguf(name, Path(model)) if model.endswith(".gguf") else hub.weights_of(model, "model")
    known = Known(kind=_kind(folder, model), folder=str(folder.resolve()), asked=model, key=encoders.fingerprint(str(folder)))
    _change(lambda there: there | {name: known.model_dump()})
    return known


def check_name(name: str) -> None:
    """Refuse what cannot name a model.

    Raises
    ------
    TriescopeError
        It says what can.
    """
    if not NAME.fullmatch(name):
        raise TriescopeError(f"{name!r} cannot name a model: small letters, digits, dots, dashes and underscores, at most 60")


def remove(name: str) -> None:
    """Forget a name; the model's files stay.

    Raises
    ------
    TriescopeError
        It is not known.
    """
    if name not in everything():
        raise TriescopeError(f"no model is known as {name!r}")
    _change(lambda there: {one: of for one, of in there.items() if one != name})


def everything() -> dict[str, Known]:
    """All models by name; what cannot be read is none."""
    found = {}
    for name, of in _there().items():
        try:
            known = Known.model_validate(of)
        except ValidationError:
            continue
        if NAME.fullmatch(name) and known.kind in KINDS:
            found[name] = known
    return found


def names(kind: str) -> list[str]:
    """Names of the models of a kind, sorted."""
    return sorted(name for name, known in everything().items() if known.kind == kind)


def folder_of(name: str, kind: str) -> str:
    """The folder of a model, whose files are those that it was added with.

    Raises
    ------
    TriescopeError
        No model of that kind is known by the name, or its files have changed or are not there any more.
    """
    known = everything().get(name)
    if known is None or known.kind != kind:
        listed = ", ".join(names(kind)) or "none"
        raise TriescopeError(
            f"no {KINDS[kind].told.partition(':')[0]} is known as {name!r}; there are: {listed} "
            f"(`python -m engine models {name or 'NAME'} FOLDER` adds one)"
        )
    again = f"`python -m engine models {name} FOLDER` adds it anew, --remove forgets it"
    if not Path(known.folder).is_dir():
        raise TriescopeError(f"model {name!r} lay in {known.folder}, which is not there any more: {again}")
    if encoders.fingerprint(known.folder) != known.key:
        raise TriescopeError(f"the files of model {name!r} in {known.folder} are not those that it was added with: {again}")
    return known.folder


def stamp(folder: Path | None = None) -> str:
    """What changes when a model is added or forgotten; ``folder``, that of a build, does not matter."""
    return described.stamp(paths.home() / FILE)


def _from_gguf(name: str, path: Path) -> Path:
    from engine.text import language_model

    if not path.is_file():
        raise TriescopeError(f"{path}: there is no such file")
    out = paths.home() / "models" / name
    fresh = out.with_name(f".{name}.partial")
    shutil.rmtree(fresh, ignore_errors=True)
    language_model.from_gguf(path.resolve(), fresh)
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    return out


def _kind(folder: Path, model: str) -> str:
    architecture = hub.architecture(folder)
    for kind in KINDS.values():
        if kind.fits(folder, architecture):
            return kind.name
    wanted = ", ".join(kind.told.partition(":")[0] for kind in KINDS.values())
    raise TriescopeError(f"{model!r} holds {architecture or 'nothing that is known'}; wanted is one of: {wanted}")


def _there() -> dict:
    value = read_json(paths.home() / FILE)
    return value if isinstance(value, dict) else {}


def _change(to: Callable[[dict], dict]) -> None:
    home = paths.home()
    with writing(home):
        home.mkdir(parents=True, exist_ok=True)
        with in_turn(home / FILE):
            replace_json(home / FILE, to(_there()))
