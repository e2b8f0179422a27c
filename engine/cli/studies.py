"""The command that makes every study of a build anew, one after another, and says what each took."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli.shell import AsJson, Folder, ProgressFile, app, show
from engine.errors import TriescopeError

if TYPE_CHECKING:
    from engine.builds.opened import Build
    from engine.progress import Progress

TYPED = ("bm25", "dense", "generative", "hybrid")


def _parts() -> "dict[str, Callable[[Build, int, Progress], str]]":
    """Each study by name: what makes it, and says in a line what came out."""
    from engine.claims import CLAIMS, kept, measure
    from engine.claims.base import judging
    from engine.data.figures import told
    from engine.studies import columns, enrichment, overlap, schemes, typos

    def identifiers(build: "Build", seed: int, tell: "Progress") -> str:
        found = schemes.run(build, (), "dev", seed, tell)
        best = f", best {found.best.scheme}" if found.best else ""
        return f"{len(found.schemes)} schemes{best}"

    def leaves(build: "Build", seed: int, tell: "Progress") -> str:
        return f"{len(overlap.run(build, (2, 3), judging(build), seed, tell).trees)} trees"

    def typing(build: "Build", seed: int, tell: "Progress") -> str:
        found = typos.run(build, judging(build), TYPED, 0.3, seed, "nDCG@10", tell=tell, rewrite=True)
        gains = ", ".join(f"{one.name} {told(one.gain, sign=True)}" for one in found.mended)
        return f"{found.words:,} words misspelled; rewriting gains {gains}"

    def enriching(build: "Build", seed: int, tell: "Progress") -> str:
        rows = enrichment.run(build, judging(build), seed, tell).rows
        gains = [(row, row.gain) for row in rows if row.gain and row.slice == rows[0].slice]
        return f"gains: {', '.join(f'{row.retriever} {row.texts} {told(gain, sign=True)}' for row, gain in gains)}"

    def two_columns(build: "Build", seed: int, tell: "Progress") -> str:
        found = columns.run(build, judging(build), seed, report_progress=tell)
        gains = [f"{told(at.gain, sign=True)} at {at.beams}" for way in found.ways for at in way.at if at.gain]
        return f"late less early: {', '.join(gains)}"

    def claim(key: str) -> "Callable[[Build, int, Progress], str]":
        def make(build: "Build", seed: int, tell: "Progress") -> str:
            found = measure.finding(build, CLAIMS[key], seed, tell)
            kept.keep(kept.folder(build), found)
            return found.verdict

        return make

    claims = {key: claim(key) for key in CLAIMS}
    studies = {"identifiers": identifiers, "overlap": leaves, "typos": typing, "enrichment": enriching, "columns": two_columns}
    return studies | claims


@app.command("studies")
def run_studies(
    folder: Folder,
    only: Annotated[list[str] | None, typer.Option(help="Name of a study; repeat for more, all unless given.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=(1 << 31) - 1, help="Of every draw.")] = 0,
    progress: ProgressFile = None,
    as_json: AsJson = False,
) -> None:
    """All studies of a build: identifiers, overlapping leaves, typing errors, enriched texts, two columns of vectors and every
    claim; what each took stands beside it."""
    from engine.builds.opened import Build
    from engine.progress import Progress

    parts = _parts()
    made: list[dict[str, Any]] = []
    if unknown := [name for name in only or () if name not in parts]:
        raise TriescopeError(f"there is no study {unknown[0]!r}; there are {', '.join(parts)}")
    with Progress(progress, quiet=as_json or not progress) as told:
        build = Build(folder)
        for name in only or parts:
            wall, processor = time.perf_counter(), time.process_time()
            try:
                says = parts[name](build, seed, told)
            except TriescopeError as error:
                says = f"not made: {error}"
            taken = time.perf_counter() - wall, time.process_time() - processor
            made.append({"study": name, "says": says, "seconds": round(taken[0], 1), "processor": round(taken[1], 1)})
            if not as_json:  # all of them take minutes: each is told when it is made
                show({}, False, [f"{name:22} {taken[0]:7.1f} s  {taken[1]:7.1f} s of processor  {says}"])
    whole, busy = (sum(one[of] for one in made) / 60 for of in ("seconds", "processor"))
    show(made, as_json, [f"{len(made)} studies in {whole:.1f} minutes, {busy:.1f} of processor"])
