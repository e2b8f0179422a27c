"""Two columns of vectors, one tree over both or a tree each: ``python -m benchmarks.columns [BUILD]``.

Titles beside texts of the films, unless another build is named. Each weight of the titles is measured on development queries and
on test. The weight is the one that exact search by the sum likes best on development queries; the comparison of both ways is read
at that weight, on test, and the other weights stand there for whoever wants to see how it moves. The tables go to
``benchmarks/results/columns.md``.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.narrow import built
from engine import evaluation
from engine.studies import columns
from engine.studies.columns import Columns

OUT = Path(__file__).parent / "results" / "columns.md"
SHARES = (0.5, 0.2, 0.1)


def main() -> None:
    """Measure a build, the films' unless one is named."""
    opened, start = built((sys.argv[1:] or ["films"])[0]), time.process_time()
    found = {(split, share): columns.run(opened, split, share=share) for split in ("dev", "test") for share in SHARES}
    minutes = (time.process_time() - start) / 60
    head = f"`python -m benchmarks.columns {opened.name}`. {evaluation.device()}; {minutes:.1f} minutes of a processor."
    told = "\n".join(["# Two columns of vectors", "", head, "", *report(found)])
    OUT.write_text(told + "\n", "utf-8")
    print(told)


def report(found: dict[tuple[str, float], Columns]) -> Iterator[str]:
    """How the weight was chosen, then a table a weight."""
    exact = {share: _mean(found["dev", share], columns.EXACT) for share in SHARES}
    chosen = max(SHARES, key=lambda share: exact[share])
    said = ", ".join(f"{share:g}: {mean:.3f}" for share, mean in exact.items())
    yield f"Chosen on dev ({found['dev', chosen].queries} queries), by exact search with both summed: weight {chosen:g} ({said})."
    for (split, share), of in sorted(found.items(), key=lambda item: (item[0][0] != "test", item[0][1] != chosen, -item[0][1])):
        if split == "test" or share == chosen:
            yield from table(of, ", the weight chosen on dev" if share == chosen else "")


def table(of: Columns, chosen: str) -> Iterator[str]:
    """All ways by width."""
    yield f"\n## {of.corpus}, {of.split}: {of.second} weigh {of.share:g}{chosen}\n"
    yield (
        f"{of.queries} queries, {of.documents:,} documents; {columns.MEASURE}. The gain is late less early at the same beams, p "
        "corrected for all widths (Holm).\n"
    )
    yield f"| beams | {of.first} | {of.second} | {columns.EARLY} | {columns.LATE} | late less early | p |"
    yield "|---|---|---|---|---|---|---|"
    ways = {way.name: {at.beams: at for at in way.at} for way in of.ways}
    for beams, at in ways[columns.LATE].items():
        cells = [evaluation.told(ways[name][beams].mean) for name in (of.first, of.second, columns.EARLY, columns.LATE)]
        assert at.gain is not None
        yield f"| {beams} | {' | '.join(cells)} | {evaluation.told(at.gain, sign=True)} | {evaluation.told_p(at.gain)} |"
    ((every, exact),) = ways[columns.EXACT].items()
    yield f"| {every:,} | | | {columns.EXACT}: {evaluation.told(exact.mean)} | | | |"


def _mean(of: Columns, name: str) -> float:
    """The mean of a way at its widest."""
    return next(way for way in of.ways if way.name == name).at[-1].mean.mean


if __name__ == "__main__":
    main()
