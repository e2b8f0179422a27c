"""The command that answers over HTTP."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.builds.names import find
from engine.cli.shell import app
from engine.errors import TriescopeError

if TYPE_CHECKING:
    from engine.serve.shelf import Shelf


@app.command()
def serve(
    builds: Annotated[list[Path], typer.Argument(metavar="BUILD...", help="Folders or names; the first is the default.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes a free one.")] = 8600,
    host: Annotated[str, typer.Option(help="Anything but this machine's own address asks for a token.")] = "127.0.0.1",
    token_file: Annotated[Path | None, typer.Option(help="File with the token; unless given, TRIESCOPE_TOKEN.")] = None,
    writable: Annotated[
        bool, typer.Option("--writable", help="Take documents too: POST /documents adds or changes, DELETE removes.")
    ] = False,
    rate: Annotated[
        float | None, typer.Option(min=0.0, help="Requests a second of one client; 0 is no limit. 50 where others can reach it.")
    ] = None,
) -> None:
    """Answer over HTTP: /search, /decode, /why, /trie, /recommend, /health, /metrics; /openapi.json says what may be asked."""
    try:
        from engine.serve.server import serve as run
        from engine.serve.settings import settings_of
    except ImportError as error:
        raise TriescopeError(f"{error.name} is missing; the server needs the extra: pip install 'triescope[serve]'") from error
    settings = settings_of(host, port, token_file, rate, writable)

    def ready(shelf: "Shelf", bound: int) -> None:
        for name in shelf.names:
            held = shelf.get(name)
            print(f"{name}: {len(held.build.documents):,} documents", file=sys.stderr)
            if held.unencoded:
                print(f"{name}: only words are searched: {held.unencoded}", file=sys.stderr)
        address = f"[{host}]" if ":" in host else host
        print(f"answers at http://{address}:{bound}, described at /openapi.json", file=sys.stderr, flush=True)

    run([find(folder) for folder in builds], settings, ready)
