"""The commands that fine-tune on a build's judged pairs: its encoder, and a cross-encoder that begins with its weights."""

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli import flags
from engine.cli.shell import AsJson, Folder, ProgressFile, app, show
from engine.errors import TriescopeError
from engine.training.encoder.spec import CrossSpec, TuneSpec, cross_spec_of, spec_of


@app.command("tune")
@flags.of_spec(TuneSpec)
def run_tuning(
    folder: Folder,
    asked: dict[str, Any],
    export: Annotated[
        Path | None,
        typer.Option(help="Only write the fine-tuned encoder there, as a folder of sentence-transformers."),
    ] = None,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Fine-tune the build's encoder on its judged pairs: the retriever `tuned`, what the same labels give a dense one."""
    if export is not None:
        _export(folder, export)
        show({"folder": str(export)}, as_json, [f"{export}: the fine-tuned encoder; a build takes it with --model {export}"])
        return
    from engine.progress import Progress
    from engine.text.tuned import told as in_words
    from engine.training.encoder.tune import tune

    with Progress(progress, quiet=as_json) as told:
        known = tune(folder, spec_of(asked), told)
    show(known.model_dump(mode="json"), as_json, in_words(known))


@app.command("tune-cross")
@flags.of_spec(CrossSpec)
def run_crossing(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="The name that retrievers will use, like judge in bm25~cross:judge.")],
    asked: dict[str, Any],
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """Fine-tune a cross-encoder on the build's judged pairs, from its encoder's weights: `-r bm25~cross:NAME`. An experiment."""
    from engine.progress import Progress
    from engine.text.cross_tuned import told as in_words
    from engine.training.encoder.cross import tune

    with Progress(progress, quiet=as_json) as told:
        known = tune(folder, name, cross_spec_of(asked), told)
    then = f"python -m engine search {folder.name} QUERY -r bm25~cross:{name}"
    show(known.model_dump(mode="json"), as_json, [*in_words(known), then])


def _export(folder: Path, out: Path) -> None:
    from engine.builds.opening import check_encoder, read_manifest
    from engine.files import writing
    from engine.text import tuned

    manifest = read_manifest(folder)
    check_encoder(manifest)
    if out.exists():
        raise TriescopeError(f"{out} is there already; name a folder that is not")
    layers = tuned.open_layers(folder, manifest.spec.model)
    with writing(out.parent):
        layers.save(str(out))
