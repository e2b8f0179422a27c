"""What encodes documents faster, and what that costs: ``python -m benchmarks.encoding FOLDER...`` (BEIR folders).

OpenVINO (extra ``fast``) and a static encoder beside the encoder itself: texts a second of one core, short ones (titles of the
first folder) and long ones (its documents), and dense search over the vectors of each. Queries are encoded by the encoder itself,
those of the static one by that.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from engine import evaluation
from engine.data.corpus import Corpus, read
from engine.evaluation.measures import measure, run_of
from engine.evaluation.significance import difference, interval
from engine.retrievers import Queries
from engine.retrievers.dense import ExactRetriever
from engine.text import embed, encoders, fast_encoder, static_encoder

OUT = Path(__file__).parent / "results" / "encoding.md"
SHORT, LONG, DEEP = 2_000, 256, 10


def main(folders: list[str]) -> None:
    """Measure and write the table."""
    sets = [read(Path(folder)) for folder in folders]
    lines = [
        "# Encoding documents",
        "",
        f"`python -m benchmarks.encoding FOLDER...`. {evaluation.device()}. Texts a second of a core's own time; nDCG@10 of "
        "exact dense search over test queries, and the difference to the encoder itself [95% interval over queries].",
        "",
        f"| way | short, a second | long, a second | {' | '.join(f'{one.name}, nDCG@10 | difference' for one in sets)} |",
        f"|---|---|---|{'---|---|' * len(sets)}",
    ]
    with tempfile.TemporaryDirectory() as place:
        static_encoder.make(Path(place) / "static")
        own, static = encoders.load(), encoders.load(str(Path(place) / "static"))
        ways: dict[str, tuple[encoders.Encodes, encoders.Encoder]] = {
            "the encoder itself": (own, own),
            f"OpenVINO, {fast_encoder.precision()}": (fast_encoder.load(own.name), own),
            "static": (static, static),
        }
        known: list[np.ndarray] = []
        for name, (documents, queries) in ways.items():
            print(name, flush=True)
            found = [quality(corpus, documents, queries) for corpus in sets]
            known = known or found
            speeds = " | ".join(f"{speed(documents, texts):,.0f}" for texts in (short(sets[0]), long(sets[0])))
            cells = " | ".join(f"{_told(one)} | {_less(one, than)}" for one, than in zip(found, known, strict=True))
            lines.append(f"| {name} | {speeds} | {cells} |")
            print(lines[-1], flush=True)
    OUT.write_text("\n".join(lines) + "\n", "utf-8")


def short(corpus: Corpus) -> list[str]:
    """Titles."""
    return [document.title for document in corpus.documents if document.title][:SHORT]


def long(corpus: Corpus) -> list[str]:
    """Documents, spread over the corpus."""
    return [document.searched_text() for document in corpus.documents[:: max(1, len(corpus.documents) // LONG)]][:LONG]


def speed(encoder: encoders.Encodes, texts: list[str]) -> float:
    """Texts a second of processor time."""
    start = time.process_time()
    encoder.encode(texts)
    return len(texts) / (time.process_time() - start)


def quality(corpus: Corpus, documents: encoders.Encodes, queries: encoders.Encoder) -> np.ndarray:
    """nDCG@10 of each test query."""
    texts = [document.searched_text() for document in corpus.documents]
    if documents is queries and documents.key == encoders.fingerprint():
        vectors = embed.embed(texts)  # through the cache: they take half an hour
    else:
        vectors = np.concatenate([documents.encode(texts[at : at + embed.CHUNK]) for at in range(0, len(texts), embed.CHUNK)])
    qrels = corpus.qrels["test"]
    asked = queries.encode([corpus.queries[query] for query in qrels], "query")
    found = ExactRetriever(vectors).search(Queries([""] * len(qrels), asked), DEEP)
    run = run_of(qrels, found.rows, [document.id for document in corpus.documents])
    return measure(qrels, run, ["nDCG@10"])["nDCG@10"]


def _told(found: np.ndarray) -> str:
    of = interval(found)
    return f"{of.mean:.4f} [{of.low:.3f}, {of.high:.3f}]"


def _less(found: np.ndarray, than: np.ndarray) -> str:
    if found is than:
        return ""
    of = difference(found, than)
    return f"{of.mean:+.4f} [{of.low:+.4f}, {of.high:+.4f}]"


if __name__ == "__main__":
    main(sys.argv[1:])
