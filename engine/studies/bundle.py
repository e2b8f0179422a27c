"""Make anew what comes with the bundled catalogue: ``make films-artefacts``, some ten minutes on two cores."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from engine import evaluation
from engine.builds import layout, runs
from engine.builds import map as stored_map
from engine.builds.make import make
from engine.builds.manifest import KnownFile
from engine.builds.names import BUNDLED
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.datasets import default_fields, load
from engine.files import replace_json, sha256
from engine.progress import Progress
from engine.studies import bundled, schemes
from engine.studies.bundled import FORMAT, KINDS, MANIFEST, RUN, Found, place_of
from engine.training.spec import TrainSpec
from engine.training.train import train

# As in the README's table of trained scorers.
RECIPE = TrainSpec(scorer=RUN, steps=1400, seed=0)
SPLIT = "test"
JUDGED = (
    *("bm25", "dense", "moved"),
    *(f"{kind}:{scorer}" for kind in ("generative", "hybrid") for scorer in (runs.CENTROID, RUN)),
)


def remake(out: Path, tell: Callable[[str, int, int], None]) -> Found:
    """Make everything anew from a build of its own, into a folder that does not exist yet."""
    with tempfile.TemporaryDirectory() as work:
        corpus, spec = load(BUNDLED), BuildSpec(fields=default_fields(BUNDLED))
        built = make(corpus, spec, Path(work) / BUNDLED, tell)
        train(built, RECIPE, RUN, tell)
        opened = Build(built)
        stored_map.make(opened, tell)
        schemes.run(opened, report_progress=tell)
        tell("evaluating", 0, 0)
        judged = evaluation.evaluate(opened, SPLIT, JUDGED, against="dense")
        replace_json(place_of(opened, "evaluation") / layout.EVALUATION, judged.as_json())
        for kind in KINDS:
            shutil.copytree(place_of(opened, kind), out / kind)
        known = opened.manifest
    files = sorted(path for path in out.rglob("*") if path.is_file())
    found = Found(
        format=FORMAT,
        corpus=known.corpus.sha256,
        spec=known.spec_sha256,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        device=evaluation.device(),
        files={path.relative_to(out).as_posix(): KnownFile(bytes=path.stat().st_size, sha256=sha256(path)) for path in files},
    )
    replace_json(out / MANIFEST, found.model_dump(mode="json"))
    return found


def main() -> None:
    """Put everything anew into the repository."""
    fresh = layout.fresh_of(bundled.folder())
    shutil.rmtree(fresh, ignore_errors=True)
    found = remake(fresh, Progress())
    shutil.rmtree(bundled.folder(), ignore_errors=True)
    fresh.rename(bundled.folder())
    print(f"{bundled.folder()}: {sum(known.bytes for known in found.files.values()) / 1e6:.1f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
