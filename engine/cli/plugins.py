"""The command that lists what other packages add."""

from engine import plugins
from engine.cli.shell import AsJson, app, show


@app.command("plugins")
def list_plugins(as_json: AsJson = False) -> None:
    """What installed packages add, and what of it is left aside and why."""
    from engine.decoding.strategies import STRATEGIES
    from engine.identifiers import SCHEMES
    from engine.retrievers import RETRIEVERS
    from engine.scorers.kinds import KINDS

    for registry in (SCHEMES, STRATEGIES, KINDS, RETRIEVERS):
        registry.theirs  # noqa: B018  (loads them)
    rows = [
        plugin._asdict() | {"left_aside": plugins.left_aside.get(plugin)}
        for group in plugins.GROUPS
        for plugin in plugins.found(group)
    ]
    lines = [
        f"{row['group']:22} {row['name']:16} {row['package']}"
        + (f"  left aside: {row['left_aside']}" if row["left_aside"] else "")
        for row in rows
    ]
    show(rows, as_json, lines or ["no installed package adds anything"])
