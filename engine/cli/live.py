"""Commands that change a finished build: documents added, changed, removed, and folded in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli.examine import columns_asked
from engine.cli.shell import AsJson, Encoding, Folder, ProgressFile, app, show
from engine.data.lines import UNICODE

if TYPE_CHECKING:
    from engine.builds.living import Plan
    from engine.data.corpus import Document

File = Annotated[Path, typer.Argument(help="Documents: a .jsonl, .csv, .tsv or .parquet file; .gz and .zst too.")]
Column = Annotated[list[str] | None, typer.Option("--column", help="Which column is the id, title or text: id=NAME.")]
LeaveOut = Annotated[
    bool, typer.Option("--leave-out", help="Leave out rows that are wrong, and say how many, in place of refusing the file.")
]


@app.command("add")
def add_documents(
    folder: Folder,
    file: File,
    column: Column = None,
    leave_out: LeaveOut = False,
    encoding: Encoding = UNICODE,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Add documents to a build, or change those whose ids it has; every retriever finds them at once."""
    from engine.builds import living
    from engine.progress import Progress

    with Progress(progress, quiet=as_json) as told:
        documents, notes = _read(file, column, leave_out, encoding)
        found = living.add(folder, documents, told)
    _tell(folder, found, notes, as_json)


@app.command("remove")
def remove_documents(
    folder: Folder,
    ids: Annotated[list[str], typer.Argument(help="Ids of documents.")],
    as_json: AsJson = False,
) -> None:
    """Remove documents from a build; all of them, or none where one is not there."""
    from engine.builds import living

    _tell(folder, living.remove(folder, ids), [], as_json)


@app.command("sync")
def sync_documents(
    folder: Folder,
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    most: Annotated[
        float, typer.Option(min=0, max=1, help="Refuse a file that would remove a larger share of the documents.")
    ] = 0.5,
    column: Column = None,
    leave_out: LeaveOut = False,
    encoding: Encoding = UNICODE,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a build hold what a file holds: documents added, changed and removed by their ids."""
    from engine.builds import living
    from engine.builds.opened import Build
    from engine.errors import TriescopeError
    from engine.progress import Progress

    with Progress(progress, quiet=as_json) as told:
        documents, notes = _read(file, column, leave_out, encoding)
        build = Build(folder)
        ahead = living.plan(build, documents, feed=True)
        if dry_run:
            ids = {"added": [d.id for d in ahead.added], "changed": [d.id for d in ahead.changed], "removed": ahead.removed}
            lines = [f"would be {ahead.told()}; nothing is changed", *notes]
            lines += [f"{what}: {', '.join(of[:5])}{' ...' if len(of) > 5 else ''}" for what, of in ids.items() if of]
            show(ahead.counts() | {"dry_run": True, "ids": ids, "notes": notes}, as_json, lines)
            return
        if len(ahead.removed) > most * len(build.documents):
            raise TriescopeError(
                f"{file}: it would remove {len(ahead.removed):,} of {len(build.documents):,} documents; look at --dry-run, and "
                "allow it with --most 1"
            )
        found = living.add(folder, documents, told, feed=True)
    _tell(folder, found, notes, as_json)


@app.command("compact")
def compact_build(folder: Folder, progress: ProgressFile = None, as_json: AsJson = False) -> None:
    """Fold what changed into a build: a new one takes its place, with the same identifiers."""
    from engine.builds.folding import fold
    from engine.progress import Progress

    with Progress(progress, quiet=as_json) as told:
        found = fold(folder, told)
    if found is None:
        show({"changes": 0}, as_json, [f"{folder.name}: nothing has changed since it was made"])
        return
    lines = [f"{folder.name}: {found.changes:,} changes folded in, {found.documents:,} documents", found.drift.told()]
    lines += [f"trained scorers came along: {', '.join(found.carried)}"] if found.carried else []
    value = found._asdict() | {"drift": found.drift._asdict() | {"share": found.drift.share, "due": found.drift.due}}
    show(value, as_json, lines + found.notes)


def _read(file: Path, column: list[str] | None, leave_out: bool, encoding: str) -> "tuple[list[Document], list[str]]":
    """Documents of a file, and what is to be said of it."""
    from engine.data.corpus import read
    from engine.errors import TriescopeError

    if file.is_dir():
        raise TriescopeError(f"{file}: a folder; documents are added from a file")
    corpus = read(file, columns_asked(column or []), leave_out, encoding)
    notes = list(corpus.notes)
    if corpus.left_out:
        notes.append(f"{len(corpus.left_out):,} with neither title nor text were left out")
    return list(corpus.documents), notes


def _tell(folder: Path, found: "Plan", notes: list[str], as_json: bool) -> None:
    from engine.builds.living import drift_of
    from engine.builds.opened import Build

    build = Build(folder)
    now, drift = len(build.documents), drift_of(build)
    value: dict[str, Any] = found.counts() | {"documents": now, "notes": notes}
    value["drift"] = drift._asdict() | {"share": drift.share, "due": drift.due}
    show(value, as_json, [f"{folder.name}: {found.told()}; {now:,} documents", drift.told(), *notes])
