"""Documents that arrive after a decoder's training: left to the tree, edited into one layer, or learned by all weights.

``python -m benchmarks.edits [BUILD]``: the bundled films unless another is named. F_n and GA_n are those of claim 3
(:mod:`engine.claims.arriving`), by BM25, dense search and the node scores that the decoder begins from beside it. The block of
``benchmarks/results/learned.md`` is written anew.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.blocks import replace_block
from benchmarks.learned import HEAD, OUT
from benchmarks.narrow import built
from engine import evaluation
from engine.builds.opened import Build
from engine.claims import dynamic_corpora, edited_decoder
from engine.claims.arriving import MEASURE, dealt, stood
from engine.claims.edited_decoder import Asked
from engine.scorers.transformer import encode

SPLIT, SEED = "test", 0


def main() -> None:
    """Measure the build that is named."""
    opened = built(sys.argv[1] if len(sys.argv) > 1 else "films")
    body = "\n".join(table(opened))
    told = f"`python -m benchmarks.edits {opened.name}`. {evaluation.device()}.\n\n{body}\n"
    replace_block(f"DOME, new documents edited into a decoder: {opened.name}", told, OUT, HEAD)


def asked_of(opened: Build, order: np.ndarray) -> Asked:
    """Titles of all documents and the train queries, with rows in the order of arrival."""
    place = np.argsort(order)
    pairs = [
        (opened.corpus.queries[query], place[opened.row_of[document]])
        for query, grades in opened.corpus.qrels["train"].items()
        for document, grade in grades.items()
        if grade > 0 and document in opened.row_of
    ]
    texts = [*(opened.documents[row].title for row in order), *(text for text, _ in pairs)]
    once = list(dict.fromkeys(texts))
    vectors = opened.embed_queries(once)
    number = {text: at for at, text in enumerate(once)}
    encoded = encode(once, vectors, opened.parts, {})
    rows = np.array([*range(len(order)), *(row for _, row in pairs)], np.int64)
    return Asked([encoded[number[text]] for text in texts], vectors[[number[text] for text in texts]], rows, len(order))


def table(opened: Build) -> Iterator[str]:
    """F_n and GA_n of every way, and what it is ahead of leaving new documents to the tree."""
    qrels = opened.corpus.qrels[SPLIT]
    texts = {query: opened.corpus.queries[query] for query in qrels}
    slices = dealt(opened, qrels, SEED)
    vectors = np.ascontiguousarray(np.asarray(opened.embeddings)[slices.order], np.float32)
    made = dynamic_corpora.scheme(opened, slices, vectors, dynamic_corpora.NUMBERS, SEED)
    once = list(dict.fromkeys(texts.values()))
    known = dict(zip(once, encode(once, opened.embed_queries(once), opened.parts, {}), strict=True))
    start = time.process_time()
    codes = made.codes(len(slices.ends) - 1)
    searches, patched = edited_decoder.ways(slices, codes, vectors, asked_of(opened, slices.order), known, opened.model, SEED)
    block = patched.strongest("feed-forward")
    print(f"trained on D0 in {time.process_time() - start:.0f} s of a processor; block {block} is edited", file=sys.stderr)
    yield f"| way | F_n | GA_n, {MEASURE} of new documents | GA_n less overlay | F_n less overlay | seconds of a processor |"
    yield f"|---|{'---|' * 5}"
    base = None
    for way, search in searches.items():
        start = time.process_time()
        found = stood(opened, slices, texts, search)
        base = base or found
        cells = [evaluation.told(evaluation.interval(of)) for of in (found.forgotten, found.found)]
        less = ["", ""]
        if found is not base:
            less = [
                evaluation.told(evaluation.difference(of, other), sign=True)
                for of, other in ((found.found, base.found), (found.forgotten, base.forgotten))
            ]
        row = f"| {' | '.join([way, *cells, *less, f'{time.process_time() - start:.0f}'])} |"
        print(row, file=sys.stderr, flush=True)
        yield row
    written = ", ".join(f"{one.name} {one.block} {evaluation.told(one.nats, sign=True)}" for one in patched.layers)
    yield f"\nNats that a layer wins back, patched, of {evaluation.told(patched.lost)} that the decoder loses with another query "
    yield f"({patched.pairs} pairs of D0): {written}."
    yield (
        f"\n{slices.ends[0]:,} documents of D0 and five slices; transformer of two blocks, {edited_decoder.STEPS} steps on D0, "
        f"{edited_decoder.MORE} a slice; {edited_decoder.BEAMS} beams. Edited: the feed-forward layer of block {block}. Seconds: "
        f"learning and searching. Seed {SEED}; {len(qrels)} {SPLIT} queries."
    )


if __name__ == "__main__":
    main()
