"""Figures for rows of ``docs/systems.md`` that had a command and none: ``python -m benchmarks.rows STUDY [BUILD]``.

    annealed   reverse-annealed draws beside beam search, on test
    turns      what one to three turns of a simulated person gain, who sees the first ten and says "more like this" of the first
               relevant one, and "less like this" of the first other one; what was turned leaves the list, with turns and without
    orders     what was generated in the order of dense search, and the other way, beside both
    splade     learned sparse search, where `python -m engine terms` has weighed the terms, beside BM25 and dense search
    answers    how many sentences of an extract cite a relevant document, beside the hits that they are taken from
    missed     whether the beam or the scorer lost each relevant document that the first ten lack
    unsure     a generator's list, and another's where it is unsure: the threshold chosen on dev
    exposure   whom the first ten show, by columns of the catalogue
    lm         a small language model ranks candidates of BM25, pointwise and listwise, on queries drawn from test
    titles     how many titles that it writes freely do not exist, and how often the one asked for is among those under the trie

A study is a block of ``benchmarks/results/rows.md``; running it again replaces that block.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.blocks import replace_block
from benchmarks.narrow import built
from engine import evaluation
from engine.answers import extract, titles
from engine.builds.opened import Build
from engine.decoding.strategies import decode
from engine.evaluation import parity
from engine.retrievers import Queries, lost
from engine.retrievers.likelihood import Likelihood
from engine.retrievers.listwise import Listwise
from engine.retrievers.rocchio import turned
from engine.retrievers.tuning import QUANTILES
from engine.text import language_model, models, term_weights

OUT = Path(__file__).parent / "results" / "rows.md"
MEASURE, DEPTH, TURNS = "nDCG@10", 11, 3
MODEL, RANKED, WRITTEN, SHUFFLES = "smollm2", 30, 30, 20
WIDTHS = (10, 50)
NARROW, CITED = 10, 5
BY = ("genre", "language", "year")


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


def asked(opened: Build) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Judgements of test, and the texts of its queries."""
    qrels = {query: dict(of) for query, of in opened.corpus.qrels["test"].items()}
    return qrels, [opened.corpus.queries[query] for query in qrels]


def judged(opened: Build, qrels: dict[str, dict[str, int]], rows: np.ndarray) -> np.ndarray:
    """The measure, a query each."""
    ids = [document.id for document in opened.documents]
    return evaluation.measure(qrels, evaluation.run_of(qrels, rows, ids), [MEASURE])[MEASURE]


def line(name: str, ours: np.ndarray, base: np.ndarray) -> str:
    """A row: the mean, and the difference to another with its p."""
    less, mean = evaluation.difference(ours, base), evaluation.told(evaluation.interval(ours))
    return f"| {name} | {mean} | {evaluation.told(less, sign=True)} | {evaluation.told_p(less)} |"


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


def answers(opened: Build) -> Iterator[str]:
    """Extracts of what different retrievers find, on all of test."""
    qrels, texts = asked(opened)
    queries, relevant = Queries(texts, opened.embed_queries(texts)), rows_relevant(opened, qrels)
    yield f"{len(texts)} queries of test, an extract of {extract.MOST} sentences from the first {CITED} hits of each; shares.\n"
    yield "| hits of | relevant hits | sentences that cite one | less hits | p | answers with one | sentences less BM25's | p |"
    yield f"|{'---|' * 8}"
    cited: dict[str, np.ndarray] = {}
    for name in ("bm25", "dense", "generative:centroid", "generative:node", "hybrid"):
        hits_of, of_sentences, some = [], [], []
        for place, text in enumerate(texts):
            hits = opened.search(text, name, CITED).hits
            right = {hit.rank for hit in hits if opened.row_of[hit.id] in relevant[place]}
            found = extract.extract(opened, text, hits, queries.vectors[place]).sentences
            of_sentences.append(np.mean([sentence.cited[0] in right for sentence in found]) if found else 0.0)
            hits_of.append(len(right) / max(1, len(hits)))
            some.append(float(of_sentences[-1] > 0))
        cited[name] = np.array(of_sentences)
        less = [evaluation.difference(cited[name], base) for base in (np.array(hits_of), cited["bm25"])]
        means = [evaluation.told(evaluation.interval(np.array(of))) for of in (hits_of, of_sentences, some)]
        told = [f"{evaluation.told(one, sign=True)} | {evaluation.told_p(one)}" for one in less]
        yield f"| {name} | {means[0]} | {means[1]} | {told[0]} | {means[2]} | {told[1]} |"


def rows_relevant(opened: Build, qrels: dict[str, dict[str, int]]) -> list[set[int]]:
    """Rows of each query's relevant documents."""
    return [{opened.row_of[of] for of, grade in one.items() if grade > 0 and of in opened.row_of} for one in qrels.values()]


def missed(opened: Build) -> Iterator[str]:
    """Whose fault it is that the first ten lack a relevant document: the beam's, or the scorer's."""
    qrels, texts = asked(opened)
    vectors, relevant = opened.embed_queries(texts), rows_relevant(opened, qrels)
    yield "| decoder | relevant documents not in the first ten | of these search errors, a share a query | cut at level 1 |"
    yield f"|{'---|' * 4}"
    for scorer in opened.scorer_names:
        for width in (NARROW, WIDTHS[-1], WIDTHS[-1] * 2):
            lacking, shares, first = 0, [], 0
            for text, vector, wanted in zip(texts, vectors, relevant, strict=True):
                hits = opened.search(text, f"generative:{scorer}", 10, width, vector=vector).hits
                lacks = [opened.documents[row].id for row in sorted(wanted - {opened.row_of[hit.id] for hit in hits})]
                if not lacks:
                    continue
                found = opened.lost(text, lacks, f"generative:{scorer}", 10, width, vector)
                search = [one for one in found if one.kind == lost.SEARCH]
                lacking, first = lacking + len(lacks), first + sum("cut at level 1," in one.told for one in search)
                shares.append(len(search) / len(lacks))
            told = evaluation.told(evaluation.interval(np.array(shares)))
            yield f"| {scorer}, {width} beams | {lacking:,} | {told} | {first:,} |"


def unsure(opened: Build) -> Iterator[str]:
    """Two scorers, two widths, two who stand in."""
    yield f"| generator | its {MEASURE} | in its place | with it | less alone | p | of the queries | at random |\n|{'---|' * 8}"
    found = {split: of_split(opened, split) for split in ("dev", "test")}
    for scorer in opened.scorer_names:
        for width in (NARROW, WIDTHS[-1] * 2):
            for theirs in ("dense-hnsw", "bm25+dense"):
                kept, sure = {}, {}
                for split, (qrels, queries) in found.items():
                    retriever = opened.retriever(f"generative:{scorer}", width)
                    ranking, sure[split] = retriever.search_with_confidence(queries, DEPTH)
                    other = judged(opened, qrels, opened.retriever(theirs).search(queries, DEPTH).rows)
                    kept[split] = judged(opened, qrels, ranking.rows), other
                thresholds = np.concatenate([[0.0], np.quantile(sure["dev"], QUANTILES)])
                means = [np.where(sure["dev"] < one, kept["dev"][1], kept["dev"][0]).mean() for one in thresholds]
                falls = sure["test"] < thresholds[int(np.argmax(means))]
                ours, other = kept["test"]
                less = evaluation.difference(both := np.where(falls, other, ours), ours)
                share = falls.mean()
                chance = share * other.mean() + (1 - share) * ours.mean()
                cells = [evaluation.told(evaluation.interval(ours)), theirs, evaluation.told(evaluation.interval(both))]
                cells += [evaluation.told(less, sign=True), evaluation.told_p(less), f"{share:.0%}", f"{chance:.3f}"]
                yield f"| {scorer}, {width} beams | {' | '.join(cells)} |"
    counts = ", ".join(f"{split} {len(of[0])}" for split, of in found.items())
    yield f"\nQueries: {counts}. At random: where as many queries, drawn, fall back."


def of_split(opened: Build, split: str) -> tuple[dict[str, dict[str, int]], Queries]:
    """Judgements of a split, and its queries."""
    qrels = {query: dict(of) for query, of in opened.corpus.qrels[split].items()}
    texts = [opened.corpus.queries[query] for query in qrels]
    return qrels, Queries(texts, opened.embed_queries(texts))


def exposure(opened: Build) -> Iterator[str]:
    """How far lists are from the shares of the documents and of what is relevant, and the value that each is furthest from."""
    qrels, texts = asked(opened)
    queries = Queries(texts, opened.embed_queries(texts))
    names = ("bm25", "dense", "generative:centroid", "generative:node", "hybrid")
    rows = {name: list(opened.retriever(name).search(queries, DEPTH).rows[:, :10]) for name in names}
    runs = {name: [of[of >= 0] for of in found] for name, found in rows.items()}
    relevant = [np.array(sorted(of), np.int64) for of in rows_relevant(opened, qrels)]
    yield "| column | of | apart from the documents | from what is relevant | furthest by ratio: of documents, relevant, shown |"
    yield f"|{'---|' * 5}"
    for column in BY:
        of = parity.by_column(opened.columns, column, runs, relevant)
        yield f"| {column} | what is relevant | {evaluation.told(of.from_documents[parity.RELEVANT])} | | |"
        for name in names:
            most = max(of.values, key=lambda one: abs(np.log((one.shown[name].mean + 1e-9) / (one.relevant + 1e-9))))
            told = f"{most.value}: {most.documents:.3f}, {most.relevant:.3f}, {evaluation.told(most.shown[name])}"
            far = (evaluation.told(one[name]) for one in (of.from_documents, of.from_relevant))
            yield f"| {column} | {name} | {' | '.join(far)} | {told} |"
    yield f"\n{len(texts)} queries of test; a mean over the {parity.MOST} most frequent values, or the ranges of a number, of the"
    yield "difference of their shares without its sign: an interval of it never reaches 0."


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
    "missed": ("Search errors and model errors", missed),
    "unsure": ("Another's list where a generator is unsure", unsure),
    "exposure": ("Whom lists show, by a column", exposure),
    "lm": ("A language model ranks", lm),
    "titles": ("A language model writes titles", write_titles),
}

if __name__ == "__main__":
    main()
