"""The command that puts each document below several nodes and says what a narrow beam gains by it."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, ProgressFile, app, show


@app.command("overlap")
def run_overlap(
    folder: Folder,
    leaves: Annotated[list[int] | None, typer.Option(min=2, max=8, help="Clusters a document; repeat for more: 2 and 3.")] = None,
    split: Annotated[str, typer.Option(help="Whose judged queries measure.")] = "dev",
    seed: Annotated[int, typer.Option(min=0, max=(1 << 31) - 1)] = 0,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """A document in two or three leaves: what a narrow beam then finds, and what it costs."""
    from engine import evaluation
    from engine.builds.opened import Build
    from engine.progress import Progress
    from engine.studies import overlap

    with Progress(progress, quiet=as_json or not progress) as told:
        found = overlap.run(Build(folder), leaves or (2, 3), split, seed, told)
    lines = [
        f"{found.corpus}, {found.split}: {found.queries} queries, {found.documents:,} documents in {found.clusters:,} clusters; "
        "95% intervals, p corrected (Holm)"
    ]
    for tree in found.trees:
        lines.append(f"{tree.name}: {tree.nodes:,} nodes, {tree.bytes / 1e6:.1f} MB")
        for at in tree.at:
            figures = "  ".join(f"{measure} {evaluation.told(of)}" for measure, of in at.measures.items())
            gain = f"  gain {evaluation.told(at.gain, sign=True)} p {evaluation.told_p(at.gain)}" if at.gain else ""
            lines.append(f"  beam {at.beams:2}  {figures}  {at.scored:,.0f} nodes scored{gain}")
    show(found.model_dump(mode="json"), as_json, lines)
