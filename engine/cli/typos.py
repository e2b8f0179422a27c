"""The command that misspells judged queries and says what that costs each retriever."""

from typing import Annotated

import typer

from engine.cli.shell import AsJson, Beams, Folder, Names, ProgressFile, app, show
from engine.decoding import DEFAULT_BEAMS
from engine.retrievers import usual


@app.command("typos")
def run_typos(
    folder: Folder,
    split: Annotated[str, typer.Option()] = "test",
    retriever: Names = None,
    share: Annotated[float, typer.Option(help="Chance of each word of four letters or more to be misspelled.")] = 0.3,
    seed: Annotated[int, typer.Option(min=0, help="Which words, and how.")] = 0,
    measure: Annotated[str, typer.Option("-m", "--measure")] = "nDCG@10",
    beams: Beams = DEFAULT_BEAMS,
    rewrite: Annotated[
        bool, typer.Option("--rewrite", help="Ask them rewritten too, and say what that gains and what it costs the others.")
    ] = False,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """What typing errors cost each retriever: the same judged queries, misspelled by a seed, beside themselves."""
    from engine import evaluation
    from engine.builds.opened import Build
    from engine.progress import Progress
    from engine.studies import typos

    with Progress(progress, quiet=as_json or not progress) as told:
        found = typos.run(Build(folder), split, retriever or usual(), share, seed, measure, beams, told, rewrite)
    lines = [
        f"{found.corpus}, {found.split}: {found.queries:,} queries, {found.words:,} words misspelled (seed {found.seed}), "
        f"{found.untouched:,} queries without a word that could be; {found.measure}, 95% intervals, p corrected (Holm)"
    ]
    for one in found.losses:
        clean, misspelled = evaluation.told(one.clean), evaluation.told(one.misspelled)
        lost = f"{evaluation.told(one.difference, sign=True)}  p {evaluation.told_p(one.difference)}"
        lines.append(f"{one.name:12} {clean} -> {misspelled}: {lost}")
    if found.mended:
        lines.append(
            f"rewritten: {found.undone:,} of {found.words:,} words are what they had been; {found.changed:,} of the queries as "
            "they were typed come out as others"
        )
    for mended in found.mended:
        gain, harm = (f"{evaluation.told(of, sign=True)}  p {evaluation.told_p(of)}" for of in (mended.gain, mended.harm))
        lines.append(f"{mended.name:12} {evaluation.told(mended.rewritten)}: {gain}; as typed {harm}")
    if found.kinds:
        lines.append("what rewriting gains by kind of misspelled query, 95% interval; a group says where to look")
    for kind in found.kinds:
        gains = "  ".join(f"{name} {evaluation.told(of, sign=True)}" for name, of in kind.means.items())
        lines.append(f"{kind.label:40} n {kind.queries:<5} {gains}")
    show(found.as_json(), as_json, lines)
