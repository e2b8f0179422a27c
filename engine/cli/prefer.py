"""The command that updates a scorer by what people judged, and undoes it."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, ProgressFile, app, show
from engine.errors import TriescopeError


@app.command("prefer")
def prefer(
    folder: Folder,
    split: Annotated[str, typer.Option(help="Judgements made here, or queries by their name; never test.")] = "judged",
    scorer: Annotated[str, typer.Option(help="The centroid scorer or a run of kind node; the default unless named.")] = "",
    steps: Annotated[int, typer.Option(min=1, max=10_000, help="Steps of gradient.")] = 60,
    seed: Annotated[int, typer.Option(min=0, max=(1 << 31) - 1, help="Of every draw.")] = 0,
    undo: Annotated[bool, typer.Option("--undo", help="Remove the update; the scorer before is as it was.")] = False,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Update a scorer by preferences: half of the judged queries teach, the other half say what it was worth. An experiment."""
    from engine import evaluation, workspace
    from engine.builds import runs
    from engine.builds.opened import Build
    from engine.progress import Progress
    from engine.training import preferences

    opened = Build(folder)
    if undo:
        runs.read(folder, preferences.RUN)
        runs.remove(folder, preferences.RUN)
        show({"removed": preferences.RUN}, as_json, [f"{preferences.RUN} is removed; every other scorer is as it was"])
        return
    if split == "test":
        raise TriescopeError("nothing is learned from test queries; name another split")
    judged = workspace.of_split(opened.catalogue, split)
    queries, qrels = (judged.queries, judged.qrels) if judged else (opened.corpus.queries, opened.corpus.qrels.get(split))
    if not qrels:
        raise TriescopeError(f"nothing is judged under {split!r}: judge documents on Compare, or with `judge`")
    with Progress(progress, quiet=as_json or not progress) as told:
        found = preferences.prefer(folder, queries, qrels, scorer, steps, seed, f"{split}, held back", told)
    lines = [
        f"{found.scorer} updated by {found.pairs:,} preferences of {found.queries:,} queries in {found.seconds:.1f} s; kept as "
        f"{preferences.RUN} (-r generative:{preferences.RUN}), undone by --undo",
        f"{found.held_back:,} queries that were held back: {preferences.MEASURE} {evaluation.told(found.before)} -> "
        f"{evaluation.told(found.after)}, {evaluation.told(found.gain, sign=True)}, p {evaluation.told_p(found.gain)}; of their "
        f"pairs {found.in_order_before:.0%} stood right before, {found.in_order:.0%} after",
    ]
    show(found.as_json(), as_json, lines)
