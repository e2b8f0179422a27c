"""The command that holds one identifier over two columns of vectors against an identifier in each."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, ProgressFile, app, show


@app.command("columns")
def run_columns(
    folder: Folder,
    vectors: Annotated[
        Path | None, typer.Option(help="NumPy file of the second column, a row a document; titles beside texts unless given.")
    ] = None,
    share: Annotated[float, typer.Option(min=0, max=1, help="Weight of the second column.")] = 0.5,
    split: Annotated[str, typer.Option(help="Whose judged queries measure.")] = "dev",
    seed: Annotated[int, typer.Option(min=0, max=(1 << 31) - 1)] = 0,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Two columns of vectors: one identifier over both (early fusion) or one in each (late), by beam width."""
    import numpy as np

    from engine import evaluation
    from engine.builds.opened import Build
    from engine.errors import TriescopeError
    from engine.progress import Progress
    from engine.studies import columns

    try:
        second = np.load(vectors, allow_pickle=False) if vectors else None
    except (OSError, ValueError) as error:
        raise TriescopeError(f"{vectors}: no array of NumPy is there") from error
    with Progress(progress, quiet=as_json or not progress) as told:
        found = columns.run(Build(folder), split, seed, share, second, told)
    lines = [
        f"{found.corpus}, {found.split}: {found.queries:,} queries, {found.documents:,} documents, columns {found.first} and "
        f"{found.second} (weight {found.share:g}); {columns.MEASURE}, 95% intervals, p corrected (Holm)"
    ]
    for way in found.ways:
        for at in way.at:
            gain = f"  less early {evaluation.told(at.gain, sign=True)} p {evaluation.told_p(at.gain)}" if at.gain else ""
            width = f"{at.beams:5,} beams" if way.name != columns.EXACT else "  no beam  "
            lines.append(f"{way.name:26} {width}  {evaluation.told(at.mean)}{gain}")
    show(found.model_dump(mode="json"), as_json, lines)
