"""The command that holds two builds against each other."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, Beams, Folder, Names, ProgressFile, app, show
from engine.decoding import DEFAULT_BEAMS


@app.command("versus")
def versus(
    first: Folder,
    second: Folder,
    split: Annotated[str, typer.Option(help="Whose judged queries; none asks nothing.")] = "",
    retriever: Names = None,
    beams: Beams = DEFAULT_BEAMS,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Two builds side by side: settings, documents, how much of the identifiers is kept, and by a split which finds more."""
    from engine.builds.opened import Build
    from engine.data.figures import told as told_figure
    from engine.data.figures import told_p
    from engine.evaluation import two_builds
    from engine.progress import Progress

    one, other = Build(first), Build(second)
    found, queries = two_builds.beside(one, other), 0
    figures: list[two_builds.Figure] = []
    if split:
        with Progress(progress, quiet=as_json) as told:
            queries, figures = two_builds.figures(one, other, split, retriever or (), beams, tell=told)
    d = found.documents
    lines = [f"{name}: {a} -> {b}" for name, a, b in found.asked]
    lines.append(
        f"{d.both:,} documents in both, {d.changed:,} of them changed; {d.only_first:,} only in {first.name}, "
        f"{d.only_second:,} only in {second.name}"
    )
    for kept in found.kept:
        best = "" if kept.renamed is None else f", {kept.renamed:.1%} after the best renaming of codes"
        lines.append(f"first {kept.depth} code{'s' if kept.depth > 1 else ''}: {kept.same:.1%} of documents keep them{best}")
    lines += [f"{queries:,} queries of {split}, judged alike in both; p corrected for all lines (Holm)"] if split else []
    for of in figures:
        lines.append(
            f"{of.retriever:12} {of.measure:10} {told_figure(of.first)} -> {told_figure(of.second)}  "
            f"{told_figure(of.difference, sign=True)}  p {told_p(of.difference)}"
        )
    value = {
        "asked": [{"setting": name, "first": a, "second": b} for name, a, b in found.asked],
        "documents": d._asdict(),
        "kept": [kept._asdict() for kept in found.kept],
        "queries": queries,
        "figures": [
            of._asdict() | {part: getattr(of, part)._asdict() for part in ("first", "second", "difference")} for of in figures
        ],
    }
    show(value, as_json, lines)
