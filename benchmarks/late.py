"""Late interaction beside dense search: quality, time and memory, ``python -m benchmarks.late [CORPUS ...]``.

A block a set of ``benchmarks/results/late.md``. Token vectors are made where the build has none, by its own encoder, which nobody
trained for that. The hybrid stands there as it was without them and as it is with them: either is weighed on the development
queries that choose, or has the usual weights.
"""

import re
import statistics
import sys
import time
from pathlib import Path

from benchmarks.training import built
from engine import evaluation
from engine.builds import layout, tokens
from engine.builds.opened import Build
from engine.data.datasets import load
from engine.retrievers.fusion import told_of
from engine.retrievers.late_interaction import LateRetriever
from engine.retrievers.weighting import read_tuning
from engine.stored import values
from engine.text import token_vectors
from engine.verdict.field import named

# The hybrid as it would be without token vectors goes by a name of its own in the table, and is opened by its members.
WITHOUT, HYBRID = "hybrid without", "hybrid:centroid"
NAMES = ("bm25", "dense", WITHOUT, "late", "dense~late", HYBRID)
SHOWN = ("nDCG@10", "Recall@100")
COMPARED = (
    ("late", "dense"),
    ("late", WITHOUT),
    ("late", "dense~late"),
    (HYBRID, WITHOUT),
    (HYBRID, "late"),
    (HYBRID, "dense~late"),
)
BEAMS, TIMED = 100, 50
OUT = Path(__file__).parent / "results" / "late.md"


def main() -> None:
    """Measure every corpus named and put its block into the file."""
    for source in sys.argv[1:] or ["films"]:
        opened = built(load(source), source)
        if not token_vectors.weights_of(opened.folder).is_file():
            tokens.make(opened.folder)
            opened = Build(opened.folder)
        body = block(opened, source)
        old = OUT.read_text("utf-8") if OUT.is_file() else "# Late interaction\n"
        pattern = re.compile(rf"^## {re.escape(opened.name)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
        new = pattern.sub(lambda _, body=body: body + "\n", old) if pattern.search(old) else f"{old.rstrip()}\n\n{body}"
        OUT.write_text(new.rstrip() + "\n", "utf-8")
        print(body)


def block(opened: Build, source: str) -> str:
    """Markdown of one corpus."""
    about = token_vectors.read(opened.folder)
    plain = read_tuning(values.read(opened.folder / layout.TUNING))
    names = {named(plain) if name == WITHOUT else name: name for name in NAMES}
    found = evaluation.evaluate(opened, "test", list(names), BEAMS)
    of_name = {names[name]: of for name, of in found.values.items()}
    memory = {"dense": opened.embeddings.nbytes / 1e6, "late": token_vectors.megabytes(about)}
    memory["dense~late"] = sum(memory.values())
    lines = [f"| | {' | '.join(SHOWN)} | ms a query, p50 / p95 | vectors, MB |", f"|---|{'---|' * (len(SHOWN) + 2)}"]
    for name, of in found.retrievers.items():
        cells = [evaluation.told(of.measures[measure]) for measure in SHOWN]
        ms = f"{of.latency_ms.p50:.1f} / {of.latency_ms.p95:.1f}" if of.latency_ms else ""
        lines.append(f"| {names[name]} | {' | '.join(cells)} | {ms} | {f'{memory[name]:,.1f}' if name in memory else ''} |")
    differences = evaluation.together([evaluation.difference(of_name[a][SHOWN[0]], of_name[b][SHOWN[0]]) for a, b in COMPARED])
    told = (
        f"`python -m benchmarks.late {Path(source).name}`. {evaluation.device()}. {found.queries} test queries, "
        f"{len(opened.documents):,} documents, {about.tokens:,} tokens (int8), made in {about.seconds:,.0f} s. Encoding a query, "
        f"not in the table, takes {found.encoding_ms.p50:.1f} ms for dense and {_encoding_ms(opened):.1f} ms for late (p50).\n"
        f"The hybrid without token vectors fuses {told_of(plain)}; with them {told_of(opened.stored_tuning('centroid'))}."
    )
    compared = [
        f"- {ours} less {theirs}: {evaluation.told(one, sign=True)}, p {evaluation.told_p(one)}"
        for (ours, theirs), one in zip(COMPARED, differences, strict=True)
    ]
    head = f"{SHOWN[0]}, differences, p corrected for {len(compared)} (Holm):"
    return "\n".join([f"## {opened.name}", "", told, "", *lines, "", head, "", *compared, ""])


def _encoding_ms(opened: Build) -> float:
    """Median time to encode a query into tokens, ms; each of them is encoded anew."""
    by = opened.retriever("late")
    assert isinstance(by, LateRetriever)
    encoder, times = by.encoder(), []
    for query in [opened.corpus.queries[one] for one in opened.corpus.qrels["test"]][:TIMED]:
        start = time.perf_counter()
        encoder.encode([query], "query")
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


if __name__ == "__main__":
    main()
