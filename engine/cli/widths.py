"""The command that chooses widths for a recall."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, Folder, ProgressFile, app, show


@app.command("widths")
def choose_widths(
    folder: Folder,
    recall: Annotated[
        list[float] | None,
        typer.Option("--recall", help="Share of the exact list that is to be found, like .99; repeat for more."),
    ] = None,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Choose widths and thresholds for a recall, keep them in the build, and say what they cost; `decode --recall .99` and
    `search -r generative:recall=.99` go by them."""
    from engine.builds import widths
    from engine.progress import Progress
    from engine.retrievers.recall import TARGETS
    from engine.retrievers.recall import told as in_words

    with Progress(progress, quiet=as_json) as told:
        known = widths.make(folder, recall or TARGETS, told)
    show(known.model_dump(), as_json, [f"{target.asked:g}: {in_words(target, known)}" for target in known.targets])
