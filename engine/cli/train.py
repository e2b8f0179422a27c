"""Commands that train scorers and choose among them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli import flags
from engine.cli.shell import AsJson, Folder, OptionalFolder, ProgressFile, app, show
from engine.errors import TriescopeError
from engine.options import described, parse_option
from engine.training.spec import TrainSpec, spec_of

if TYPE_CHECKING:
    from engine.builds.trained import Run


@app.command("train")
@flags.of_spec(TrainSpec)
def run_training(
    folder: Folder,
    asked: dict[str, Any],
    name: Annotated[str, typer.Option(help="Name of the run, that of the kind unless given.")] = "",
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what it would take.")] = False,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Train a scorer on a build and store it there; the same command again goes on where it was interrupted."""
    from engine.progress import Progress
    from engine.scorers.kinds import kind
    from engine.training.losses import OPTIONS

    scorer = str(asked.get("scorer", TrainSpec().scorer))
    options = kind(scorer).options
    asked |= {
        "settings": dict(parse_option(scorer, options, text) for text in asked.get("settings", ())),
        "mix": dict(_share(text) for text in asked.get("mix", ())),
        "losses": dict(parse_option("losses", OPTIONS, text) for text in asked.get("losses", ())),
    }
    spec = spec_of(asked)
    if estimate:
        from engine.training.estimate import estimate as foresee

        found = foresee(folder, spec)
        pairs = ", ".join(f"{count:,} {source}" for source, count in found["pairs"].items())
        show(found, as_json, [f"{pairs} pairs; {found['to_embed']:,} texts to embed, about {found['seconds_to_embed']:.0f} s"])
        return
    from engine.builds import runs
    from engine.training.train import train as run

    with Progress(progress, quiet=as_json) as told:
        made = run(folder, spec, name, told)
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
    folder: OptionalFolder = None,
    as_json: AsJson = False,
) -> None:
    """Kinds of trained scorers with their options and losses, and the scorers of a build."""
    from engine.builds import runs
    from engine.builds.opening import read_manifest
    from engine.scorers.kinds import KINDS
    from engine.training.losses import OPTIONS

    known = list(KINDS.values())
    value: dict[str, Any] = {
        "kinds": [k._asdict() | {"options": described(k.options)} for k in known],
        "losses": described(OPTIONS),
    }
    for row in value["kinds"]:
        for function in ("open", "encode", "model", "carry"):
            del row[function]
    lines = []
    for k in known:
        lines.append(f"{k.name:14} {k.summary}")
        lines += [f"{'':14}   -o {o.name}=...  {o.help} (default: {o.default})" for o in k.options]
    lines += ["losses", *(f"{'':14}   --loss {o.name}=...  {o.help} (default: {o.default})" for o in OPTIONS)]
    if folder is not None:
        read_manifest(folder)
        known_runs = [runs.read(folder, name) for name in runs.names(folder)]
        value |= {"default": runs.default(folder), "runs": [run.as_json() for run in known_runs]}
        lines += [f"{folder}: default {value['default']}", *(line for run in known_runs for line in _told(run))]
    show(value, as_json, lines)


@app.command("layers")
def show_layers(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="A trained scorer of kind transformer.")] = "transformer",
    as_json: AsJson = False,
) -> None:
    """Which layers of a transformer scorer write identifiers: nats that each wins back where another query is asked."""
    from engine.evaluation import told
    from engine.training.patching import of_run
    from engine.training.patching import told as in_words

    found = of_run(folder, name)
    lines = [
        in_words(found),
        *(
            f"  block {one.block} {one.name:16} {told(one.nats)}  by level {' '.join(f'{level:+.2f}' for level in one.levels)}"
            for one in found.layers
        ),
    ]
    value = {"pairs": found.pairs, "lost": found.lost._asdict()}
    show(value | {"layers": [one._asdict() | {"nats": one.nats._asdict()} for one in found.layers]}, as_json, lines)


def _told(run: "Run") -> list[str]:
    """A run in two lines, or three."""
    from engine.builds.trained import head_start, verdict

    made = f"{run.name} ({run.scorer}): {run.steps:,} steps, {run.seconds:.0f} s, seed {run.seed}; {run.stopped}"
    return [made, f"  {verdict(run)}", *([f"  {told}"] if (told := head_start(run)) else [])]


def _share(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        if equals:
            return name, float(value)
    except ValueError:
        pass
    raise TriescopeError(f"{text!r} is not a share; write source=number, like judged=2")
