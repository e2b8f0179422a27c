"""The command for models that retrievers name."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, app, show
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
