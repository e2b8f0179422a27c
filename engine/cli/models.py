"""Commands for models that retrievers name, and for a static encoder."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.shell import AsJson, ProgressFile, app, show
from engine.errors import TriescopeError


@app.command("models")
def run_models(
    name: Annotated[str, typer.Argument(help="The name that retrievers will use, like judge in bm25~cross:judge.")] = "",
    model: Annotated[str, typer.Argument(help="Its folder, or its name on the Hugging Face hub, which is fetched now.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Forget the name; the files stay.")] = False,
    as_json: AsJson = False,
) -> None:
    """Models that this machine knows by name: list them, add one by folder or hub name, forget one."""
    from engine.text import models

    if remove:
        models.remove(name)
    elif model:
        models.add(name, model)
    elif name:
        raise TriescopeError(f"say where {name!r} lies: python -m engine models {name} FOLDER, or --remove")
    there = models.everything()
    lines = [f"{one}  {of.kind}  {of.asked}" for one, of in there.items()]
    kinds = [f"  {kind.name}  {kind.told}" for kind in models.KINDS.values()]
    shown = lines or ["no model is known; `python -m engine models NAME FOLDER` adds one of these kinds:", *kinds]
    show({one: of.model_dump() for one, of in there.items()}, as_json, shown)


@app.command("static")
def run_static(
    out: Annotated[Path, typer.Argument(help="Folder to make; it must not exist yet.")],
    model: Annotated[str, typer.Option(help="Of which encoder: a folder or a hub name; the default one unless given.")] = "",
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a static encoder (model2vec) of an encoder: a vector a token, more than a hundred times as fast and weaker."""
    from engine.progress import Progress
    from engine.text import embed, static_encoder

    with Progress(progress, quiet=as_json) as told:
        static_encoder.make(out, model or embed.DEFAULT_MODEL, told)
    show({"folder": str(out)}, as_json, [f"{out}: a static encoder; a build takes it with --model {out}"])
