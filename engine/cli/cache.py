"""The command that lists what the cache holds, and prunes it."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, app, show

NAMED = 30


@app.command("cache")
def show_cache(
    prune: Annotated[
        list[str] | None, typer.Option("--prune", help="Delete what is of this kind, like datasets; repeat for more.")
    ] = None,
    older: Annotated[float, typer.Option(min=0, help="Delete only what was not written to for so many days.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """List what was made or fetched once and can be had again, with sizes; --prune deletes it."""
    from engine.builds import cached

    found = cached.prune(prune, older) if prune else cached.cached()
    total = sum(one.bytes for one in found)
    lines = [f"{one.bytes / 1e6:>9,.1f} MB  {one.days:>6,.1f} days  {one.kind:<10}  {one.name}" for one in found[:NAMED]]
    lines += [f"and {len(found) - NAMED:,} more"] if len(found) > NAMED else []
    lines.append(f"{total / 1e6:,.1f} MB {'deleted' if prune else 'in all'}")
    if not prune:
        lines += [f"--prune {kind:<10}  {told}" for kind, told in cached.KINDS.items()]
    show({"deleted" if prune else "cached": [one._asdict() for one in found], "bytes": total}, as_json, lines)
