"""The command that writes a build in formats that others read."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, app, show


@app.command("export")
def export_build(
    folder: Folder,
    to: Annotated[str, typer.Option("--to", help="safetensors, onnx, parquet, or semantic-ids (JSON for LC-Rec and GRID).")],
    out: Annotated[Path, typer.Option(help="A new folder.")],
    scorer: Annotated[str, typer.Option(help="Which scorer; the build's default unless given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write tree, scorer and identifiers in a format that others read; about.json there says how to decode by them."""
    from engine import export
    from engine.builds.opened import Build

    names = export.write(Build(folder), to, out, scorer)
    sizes = {name: (out / name).stat().st_size for name in names}
    lines = [f"{out / name}  {size / 1e6:,.1f} MB" for name, size in sizes.items()]
    show({"to": to, "out": str(out), "files": sizes}, as_json, lines)
