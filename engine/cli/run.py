"""The command that sends a file of queries through a retriever."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.shell import AsJson, Beams, Filter, Folder, Name, ProgressFile, app, show
from engine.data.values import counted
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.retrievers import method_of

if TYPE_CHECKING:
    from engine.builds.opened import Build

# Queries of a file, at most; they and their vectors are held at once, some 2 kB each.
MOST = 1_000_000


def made_of(build: "Build", scorer: str) -> str:
    """What shards of a build are told from others by: its manifest's hashes, the last change to its documents, and the scorer
    with its weights."""
    from engine.builds import runs
    from engine.live import journal

    known = (build.manifest.spec_sha256[:16], build.manifest.corpus.sha256[:16], journal.stamp(build.folder))
    return " ".join(filter(None, (*known, scorer, runs.stamp(build.folder, scorer))))


@app.command("shard")
def shard_build(
    folder: Folder,
    shards: Annotated[int, typer.Option(min=1, max=99, help="How many; each is searched by a process of its own.")],
    out: Annotated[Path, typer.Option(help="A new folder.")],
    scorer: Annotated[str, typer.Option(help="Centroid or node scorer; the build's default unless given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Cut a build's tree by first code into shards, for `engine run --shards`; results are those of the whole."""
    from engine.builds.opened import Build
    from engine.export.flat import flat
    from engine.scale.split import read, split

    opened = Build(folder)
    split(flat(opened, scorer), shards, out, made_of(opened, scorer or opened.default_scorer))
    sizes = [len(read(part).trie.documents) for part in sorted(out.glob("[0-9][0-9]"))]
    show({"out": str(out), "documents": sizes}, as_json, [f"{out}: {', '.join(f'{size:,}' for size in sizes)} documents"])


@app.command("run")
def run_queries(
    folder: Folder,
    queries: Annotated[Path, typer.Argument(help="A table (.csv .tsv .jsonl .parquet) with id and text, or TREC topics.")],
    out: Annotated[Path, typer.Option(help="The run, as TREC writes it; replaced when all is found.")],
    retriever: Name = "generative",
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Documents a query.")] = 100,
    beams: Beams = DEFAULT_BEAMS,
    filter_text: Filter = "",
    shards: Annotated[
        Path | None, typer.Option(help="Shards of this build (`engine shard`): generative search by a process each.")
    ] = None,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Search for every query of a file and write the run."""
    from engine.builds.opened import Build
    from engine.data.query_files import read_query_file
    from engine.evaluation.batch import write_batch
    from engine.progress import Progress
    from engine.scale.sharded import ShardedRetriever, about_of

    asked, opened = read_query_file(queries, MOST), Build(folder)
    with ExitStack() as stack:
        told, searcher = stack.enter_context(Progress(progress, quiet=as_json)), None
        if shards:
            method, named = method_of(retriever)
            if method.name != "generative":
                raise TriescopeError(f"shards are searched by generative search, not by {retriever}")
            scorer = named.scorer or opened.default_scorer
            if about_of(shards).made != made_of(opened, scorer):
                raise TriescopeError(
                    f"{shards}: shards of another build or scorer than {scorer}, or from before documents came or went or it was "
                    "trained anew"
                )
            searcher = stack.enter_context(ShardedRetriever(shards, beams))
        found = write_batch(opened, asked, out, retriever, k, beams, filter_text, told, searcher)
    lines = [f"{counted(found.queries, 'query', 'queries')}, {counted(found.hits, 'hit')} by {retriever}: {out}"]
    lines += [f"{counted(found.empty, 'query', 'queries')} found nothing"] if found.empty else []
    lines += [f"{found.own:,} queries are documents of the catalogue; their own was left out"] if found.own else []
    show({"out": str(out), "retriever": retriever, "k": k} | found._asdict(), as_json, lines)
