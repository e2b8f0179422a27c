"""Studies of :mod:`benchmarks.rows` on what lists show: whom an answer cites, whom the first ten show, who lost a document."""

import time
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.judged_rows import DEPTH, MEASURE, WIDTHS, asked, judged, of_split, rows_relevant
from engine import evaluation, paths
from engine.answers import extract
from engine.answers.answer import nearest, sources
from engine.answers.written import NEAR, write
from engine.builds import living
from engine.builds.given import Given
from engine.builds.hits import Hit
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.evaluation import parity
from engine.retrievers import Queries, lost
from engine.retrievers.tuning import QUANTILES
from engine.text import embed, language_model, models
from engine.text.languages import ENGLISH, stop_words
from engine.text.words import pieces

NARROW, CITED = 10, 5
MODEL, ANSWERED, BY_HITS = "smollm2", 30, "hybrid"
FRESH, STAND_INS = 0.25, ("dense-hnsw", "bm25+dense")
BY = ("genre", "language", "year")


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


def written(opened: Build) -> Iterator[str]:
    """What a small language model writes over five hits, on queries drawn from test: what it cites, and whether what it says
    stands in a document, by the encoder and by words; beside it the hits, an extract, and the hits of another query."""
    qrels, texts = asked(opened)
    drawn = np.sort(np.random.default_rng(0).choice(len(texts), min(ANSWERED, len(texts)), replace=False)).tolist()
    relevant, model = rows_relevant(opened, qrels), language_model.load(models.folder_of(MODEL, "lm"))
    hits_of = [opened.search(texts[place], BY_HITS, CITED).hits for place in drawn]
    found: dict[str, list[float]] = {}
    start, numbers = time.process_time(), 0
    for place, hits, others in zip(drawn, hits_of, [*hits_of[1:], hits_of[0]], strict=True):
        right = {hit.rank for hit in hits if opened.row_of[hit.id] in relevant[place]}
        answer = write(opened, texts[place], hits, model)
        told, numbers = answer.sentences, numbers + len(answer.sentences)
        taken = extract.extract(opened, texts[place], hits).sentences
        elsewhere = sources(opened, others)
        vectors = embed.embed([one.text for one in told], opened.model) if told else []
        of = {
            "of the hits are relevant": [hit.rank in right for hit in hits],
            "of the sentences of an extract are from a relevant one": [bool(right.intersection(one.cited)) for one in taken],
            "of the sentences written cite a hit": [bool(one.cited) for one in told],
            "cite a relevant one": [bool(right.intersection(one.cited)) for one in told],
            f"are near (cosine {NEAR}) to a sentence of a hit": [bool(one.nearest) for one in told],
            "to one of another query's hits": [nearest(vector, elsewhere)[1] >= NEAR for vector in vectors],
            "are nearest to a hit that they cite": [one.nearest in one.cited for one in told],
            "of their words stand in a hit": [word in _said(opened, hits) for one in told for word in _telling(one.text)],
            "in one of another query's hits": [word in _said(opened, others) for one in told for word in _telling(one.text)],
            "of the answers are nothing": [not told],
        }
        for name, values in of.items():
            found.setdefault(name, []).append(float(np.mean(values)) if values else 0.0)
    took = (time.process_time() - start) / len(drawn)
    yield f"{len(drawn)} queries of test, drawn with seed 0; `{MODEL}`, zero-shot, over the first {CITED} hits of {BY_HITS};"
    yield f"{numbers} sentences, {took:.1f} s of a processor a query. A mean over the queries; nothing written counts as 0.\n"
    yield "| | share |\n|---|---|"
    for name, shares in found.items():
        yield f"| {name} | {evaluation.told(evaluation.interval(np.array(shares)))} |"


def _telling(text: str) -> list[str]:
    return [word for word in pieces(text) if word not in stop_words(ENGLISH)]


def _said(opened: Build, hits: Sequence[Hit]) -> set[str]:
    return {word for hit in hits for word in pieces(f"{hit.title} {opened.documents[opened.row_of[hit.id]].text}")}


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


def cold(opened: Build) -> Iterator[str]:
    """A quarter of the documents come after the tree was made, by a scheme that cannot place them: only the indexes have them."""
    fresh = np.random.default_rng(0).random(len(opened.documents)) < FRESH
    vectors = np.asarray(opened.embeddings)
    out = paths.builds() / f"bench-{opened.name}-cold"
    if not out.is_dir():
        old = opened.corpus._replace(documents=[opened.documents[row] for row in np.flatnonzero(~fresh)])
        make(old, BuildSpec(scheme="title", fields=opened.manifest.spec.fields), out, given=Given(vectors=vectors[~fresh]))
        living.add(out, [opened.documents[row] for row in np.flatnonzero(fresh)], vectors=vectors[fresh])
    live, come = Build(out), {opened.documents[row].id for row in np.flatnonzero(fresh)}
    values, new, sure = {}, {}, {}
    for split in ("dev", "test"):
        qrels, queries = of_split(live, split)
        ranking, sure[split] = live.retriever("generative", WIDTHS[-1]).search_with_confidence(queries, DEPTH)
        found = {"generative": ranking.rows} | {name: live.retriever(name).search(queries, DEPTH).rows for name in STAND_INS}
        values[split] = {name: judged(live, qrels, rows) for name, rows in found.items()}
        asks = [{of for of, grade in one.items() if grade > 0} for one in qrels.values()]
        new[split] = np.array([len(of & come) / max(1, len(of)) for of in asks])
    for name in STAND_INS:
        thresholds = np.concatenate([[0.0], np.quantile(sure["dev"], QUANTILES)])
        dev = [np.where(sure["dev"] < one, values["dev"][name], values["dev"]["generative"]).mean() for one in thresholds]
        falls = sure["test"] < thresholds[int(np.argmax(dev))]
        label = f"generative, {name} for the unsure ({falls.mean():.0%})"
        values["test"][label] = np.where(falls, values["test"][name], values["test"]["generative"])
    groups = {"none new": new["test"] == 0, "some new": (new["test"] > 0) & (new["test"] < 1), "all new": new["test"] == 1}
    heads = [f"{name} ({of.sum()} queries)" for name, of in groups.items()]
    yield f"{fresh.sum():,} of {len(fresh):,} documents came later; identifiers from titles. {MEASURE} by what is relevant.\n"
    yield f"| | all | {' | '.join(heads)} | all, less generative | p |\n|{'---|' * 7}"
    for name, of in values["test"].items():
        less = evaluation.difference(of, values["test"]["generative"])
        cells = [evaluation.told(evaluation.interval(of[some])) for some in (np.ones(len(of), bool), *groups.values())]
        yield f"| {name} | {' | '.join(cells)} | {evaluation.told(less, sign=True)} | {evaluation.told_p(less)} |"


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
