"""The command that adds to documents what their neighbours say, shows it, and says what search gains by it."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, ProgressFile, app, show
from engine.errors import TriescopeError


@app.command("enrich")
def run_enrichment(
    folder: Folder,
    document: Annotated[str, typer.Option("-d", "--document", help="Only show what is added to this one, by its id.")] = "",
    split: Annotated[str, typer.Option(help="Whose judged queries measure.")] = "dev",
    seed: Annotated[int, typer.Option(min=0, max=(1 << 31) - 1)] = 0,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Texts with what neighbours say and columns that are not searched: what search gains by them. An experiment."""
    from engine import evaluation
    from engine.builds.opened import Build
    from engine.progress import Progress
    from engine.studies import enrichment

    opened = Build(folder)
    if document:
        if document not in opened.row_of:
            raise TriescopeError(f"{opened.name} has no document {document!r}")
        of = enrichment.added(opened)[opened.row_of[document]]
        lines = [
            f"neighbours say: {', '.join(of.words) or 'nothing more'}",
            f"not searched: {'; '.join(of.columns) or 'nothing'}",
        ]
        show({"document": document} | of._asdict(), as_json, lines)
        return
    with Progress(progress, quiet=as_json or not progress) as told:
        found = enrichment.run(opened, split, seed, told)
    lines = [
        f"{found.corpus}, {found.split}: {found.documents:,} documents, {found.words:g} words and values added to each in the "
        f"mean; {enrichment.MEASURE}, 95% intervals, p corrected (Holm)"
    ]
    for row in found.rows:
        gain = f"  {evaluation.told(row.gain, sign=True)}  p {evaluation.told_p(row.gain)}" if row.gain else ""
        lines.append(f"{row.slice:28} {row.queries:4}  {row.retriever:10} {row.texts:12} {evaluation.told(row.mean)}{gain}")
    show(found.model_dump(mode="json"), as_json, lines)
