"""Commands that list builds, name them anew, and hand them on."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, ProgressFile, app, show


@app.command("builds")
def list_builds(as_json: AsJson = False) -> None:
    """List the builds under the home: documents, identifiers, size, when they were made."""
    from engine.builds.listed import listed

    rows, faults = listed()
    lines = [
        f"{row.name:24} {row.documents:>9,} documents  {row.scheme} {row.codes}  {row.megabytes:,.1f} MB  {row.created[:10]}  "
        f"decodes with {row.scorer}{f'  {row.health}' if row.health else ''}"
        + (f"  changed {row.changes:,} times since" if row.changes else "")
        for row in rows
    ]
    lines += [f"{name}: {fault}" for name, fault in faults.items()]
    value = {"builds": [row._asdict() for row in rows], "not_listed": faults}
    show(value, as_json, lines or ["no build yet"])


@app.command("rename")
def rename_build(folder: Folder, name: Annotated[str, typer.Argument(help="Its new name.")], as_json: AsJson = False) -> None:
    """Give a build another name; its map, evaluation and verdict go with it."""
    from engine.builds.naming import rename

    new = rename(folder, name)
    show({"build": str(new)}, as_json, [f"{folder.name} is called {new.name} now"])


@app.command("pack")
def pack_build(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="The .zip file to write, or an address like s3://bucket/films.zip.")],
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Write a build into one file, to hand on; a build at an address can be named wherever a folder can."""
    from engine.builds import remote
    from engine.builds.packed import pack
    from engine.progress import Progress

    if at := remote.address(out):
        with Progress(progress, quiet=as_json) as told:
            size = remote.push(folder, at, told)
        show({"file": at, "bytes": size}, as_json, [f"{at}: {size / 1e6:,.1f} MB"])
        return
    with Progress(progress, quiet=as_json) as told:
        files = pack(folder, out, told)
    size = out.stat().st_size
    show({"file": str(out), "files": files, "bytes": size}, as_json, [f"{out}: {files:,} files, {size / 1e6:,.1f} MB"])


@app.command("unpack")
def unpack_build(
    file: Annotated[Path, typer.Argument(help="A .zip file that `pack` wrote.")],
    name: Annotated[str, typer.Option(help="Name of the build; that of the file unless given.")] = "",
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a build of such a file, under the home; what it claims is checked first."""
    from engine import paths
    from engine.builds.packed import unpack
    from engine.errors import TriescopeError
    from engine.progress import Progress

    if not file.is_file():
        raise TriescopeError(f"{file}: no such file")
    with Progress(progress, quiet=as_json) as told:
        made = unpack(file, paths.builds(), name or file.name.split(".")[0], told)
    show({"build": str(made)}, as_json, [f"{made.name} is there: {made}"])
