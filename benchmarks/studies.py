"""Figures of studies that the shell runs and whose results nobody kept: ``python -m benchmarks.studies STUDY [BUILD ...]``.

    rewriting    misspelled test queries, rewritten before they are searched: what that gains, and by kind of query
    enrichment   texts to which words of neighbours and columns are added, as one vector and as a second one
    preferences  a scorer moved by pairs that were judged, half of the queries held back: few queries with and without holding
                 others to what they were, many queries and few or many steps

A study is a block a build of ``benchmarks/results/studies.md``; running it again replaces that block. Nothing is chosen on test:
rewriting and enrichment have no setting to choose, preferences learn from and are judged on development and train queries.
"""

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from benchmarks.blocks import run_named
from engine import evaluation
from engine.builds import runs
from engine.builds.opened import Build
from engine.data.figures import Difference
from engine.retrievers import usual
from engine.studies import enrichment, typos
from engine.training import preferences, preferred_pairs

OUT, HEAD = Path(__file__).parent / "results" / "studies.md", "# Studies of the shell"
SPLIT, SHARE, SEED = "test", 0.3, 0
# A split, steps, and what holds other queries to what they were.
UPDATES = (("dev", 60, 1.0), ("dev", 60, 0.0), ("train", 150, 1.0), ("train", 800, 1.0))


def main() -> None:
    """Run the study that is named on every build named."""
    run_named(STUDIES, "benchmarks.studies", __doc__, OUT, HEAD)


def less(of: Difference) -> str:
    """A difference with its interval and p."""
    return f"{evaluation.told(of, sign=True)} | {evaluation.told_p(of)}"


def rewriting(opened: Build) -> Iterator[str]:
    """Typing errors, and what undoing them gives back."""
    found = typos.run(opened, SPLIT, usual(), SHARE, SEED, rewrite=True)
    yield (
        f"{found.queries} queries of {SPLIT}, {found.words:,} words misspelled (a chance of {SHARE:g} each, seed {SEED}), "
        f"{found.beams} beams; {found.measure}, p corrected for a column (Holm). Rewritten, {found.undone:,} of the words are "
        f"what they had been; {found.changed} of the queries as they were typed come out as others.\n"
    )
    yield "| | as typed | misspelled | lost | p | rewritten | gain | p | as typed, rewritten: gain | p |"
    yield f"|{'---|' * 10}"
    for lost, mended in zip(found.losses, found.mended, strict=True):
        cells = [lost.name, *map(evaluation.told, (lost.clean, lost.misspelled)), less(lost.difference)]
        cells += [evaluation.told(mended.rewritten), less(mended.gain), less(mended.harm)]
        yield f"| {' | '.join(cells)} |"
    yield "\nThe gain by kind of misspelled query; p is not told, for a group says where to look.\n"
    names = list(found.kinds[0].means)
    yield f"| queries | number | {' | '.join(names)} |\n|{'---|' * (2 + len(names))}"
    for kind in found.kinds:
        gains = " | ".join(evaluation.told(of, sign=True) for of in kind.means.values())
        yield f"| {kind.label} | {kind.queries} | {gains} |"


def enriched(opened: Build) -> Iterator[str]:
    """Plain texts, enriched ones, and both as two vectors; what `engine enrich` kept of the same catalogue and split counts."""
    known = enrichment.read(opened)
    found = known if known and known.split == SPLIT else enrichment.run(opened, SPLIT)
    yield (
        f"{found.documents:,} documents, {found.words:g} words and values added in the mean; {enrichment.MEASURE} on {SPLIT} "
        f"and the gain over the same retriever with plain texts, p corrected for all of the table (Holm). Thin: all that answers "
        f"is among the {enrichment.THIN:.0%} with the fewest words.\n"
    )
    yield f"| queries | number | retriever | texts | {enrichment.MEASURE} | gain | p |\n|{'---|' * 7}"
    for row in found.rows:
        gain = less(row.gain) if row.gain else " | "
        yield f"| {row.slice} | {row.queries} | {row.retriever} | {row.texts} | {evaluation.told(row.mean)} | {gain} |"
    if enrichment.COLD not in {row.slice for row in found.rows}:
        yield f"\nNo query has answers that are {enrichment.COLD}."


def preferred(opened: Build) -> Iterator[str]:
    """What judgements move, on the half that was held back; each update is removed again."""
    yield (
        f"Half of the judged queries teach, where they say what is better than what, and the other half judges; seed {SEED}. "
        "In order: of the pairs of held-back queries, the share whose better document scores higher.\n"
    )
    heads = (
        "judged queries | teach | pairs | steps | others held | held back | before | after | gain | p | in order before | after"
    )
    yield f"| {heads} |\n|{'---|' * 12}"
    for split, steps, keep in UPDATES:
        with mock.patch.object(preferred_pairs, "KEEP", keep):
            found = preferences.prefer(opened.folder, opened.corpus.queries, opened.corpus.qrels[split], steps=steps, seed=SEED)
        runs.remove(opened.folder, preferences.RUN)
        before, after = (evaluation.told(of) for of in (found.before, found.after))
        cells = [split, f"{found.queries:,}", f"{found.pairs:,}", str(steps), "yes" if keep else "no", f"{found.held_back:,}"]
        cells += [before, after, less(found.gain), f"{found.in_order_before:.0%}", f"{found.in_order:.0%}"]
        yield f"| {' | '.join(cells)} |"
    yield f"\n{preferences.MEASURE}; the scorer that is updated is {found.scorer}."


STUDIES = {
    "rewriting": ("Misspelled queries, rewritten", rewriting),
    "enrichment": ("Enriched texts and several vectors", enriched),
    "preferences": ("A scorer moved by preferences", preferred),
}

if __name__ == "__main__":
    main()
