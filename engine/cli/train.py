"""Commands that train scorers and choose among them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli.shell import AsJson, Folder, ProgressFile, app, show
from engine.errors import TriescopeError
from engine.options import described, parse_option

if TYPE_CHECKING:
    from engine.builds.trained import Run


@app.command("train")
def run_training(
    folder: Folder,
    scorer: Annotated[str, typer.Option(help="Kind of scorer: see `python -m engine scorers`.")] = "node",
    name: Annotated[str, typer.Option(help="Name of the run, that of the kind unless given.")] = "",
    train: Annotated[str, typer.Option(help="Split of judged queries to learn from; '' for none.")] = "train",
    dev: Annotated[str, typer.Option(help="Split to watch; a part is held out where the build lacks it.")] = "dev",
    minutes: Annotated[float, typer.Option(min=0.01)] = 3.0,
    steps: Annotated[int, typer.Option(min=0, help="Steps to train in place of minutes.")] = 0,
    seed: Annotated[int, typer.Option(min=0, max=(1 << 31) - 1)] = 0,
    option: Annotated[list[str] | None, typer.Option("-o", "--option", help="Setting of the scorer, name=value.")] = None,
    mix: Annotated[list[str] | None, typer.Option(help="Share of a source of pairs, like judged=2; repeat for more.")] = None,
    loss: Annotated[list[str] | None, typer.Option(help="Weight of a loss, like soft=1; repeat for more.")] = None,
    teacher: Annotated[str, typer.Option(help="dense, bm25+dense, or a cross-encoder by folder or hub name.")] = "dense",
    generator: Annotated[str, typer.Option(help="Query generator by folder or hub name, for --mix generated=1.")] = "",
    per_document: Annotated[int, typer.Option(min=1, max=100, help="Pseudo-queries of each kind a document.")] = 4,
    cold: Annotated[float, typer.Option(min=0.0, max=0.5, help="Share of documents kept out of the training.")] = 0.0,
    batch: Annotated[int, typer.Option(min=2)] = 256,
    average: Annotated[float, typer.Option(min=0.0, max=0.9999, help="Of the weights over the steps; 0 for none.")] = 0.99,
    beams: Annotated[int, typer.Option(min=1, max=1000, help="Beams for the development queries.")] = 100,
    every: Annotated[int, typer.Option(min=0, help="Steps between evaluations; 0: about fifteen in all.")] = 0,
    patience: Annotated[int, typer.Option(min=1, help="Evaluations without a better one until it stops.")] = 5,
    watch: Annotated[list[str] | None, typer.Option(help="Query to decode at each evaluation; up to three.")] = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what it would take.")] = False,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Train a scorer on a build and store it there; the same command again goes on where it was interrupted."""
    from pydantic import ValidationError

    from engine.progress import Progress
    from engine.scorers.kinds import kind
    from engine.training.losses import OPTIONS as LOSSES
    from engine.training.spec import TrainSpec

    options = kind(scorer).options
    try:
        spec = TrainSpec(
            scorer=scorer,
            settings=dict(parse_option(scorer, options, text) for text in option or ()),
            train=train,
            dev=dev,
            mix=dict(_share(text) for text in mix or ()),
            losses=dict(parse_option("losses", LOSSES, text) for text in loss or ()),
            teacher=teacher,
            generator=generator,
            per_document=per_document,
            cold=cold,
            batch=batch,
            average=average,
            beams=beams,
            evaluate_every=every,
            patience=patience,
            minutes=minutes,
            steps=steps,
            watch=tuple(watch or ()),
            seed=seed,
        )
    except ValidationError as error:
        wrong = error.errors()[0]
        raise TriescopeError(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from error
    if estimate:
        from engine.training.estimate import estimate as foresee

        found = foresee(folder, spec)
        pairs = ", ".join(f"{count:,} {source}" for source, count in found["pairs"].items())
        show(found, as_json, [f"{pairs} pairs; {found['to_embed']:,} texts to embed, about {found['seconds_to_embed']:.0f} s"])
        return
    from engine.builds import runs
    from engine.training.train import train as run

    told = Progress(progress, quiet=as_json)
    try:
        made = run(folder, spec, name, told)
    except TriescopeError as error:
        told.write("failed", str(error))
        raise
    told.write("done")
    value = {
        "scorer": made.name,
        "steps": made.steps,
        "seconds": made.seconds,
        "dev": made.as_json()["dev"],
        "default": runs.default(folder) == made.name,
    }
    became = f"  it is the default now: `generative` decodes with {made.name}"
    show(value, as_json, [*_told(made), *([became] if value["default"] else [])])


@app.command("use")
def use(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="A trained scorer, or centroid.")],
    as_json: AsJson = False,
) -> None:
    """Make a scorer the build's default: the one that `generative` means."""
    from engine.builds import runs
    from engine.builds.opening import read_manifest
    from engine.builds.trained import rests_on

    read_manifest(folder)
    runs.choose(folder, name)
    reason = "" if name == runs.CENTROID else rests_on(runs.read(folder, name))
    lines = [
        f"{folder}: generative search now decodes with {name}",
        *([f"chosen by you, not by figures: {reason}"] if reason else []),
    ]
    show({"default": name} | ({"rests_on": reason} if reason else {}), as_json, lines)


@app.command("scorers")
def list_scorers(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="A build, to list what was trained on it too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Kinds of trained scorers with their options and losses, and the scorers of a build."""
    from engine.builds import runs
    from engine.builds.opening import read_manifest
    from engine.scorers.kinds import KINDS
    from engine.training.losses import OPTIONS as LOSSES

    known = list(KINDS.values())
    value: dict[str, Any] = {
        "kinds": [k._asdict() | {"options": described(k.options)} for k in known],
        "losses": described(LOSSES),
    }
    for row in value["kinds"]:
        for function in ("open", "encode", "model"):
            del row[function]
    lines = []
    for k in known:
        lines.append(f"{k.name:14} {k.summary}")
        lines += [f"{'':14}   -o {o.name}=...  {o.help} (default: {o.default})" for o in k.options]
    lines += ["losses", *(f"{'':14}   --loss {o.name}=...  {o.help} (default: {o.default})" for o in LOSSES)]
    if folder is not None:
        read_manifest(folder)
        known_runs = [runs.read(folder, name) for name in runs.names(folder)]
        value |= {"default": runs.default(folder), "runs": [run.as_json() for run in known_runs]}
        lines += [f"{folder}: default {value['default']}", *(line for run in known_runs for line in _told(run))]
    show(value, as_json, lines)


def _told(run: "Run") -> list[str]:
    """A run in two lines."""
    from engine.builds.trained import verdict

    made = f"{run.name} ({run.scorer}): {run.steps:,} steps, {run.seconds:.0f} s, seed {run.seed}; {run.stopped}"
    return [made, f"  {verdict(run)}"]


def _share(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        if equals:
            return name, float(value)
    except ValueError:
        pass
    raise TriescopeError(f"{text!r} is not a share; write source=number, like judged=2")
