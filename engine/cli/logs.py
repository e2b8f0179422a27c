"""The command that keeps query logs: what people asked how often, and what they clicked."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, app, show
from engine.errors import TriescopeError


@app.command("logs")
def keep_log(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="What the log is called; evaluate takes it as --log.")] = "",
    file: Annotated[
        Path | None,
        typer.Argument(help="A line a search, tabs between: query; query, how often; or query, document, how often clicked."),
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Forget the log of that name; what was clicked stays.")] = False,
    as_json: AsJson = False,
) -> None:
    """Query logs, kept for means by how often people ask; what was clicked becomes judged queries of the same name, called
    clicks wherever they count. Without a name: which there are."""
    from engine import workspace
    from engine.builds.opened import Build
    from engine.data import query_logs

    build = Build(folder)
    corpus, notes = build.catalogue, []
    if forget:
        workspace.logs.remove(corpus, name)
    elif name:
        if not file:
            raise TriescopeError("give the file too")
        notes = workspace.bring_log(corpus, name, query_logs.read(file), build.row_of, build.corpus.qrels)
    kept = workspace.logs.listed(corpus)
    show({"logs": kept, "notes": notes}, as_json, [*notes, *(f"{one}  {searches:,} searches" for one, searches in kept.items())])
