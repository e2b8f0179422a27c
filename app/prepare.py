"""Build the bundled catalogue unless its build is there already. ``make run`` does this before it opens the app."""

import shutil
import sys

from engine import paths
from engine.build import digest_of as digest
from engine.build import make, read_manifest
from engine.datasets import default_fields, load
from engine.errors import TriescopeError
from engine.progress import Progress
from engine.spec import BuildSpec

BUNDLED = "films"


def main() -> None:
    """Build, or return at once; a build of an older catalogue or by another version of the defaults is replaced."""
    corpus, spec, out = load(BUNDLED), BuildSpec(fields=default_fields(BUNDLED)), paths.builds() / BUNDLED
    if out.exists():
        try:
            manifest = read_manifest(out)
            if (manifest["spec_sha256"], manifest["corpus"]["sha256"]) == (spec.digest(), digest(corpus)):
                return
        except TriescopeError:
            pass  # damaged or of another format: made anew below
        fresh = make(corpus, spec, out.with_name(f"{BUNDLED}-fresh"), Progress())
        shutil.rmtree(out)
        fresh.rename(out)
        return
    print("Building the bundled catalogue, once:", file=sys.stderr)
    make(corpus, spec, out, Progress())


if __name__ == "__main__":
    main()
