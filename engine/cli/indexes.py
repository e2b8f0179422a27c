"""The command that makes further vector indexes of a build."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, ProgressFile, app, show
from engine.errors import TriescopeError


@app.command("indexes")
def run_indexes(
    folder: Folder,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", help="dense-ivfpq, dense-usearch or dense-lance (extra `lance`); all that can be made unless given."
        ),
    ] = None,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Make further vector indexes (-r dense-ivfpq, -r dense-usearch, -r dense-lance) in the cache, and say what they miss."""
    from engine.builds import indexes
    from engine.progress import Progress
    from engine.retrievers.made_index import told as in_words

    names = kind or indexes.usual()
    if unknown := [name for name in names if name not in indexes.KINDS]:
        raise TriescopeError(f"no index is called {unknown[0]!r}; there are {', '.join(indexes.KINDS)}")
    with Progress(progress, quiet=as_json) as told:
        found = indexes.make(folder, names, told)
    lines = [f"{name}: {in_words(known)}; made in {known.seconds:,.1f} s" for name, known in found.items()]
    show({name: known.model_dump() for name, known in found.items()}, as_json, lines)
