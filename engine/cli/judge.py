"""Commands of the workspace: judge a document for a query, and list or write what was judged."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, Text, app, show
from engine.data.values import counted
from engine.errors import TriescopeError
from engine.files import writing


@app.command("judge")
def judge_one(
    folder: Folder,
    query: Text,
    document: Annotated[str, typer.Argument(metavar="ID", help="Id of the document.")],
    grade: Annotated[
        int | None, typer.Argument(min=0, max=2, help="0 not relevant, 1 relevant, 2 highly; none: take back.")
    ] = None,
) -> None:
    """Keep how relevant a document is to a query, for every build of this catalogue."""
    from engine import workspace
    from engine.builds.opened import Build

    build = Build(folder)
    if document not in build.row_of:
        raise TriescopeError(f"{build.name} has no document {document!r}")
    workspace.judge(build.catalogue, query, document, grade)


@app.command("queries")
def bring_queries(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="What the queries are called; evaluate takes it as --split.")] = "",
    queries: Annotated[
        Path | None,
        typer.Option(help="A table with id and text, queries.jsonl, or TREC topics; those of the catalogue unless given."),
    ] = None,
    qrels: Annotated[Path | None, typer.Option(help="Their judgements: TREC's lines or BEIR's table.")] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Forget the queries of that name.")] = False,
    private: Annotated[
        bool | None,
        typer.Option("--private/--public", help="Whether figures on them are hidden until somebody asks, and looks are counted."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judged queries of your own, kept beside those of the catalogue; without a name: which there are."""
    from engine import workspace
    from engine.builds.opened import Build
    from engine.data import query_files

    build = Build(folder)
    corpus, notes = build.catalogue, []
    if forget:
        workspace.query_sets.remove(corpus, name)
    elif name and private is not None and not qrels:
        if name not in workspace.query_sets.listed(corpus):
            raise TriescopeError(f"no queries of your own are called {name!r}; splits of the catalogue cannot be private")
    elif name and not qrels:
        raise TriescopeError("give the judgements too: --qrels FILE")
    elif name and qrels:
        texts = query_files.read_query_file(queries) if queries else build.corpus.queries
        brought = query_files.bring(texts, qrels, build.row_of)
        workspace.query_sets.keep(corpus, name, workspace.Judged(brought.queries, brought.qrels), build.corpus.qrels)
        notes = brought.notes
    if name and private is not None and not forget:
        workspace.private.mark(corpus, name, private)
    sets, hidden = workspace.query_sets.listed(corpus), workspace.private.names(corpus)
    notes_of = {one: f", private, looked at {hidden[one]} times" if one in hidden else "" for one in sets}
    told = [*notes, *(f"{one}  {judged:,} judged queries{notes_of[one]}" for one, judged in sets.items())]
    show({"sets": sets, "notes": notes} | ({"private": hidden} if hidden else {}), as_json, told)


@app.command("judgements")
def list_judgements(
    folder: Folder,
    out: Annotated[Path | None, typer.Option(help="Write queries.jsonl and qrels/judged.tsv (BEIR) into this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """What people judged of this catalogue."""
    from engine import workspace
    from engine.builds.opened import Build

    found = workspace.judged(Build(folder).catalogue)
    if out:
        with writing(out):
            (out / "qrels").mkdir(parents=True, exist_ok=True)
            (out / "queries.jsonl").write_text(workspace.as_jsonl(found), "utf-8")
            (out / "qrels" / f"{workspace.SPLIT}.tsv").write_text(workspace.as_tsv(found), "utf-8")
    count = sum(len(grades) for grades in found.qrels.values())
    told = [f"{counted(count, 'judgement')} of {counted(len(found.queries), 'query', 'queries')}"]
    told += [
        f"{grade}  {document}  {found.queries[query]}"
        for query, grades in found.qrels.items()
        for document, grade in grades.items()
    ]
    show(found._asdict(), as_json, told)
