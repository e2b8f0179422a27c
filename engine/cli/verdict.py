"""Commands that say whether generative retrieval suits a catalogue: the verdict, and which documents come back."""

import os
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.shell import AsJson, Beams, Folder, ProgressFile, app, show
from engine.decoding import DEFAULT_BEAMS
from engine.jobs.process import OWNER

Seed = Annotated[int, typer.Option(min=0, max=(1 << 31) - 1, help="Of every draw.")]
Sample = Annotated[int, typer.Option(min=0, help="Documents that are asked for by title, and by their queries; 0 for all.")]


@app.command("verdict")
def give_verdict(
    folder: Folder,
    out: Annotated[Path | None, typer.Option(help="Write it there as one HTML file that needs no network.")] = None,
    budget_ms: Annotated[float, typer.Option(min=0, help="Milliseconds that a query may take, at its 95th percentile.")] = 100.0,
    beams: Beams = DEFAULT_BEAMS,
    sample: Sample = 1000,
    seed: Seed = 0,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Measure this part alone and keep nothing: quality, health, reachability, cold, scale, sizes; repeat."),
    ] = None,
    split: Annotated[
        str,
        typer.Option(help="Whose queries judge; unless given test, else dev, else those judged here, else pseudo-queries."),
    ] = "",
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Say whether generative retrieval suits a build's catalogue, by a rule, with all that the answer rests on.

    The whole is kept beside the build, for the page Verdict.
    """
    from engine import workspace
    from engine.builds.opened import Build
    from engine.evaluation import Asked
    from engine.files import replace_bytes, writing
    from engine.progress import Progress
    from engine.verdict import kept, measure, page
    from engine.verdict.judging import TRAIN
    from engine.verdict.rule import told as told_answer

    with Progress(progress, quiet=as_json) as told:
        opened, brought, whose = Build(folder), None, os.environ.get(OWNER, "")
        if not split and not set(opened.corpus.qrels) - {TRAIN} and workspace.judged(opened.catalogue, whose).qrels:
            split = workspace.SPLIT
        if split and split not in opened.corpus.qrels and (known := workspace.of_split(opened.catalogue, split, whose)):
            brought = Asked(known.queries, known.qrels)
        found = measure.verdict(opened, budget_ms, beams, sample, seed, only or (), split, brought, told)
        if not only:
            kept.keep(opened, found)
        if out:
            with writing(out):
                replace_bytes(out, page.html(found).encode())
    lines = [" · ".join(page.under(found)), *([found.busy] if found.busy else [])]
    if found.answer:
        lines += [told_answer(found.answer), *(f"  {one}" for one in found.answer.because)]
    for section in found.sections:
        lines += ["", f"{section.title}: {section.says}"]
        if only and section.rows:
            lines += ["\t".join(section.columns), *("\t".join(map(page.shown, row)) for row in section.rows)]
        lines.append(f"  {section.command}")
    show(found.model_dump(mode="json"), as_json, lines + ([f"Written to {out}."] if out else []))


@app.command("reachability")
def show_reachability(
    folder: Folder,
    beams: Beams = DEFAULT_BEAMS,
    sample: Sample = 1000,
    seed: Seed = 0,
    keep: Annotated[bool, typer.Option("--keep", help="Keep it for the page Evaluate.")] = False,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Share of the documents that come back for their own queries and their own title, and those that do not, with why."""
    from engine.builds.opened import Build
    from engine.data.figures import told
    from engine.evaluation import kept_reachability
    from engine.evaluation.reachability import reachability
    from engine.progress import Progress

    opened = Build(folder)
    with Progress(progress, quiet=as_json or progress is None) as tell:
        found = reachability(opened, beams, sample, seed, tell=tell)
    if keep:
        kept_reachability.keep(opened, found)
    lines = [f"{found.corpus}: beam {found.beams}, {found.device}"]
    for of in found.kinds:
        drawn = (
            f"{of.documents:,} of {of.there:,} documents, seed {found.seed}" if of.documents < of.there else f"all {of.there:,}"
        )
        lines.append(f"{of.kind}: {drawn}; {of.texts:,} texts")
        for name, shares in of.shares.items():
            lines.append(f"  {name:22} " + "  ".join(f"first {depth} {told(share)}" for depth, share in shares.items()))
    lines.append(f"{found.unreached:,} of {found.looked_at:,} documents come back neither for their title nor for a query")
    lines += [f"  {one.title or one.id} ({one.id}), by {one.asked_by}. {one.why}" for one in found.listed]
    if found.unreached > len(found.listed):
        lines.append(f"  and {found.unreached - len(found.listed):,} more")
    show(found.as_json(), as_json, lines)
