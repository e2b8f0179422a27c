"""The command that weighs the terms of a build's documents, for learned sparse search."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, ProgressFile, app, show
from engine.errors import TriescopeError


@app.command("terms")
def run_terms(
    folder: Folder,
    model: Annotated[str, typer.Argument(help="A sparse encoder of sentence-transformers (SPLADE), by folder or name.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Delete the build's weights instead.")] = False,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Weigh the terms of the build's documents by a sparse encoder: the retriever `splade`. An interrupted run goes on."""
    from engine.builds import terms
    from engine.progress import Progress
    from engine.text import term_weights

    if remove:
        terms.remove(folder)
        show({"removed": True}, as_json, [f"{folder.name} has no weights of terms now"])
        return
    if not model:
        raise TriescopeError("name a sparse encoder (SPLADE), by folder or name")
    with Progress(progress, quiet=as_json) as told:
        about = terms.make(folder, model, told)
    size = f"{term_weights.megabytes(about):,.1f} MB, in {about.seconds:,.0f} s"
    lines = [f"{about.entries:,} terms of {about.documents:,} documents, {size}; search with -r splade"]
    show(about.model_dump(), as_json, lines)
