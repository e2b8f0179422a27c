"""Claim 4 on a hundred thousand real texts and a million with synthetic ones: ``python -m benchmarks.million FILE [BUILD]``.

FILE has a synset of WordNet a line: id, lemmas, definition, examples. A document is lemmas and definition; sentences in which
lexicographers used a word, which are no part of it, are the queries, and the synset that one stands at is its only answer. BUILD
is a build of the same documents whose vectors are taken. The finding goes to ``data/films/claims/elsewhere``, a table to
``benchmarks/results/million.md``.
"""

import gzip
import json
import sys
import time
from pathlib import Path

import numpy as np

from engine import evaluation, paths
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.claims import CLAIMS, kept, measure
from engine.data.corpus import Corpus, Document
from engine.data.figures import told

NAME, ASKED, WORDS = "wordnet", 400, 4
OUT = Path(__file__).parent / "results" / "million.md"


def main() -> None:
    """Build, ask, keep and write."""
    source = Path(sys.argv[1])
    given = np.asarray(Build(sys.argv[2]).embeddings) if len(sys.argv) > 2 else None
    opened = Build(make(corpus_of(source), BuildSpec(), paths.builds() / NAME, vectors=given))
    start = time.process_time()
    found = measure.finding(opened, CLAIMS["loses-at-scale"])
    kept.keep(kept.elsewhere() / NAME, found)
    section = found.section
    head = f"`python -m benchmarks.million`. {evaluation.device()}; {time.process_time() - start:.0f} s of a processor."
    lines = ["# To a million documents", "", head, "", f"**{found.verdict}**. {section.says}", ""]
    lines += [f"| {' | '.join(section.columns)} |", "|---" * len(section.columns) + "|"]
    lines += [f"| {' | '.join('' if cell is None else str(cell) for cell in row)} |" for row in section.rows]
    lines += ["", *(f"- {note}" for note in section.notes), "", *(f"- {name}: {told(of)}" for name, of in found.figures.items())]
    OUT.write_text("\n".join(lines) + "\n", "utf-8")
    print(OUT.read_text("utf-8"))


def corpus_of(source: Path) -> Corpus:
    """Synsets, and sentences of some of them, drawn by a seed, as queries."""
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        synsets = [json.loads(line) for line in lines]
    documents = [Document(of["id"], " ".join(of["lemmas"]), of["definition"], {}) for of in synsets]
    told_of = [of for of in synsets if any(len(one.split()) >= WORDS for one in of["examples"])]
    drawn = np.sort(np.random.default_rng(0).permutation(len(told_of))[:ASKED])
    asked = {told_of[place]["id"]: told_of[place]["examples"] for place in drawn}
    queries = {f"q{key}": next(one for one in examples if len(one.split()) >= WORDS) for key, examples in asked.items()}
    return Corpus(NAME, documents, queries, {"test": {f"q{key}": {key: 1} for key in asked}}, [])


if __name__ == "__main__":
    main()
