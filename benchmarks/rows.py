"""Figures for rows of ``docs/systems.md`` that had a command and none: ``python -m benchmarks.rows STUDY [BUILD]``.

    annealed   reverse-annealed draws beside beam search, on test
    turns      what one to three turns of a simulated person gain, who sees the first ten and says "more like this" of the first
               relevant one, and "less like this" of the first other one; what was turned leaves the list, with turns and without
    orders     what was generated in the order of dense search, and the other way, beside both
    splade     learned sparse search, where `python -m engine terms` has weighed the terms, beside BM25 and dense search
    answers    how many sentences of an extract cite a relevant document, beside the hits that they are taken from
    written    what a small language model writes over five hits: whom it cites, and how much of it stands in them
    missed     whether the beam or the scorer lost each relevant document that the first ten lack
    unsure     a generator's list, and another's where it is unsure: the threshold chosen on dev
    cold       the same where a quarter of the documents came later and have no identifier
    exposure   whom the first ten show, by columns of the catalogue
    lm         a small language model ranks candidates of BM25, pointwise and listwise, on queries drawn from test
    cross      a cross-encoder that was fine-tuned here (`python -m engine tune-cross BUILD judge`) orders the first fifty of BM25
               and of dense search, on queries drawn from test, beside their own order and others at random
    titles     how many titles that it writes freely do not exist, and how often the one asked for is among those under the trie

A study is a block of ``benchmarks/results/rows.md``; running it again replaces that block.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.blocks import replace_block
from benchmarks.judged_rows import DEPTH, MEASURE, WIDTHS, asked, judged, line
from benchmarks.narrow import built
from benchmarks.rows_crossed import cross
from benchmarks.rows_shown import answers, cold, exposure, missed, unsure, written
from engine import evaluation
from engine.answers import titles
from engine.builds.opened import Build
from engine.decoding.strategies import decode
from engine.retrievers import Queries
from engine.retrievers.likelihood import Likelihood
from engine.retrievers.listwise import Listwise
from engine.retrievers.rocchio import turned
from engine.text import language_model, models, term_weights

OUT = Path(__file__).parent / "results" / "rows.md"
TURNS = 3
MODEL, RANKED, WRITTEN, SHUFFLES = "smollm2", 30, 30, 20


def main() -> None:
    """Run the study that is named."""
    if len(sys.argv) < 2 or sys.argv[1] not in STUDIES:
        raise SystemExit(__doc__)
    title, run = STUDIES[sys.argv[1]]
    opened, start = built((sys.argv[2:] or ["films"])[0]), time.process_time()
    body = "\n".join(run(opened))
    took = f"{(time.process_time() - start) / 60:.1f} minutes of a processor"
    told = f"`python -m benchmarks.rows {sys.argv[1]} {opened.name}`. {evaluation.device()}; {took}.\n\n{body}\n"
    replace_block(f"{title}: {opened.name}", told, OUT, "# Rows of the list of systems")
    print(told)


def annealed(opened: Build) -> Iterator[str]:
    """As many draws as beams."""
    qrels, texts = asked(opened)
    scorer, vectors = opened.scorer("centroid"), opened.embed_queries(texts)
    yield f"| | {MEASURE} | less beam search | p |\n|---|---|---|---|"
    for width in WIDTHS:
        values = {}
        for name in ("beam", "reverse-annealed", "greedy"):
            rows = np.full((len(texts), DEPTH), -1, np.int64)
            for place, (text, vector) in enumerate(zip(texts, vectors, strict=True)):
                trace = decode(name, opened.trie, scorer, opened.query_for(scorer, text, vector), width)
                # Draws stand in their order; as a list they are ranked by what the scorer thinks of them.
                order = np.argsort(-trace.scores, kind="stable")
                found = np.concatenate([opened.trie.leaf_documents(int(leaf)) for leaf in trace.leaves[order]])[:DEPTH]
                rows[place, : len(found)] = found
            values[name] = judged(opened, qrels, rows)
        for name, of in values.items():
            yield line(f"{name}, {width}", of, values["beam"])


def turns(opened: Build) -> Iterator[str]:
    """People who judge one document at a time."""
    qrels, texts = asked(opened)
    vectors, documents = opened.embed_queries(texts), np.asarray(opened.embeddings, np.float32)
    grades = [{opened.row_of[of]: grade for of, grade in one.items() if of in opened.row_of} for one in qrels.values()]
    sets: dict[str, list[list[np.ndarray]]] = {"more": [], "more and less": []}
    lists: dict[str, list[list[np.ndarray]]] = {name: [] for name in sets}
    plain: dict[str, list[list[np.ndarray]]] = {name: [] for name in sets}
    some = []
    for place, vector in enumerate(vectors):
        relevant = {row for row, grade in grades[place].items() if grade > 0}
        if len(relevant) <= TURNS:
            continue
        some.append(place)
        for name in sets:
            more: list[int] = []
            less: list[int] = []
            moved, gone, with_turns, without, seen = vector, set[int](), [], [], []
            for _ in range(TURNS):
                first = ranked(documents, moved, gone)[:10]
                more += [row for row in first if row in relevant][:1]
                less += [row for row in first if row not in relevant][:1] if name != "more" else []
                gone = {*more, *less}
                moved = turned(vector, documents[more], documents[less])
                with_turns.append(np.array(ranked(documents, moved, gone)))
                without.append(np.array(ranked(documents, vector, gone)))
                seen.append(np.array(sorted(gone)))
            lists[name].append(with_turns)
            plain[name].append(without)
            sets[name].append(seen)
    yield f"{len(some)} test queries with more than {TURNS} relevant documents; dense search, exact.\n"
    yield f"| | {MEASURE} of what is left, with turns | less without them | p |\n|---|---|---|---|"
    ids = [document.id for document in opened.documents]
    for name in sets:
        for turn in range(TURNS):
            left = {}
            for at, place in enumerate(some):
                query, gone = list(qrels)[place], set(sets[name][at][turn].tolist())
                left[query] = {of: grade for of, grade in qrels[query].items() if opened.row_of.get(of, -1) not in gone}
            ours, base = (
                evaluation.measure(left, evaluation.run_of(left, np.array([one[turn] for one in of]), ids), [MEASURE])[MEASURE]
                for of in (lists[name], plain[name])
            )
            yield line(f"{name}, {turn + 1} turn{'s' if turn else ''}", ours, base)


def ranked(documents: np.ndarray, vector: np.ndarray, gone: set[int]) -> list[int]:
    """Rows by cosine, those that are gone left out."""
    order = np.argsort(-(documents @ vector), kind="stable")[: DEPTH + len(gone)].tolist()
    return [row for row in order if row not in gone][:DEPTH]


def orders(opened: Build) -> Iterator[str]:
    """The first two hundred of one, ranked by the other; with the untrained scorer and with the one that came along."""
    qrels, texts = asked(opened)
    queries = Queries(texts, opened.embed_queries(texts))
    yield f"| | {MEASURE} | less dense | p |\n|---|---|---|---|"
    base = judged(opened, qrels, opened.retriever("dense").search(queries, DEPTH).rows)
    for scorer in opened.scorer_names:
        name = f"generative:{scorer}"
        for one in (name, f"{name}~dense", f"dense~{name}"):
            yield line(one, judged(opened, qrels, opened.retriever(one).search(queries, DEPTH).rows), base)


def splade(opened: Build) -> Iterator[str]:
    """Learned sparse search beside keywords and dense search."""
    qrels, texts = asked(opened)
    queries, about = Queries(texts, opened.embed_queries(texts)), term_weights.read(opened.folder)
    yield (
        f"{about.entries / about.documents:,.0f} terms a document, {term_weights.megabytes(about):,.1f} MB, weighed in "
        f"{about.seconds:,.0f} s.\n"
    )
    yield f"| | {MEASURE} | less BM25 | p | less dense | p |\n|---|---|---|---|---|---|"
    values = {
        name: judged(opened, qrels, opened.retriever(name).search(queries, DEPTH).rows)
        for name in ("bm25", "dense", "splade", "bm25+dense", "dense+splade")
    }
    for name, of in values.items():
        less = evaluation.difference(of, values["dense"])
        yield f"{line(name, of, values['bm25'])} {evaluation.told(less, sign=True)} | {evaluation.told_p(less)} |"


def lm(opened: Build) -> Iterator[str]:
    """Both rankers on the candidates of BM25, beside its own order and others at random; queries are drawn."""
    qrels, texts = asked(opened)
    drawn = np.sort(np.random.default_rng(0).choice(len(texts), min(RANKED, len(texts)), replace=False))
    few = {list(qrels)[place]: list(qrels.values())[place] for place in drawn}
    queries = Queries([texts[place] for place in drawn])
    yield f"{len(few)} queries of test, drawn with seed 0; `{MODEL}`, zero-shot; candidates of BM25.\n"
    yield f"| | {MEASURE} | less BM25 | p | seconds of a processor a query |\n|---|---|---|---|---|"
    first = opened.retriever("bm25").search(queries, DEPTH).rows
    base = judged(opened, few, first)
    for name in ("bm25", f"bm25~lm:{MODEL}", f"bm25~lm-list:{MODEL}"):
        opened.retriever(name).search(Queries(queries.texts[:1]), DEPTH)  # the model is read
        start = time.process_time()
        values = judged(opened, few, opened.retriever(name).search(queries, DEPTH).rows)
        yield f"{line(name, values, base)} {(time.process_time() - start) / len(few):.1f} |"
    for kind in (Likelihood, Listwise):
        rows = opened.retriever("bm25").search(queries, kind.depth).rows
        shuffled = [np.random.default_rng(seed).permuted(rows, axis=1) for seed in range(SHUFFLES)]
        values = np.mean([judged(opened, few, one[:, :DEPTH]) for one in shuffled], axis=0)
        yield f"{line(f'its first {kind.depth} at random, mean of {SHUFFLES}', values, base)} |"


def write_titles(opened: Build) -> Iterator[str]:
    """Titles for the first queries of test."""
    qrels, texts = asked(opened)
    model = language_model.load(models.folder_of(MODEL, "lm"))
    made_up, free, held = [], [], []
    for grades, text in list(zip(qrels.values(), texts, strict=True))[:WRITTEN]:
        wanted = {opened.row_of[of] for of, grade in grades.items() if grade > 0 and of in opened.row_of}
        found = titles.write(opened, text, model)
        names = {opened.documents[row].title.casefold() for row in wanted}
        made_up.append(found.made_up)
        free.append(float(any(title.casefold() in names for title in found.free)))
        held.append(float(bool(wanted.intersection(found.rows))))
    yield f"The first {WRITTEN} queries of test, {titles.BEAMS} titles each, `{MODEL}`, zero-shot.\n"
    yield "| | share |\n|---|---|"
    for name, of in (
        ("of titles written freely do not exist", made_up),
        ("of queries have a right title among those written freely", free),
        ("of queries have a right document among those under the trie of titles", held),
    ):
        yield f"| {name} | {evaluation.told(evaluation.interval(np.array(of)))} |"


STUDIES = {
    "annealed": ("Reverse-annealed draws", annealed),
    "turns": ("Turns of a simulated person", turns),
    "orders": ("Dense ranks what was generated, and the other way", orders),
    "splade": ("Learned sparse search", splade),
    "answers": ("Extracts that cite what is relevant", answers),
    "written": ("What a language model writes over hits", written),
    "cold": ("Another's list where a generator is unsure, and documents that it cannot have", cold),
    "missed": ("Search errors and model errors", missed),
    "unsure": ("Another's list where a generator is unsure", unsure),
    "exposure": ("Whom lists show, by a column", exposure),
    "lm": ("A language model ranks", lm),
    "cross": ("A cross-encoder that was fine-tuned here orders", cross),
    "titles": ("A language model writes titles", write_titles),
}

if __name__ == "__main__":
    main()
