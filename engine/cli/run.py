"""The command that sends a file of queries through a retriever."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.shell import AsJson, Beams, Filter, Folder, Name, ProgressFile, app, show
from engine.decoding import DEFAULT_BEAMS

# Queries of a file, at most; they and their vectors are held at once, some 2 kB each.
MOST = 1_000_000


@app.command("run")
def run_queries(
    folder: Folder,
    queries: Annotated[Path, typer.Argument(help="A table (.csv .tsv .jsonl .parquet) with id and text, or TREC topics.")],
    out: Annotated[Path, typer.Option(help="The run, as TREC writes it; replaced when all is found.")],
    retriever: Name = "generative",
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Documents a query.")] = 100,
    beams: Beams = DEFAULT_BEAMS,
    filter_text: Filter = "",
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Search for every query of a file and write the run."""
    from engine.builds.opened import Build
    from engine.data.query_files import read_query_file
    from engine.evaluation.batch import write_batch
    from engine.progress import Progress

    asked, opened = read_query_file(queries, MOST), Build(folder)
    with Progress(progress, quiet=as_json) as told:
        found = write_batch(opened, asked, out, retriever, k, beams, filter_text, told)
    lines = [f"{found.queries:,} queries, {found.hits:,} hits by {retriever}: {out}"]
    lines += [f"{found.empty:,} queries found nothing"] if found.empty else []
    lines += [f"{found.own:,} queries are documents of the catalogue; their own was left out"] if found.own else []
    show({"out": str(out), "retriever": retriever, "k": k} | found._asdict(), as_json, lines)
