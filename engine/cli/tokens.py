"""The command that makes the token vectors of a build's documents, for late interaction."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, ProgressFile, app, show


@app.command("tokens")
def run_tokens(
    folder: Folder,
    model: Annotated[
        str,
        typer.Option(help="An encoder trained for late interaction (ColBERT), by folder or name; the build's own unless given."),
    ] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Delete the build's token vectors instead.")] = False,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a vector of every token of the build's documents: the retriever `late` (MaxSim). An interrupted run goes on.

    The hybrid is weighed with them, on development queries where there are any.
    """
    from engine.builds import late_weights, runs, tokens
    from engine.progress import Progress
    from engine.retrievers.fusion import told_of
    from engine.text import token_vectors

    if remove:
        tokens.remove(folder)
        show({"removed": True}, as_json, [f"{folder.name} has no token vectors now"])
        return
    with Progress(progress, quiet=as_json) as told:
        about = tokens.make(folder, model, told)
    size = f"{token_vectors.megabytes(about):,.0f} MB, in {about.seconds:,.0f} s"
    line = f"{about.tokens:,} tokens of {about.documents:,} documents, {size}"
    fused = late_weights.read(folder, runs.default(folder))
    hybrid = f"hybrid: {told_of(fused) if fused else 'as it was, for there is nothing to choose its weights by'}"
    value = about.model_dump() | {"hybrid": fused.model_dump() if fused else None}
    show(value, as_json, [f"{line}; search with -r late, or dense~late", hybrid])
