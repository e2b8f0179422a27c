"""The vectors that come with the bundled catalogue: its texts, embedded by the default encoder. The first build takes seconds.

They are a cache like the user's own (:mod:`engine.text.vector_cache`),
found by the encoder's fingerprint and the text's hash: another encoder or an edited text is
embedded anew. ``python -m engine.builds.packaged`` makes them again; a test holds them to the encoder.
"""

import shutil
from pathlib import Path

from engine import paths
from engine.builds.examples import shipped
from engine.builds.names import BUNDLED
from engine.data.datasets import default_fields, load
from engine.text.embed import embed


def texts() -> tuple[list[str], list[str]]:
    """What the first build of the catalogue embeds, its documents and the development queries that tune the hybrid, and what is
    asked first, the queries to try."""
    corpus, fields = load(BUNDLED), default_fields(BUNDLED)
    queries = [corpus.queries[query] for query in corpus.qrels["dev"]] + [example.query for example in shipped()[1]]
    return [document.searched_text(fields) for document in corpus.documents], queries


def write(folder: Path | None = None) -> None:
    """Embed :func:`texts` into an empty folder, by default the one that is part of the repository."""
    folder = folder or paths.bundled_vectors()
    shutil.rmtree(folder, ignore_errors=True)
    documents, queries = texts()
    embed(documents, cache=folder)
    embed(queries, cache=folder, role="query")


if __name__ == "__main__":
    write()
