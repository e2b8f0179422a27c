"""The command that sets the lists of several retrievers beside each other."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.shell import AsJson, Beams, Filter, Folder, Names, Text, app, show
from engine.decoding import DEFAULT_BEAMS
from engine.retrievers import usual


@app.command()
def compare(
    folder: Folder,
    query: Text,
    retriever: Names = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Length of the lists.")] = 10,
    beams: Beams = DEFAULT_BEAMS,
    filter_text: Filter = "",
    html: Annotated[Path | None, typer.Option(help="Write it there as one HTML file that needs no network.")] = None,
    trec: Annotated[Path | None, typer.Option(help="Write the lists there as TREC runs, the retriever's name as tag.")] = None,
    as_json: AsJson = False,
) -> None:
    """The lists of several retrievers for one query: what they share, and the relevant documents that they lack."""
    from engine import workspace
    from engine.builds.opened import Build
    from engine.evaluation import comparison, sheet
    from engine.files import replace_bytes

    opened = Build(folder)
    grades = opened.corpus.grades(query) | workspace.of_query(opened.catalogue, query)
    found = comparison.compare(opened, query, retriever or usual(), k, beams, None, filter_text, grades)
    for path, content in ((html, lambda: sheet.html(found)), (trec, lambda: found.trec(workspace.query_id(query)))):
        if path:
            replace_bytes(path, content().encode())
    lines = []
    for name, entries in found.lists.items():
        lines.append(f"{name}")
        for entry in entries:
            judged = "" if entry.grade is None else f"  [judged {entry.grade}]"
            lines.append(f"{entry.rank:>3}  {entry.title}{judged}  {entry.evidence}")
    for one, other, of in found.alike:
        tau = "" if of.tau is None else f", tau {of.tau:.2f}"
        lines.append(f"{one} and {other}: {of.shared} of {k} shared, RBO {of.rbo:.2f}{tau}")
    if found.judged:
        lines.append(f"{len(found.lacking)} of {found.judged} judged relevant are missing from at least one list: see `lost`.")
    show(found.as_json(), as_json, lines)
