"""Build the bundled catalogue unless its build is there already, put beside it what came along, export the encoder for queries.

``make run`` does this before it opens the app.
"""

import shutil
import sys

from engine import paths
from engine.builds import layout
from engine.builds.make import digest_of as digest
from engine.builds.make import make
from engine.builds.names import BUNDLED
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.datasets import default_fields, load
from engine.errors import TriescopeError
from engine.progress import Progress
from engine.studies import bundled
from engine.text import encoders, query_encoder


def main() -> None:
    """Have the build, and beside it what came with the catalogue: a trained scorer, a map, a study, an evaluation."""
    build()
    for told in bundled.install(paths.builds() / BUNDLED):
        print(told, file=sys.stderr)


def build() -> None:
    """Build, or return at once; a build of an older catalogue or by another version of the defaults is replaced."""
    corpus, spec, out = load(BUNDLED), BuildSpec(fields=default_fields(BUNDLED)), paths.builds() / BUNDLED
    if out.exists():
        try:
            manifest = Build(out).manifest
            if (manifest.spec_sha256, manifest.corpus.sha256) == (spec.digest(), digest(corpus)):
                return
        except TriescopeError:
            pass  # damaged or of another format: made anew below
    print("Building the bundled catalogue, once (the vectors of its texts come with it):", file=sys.stderr)
    fresh = layout.fresh_of(out)  # a hidden name is never offered as a build
    shutil.rmtree(fresh, ignore_errors=True)  # of a run that was killed
    make(corpus, spec, fresh, Progress())
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


def export() -> None:
    """Export the default encoder, so that the first query typed need not wait for torch; once, some ten seconds."""
    if query_encoder.find(encoders.fingerprint()) is None:
        print("Exporting the encoder for queries, once (ten seconds or so):", file=sys.stderr)
        print(f"cosine to the original at least {query_encoder.export(encoders.load()).cosine:.7f}", file=sys.stderr)


if __name__ == "__main__":
    main()
    export()
