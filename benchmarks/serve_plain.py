"""What one would otherwise write in an afternoon: FastAPI, faiss's exact index over the same vectors, the same encoder, one
request at a time in FastAPI's threads. ``python -m benchmarks.serve_plain BUILD PORT`` serves it on loopback."""

import sys
from functools import lru_cache

import faiss
import numpy as np
import uvicorn
from fastapi import FastAPI

from engine.builds.opened import Build
from engine.text import embed


def application(folder: str) -> FastAPI:
    """The whole service."""
    build = Build(folder)
    index = faiss.IndexFlatIP(build.embeddings.shape[1])
    index.add(np.asarray(build.embeddings))
    shown = [{"id": document.id, "title": document.title, "metadata": document.metadata} for document in build.documents]
    encode = lru_cache(4096)(lambda query: embed.query_way(build.model, build.manifest.encoder.sha256)([query]))
    app = FastAPI()

    @app.get("/search")
    def search(query: str, k: int = 10) -> list[dict]:
        scores, rows = index.search(encode(query), k)
        return [
            shown[row] | {"rank": rank, "score": float(s)}
            for rank, (row, s) in enumerate(zip(rows[0], scores[0], strict=True), 1)
        ]

    return app


if __name__ == "__main__":
    options = {"host": "127.0.0.1", "port": int(sys.argv[2]), "access_log": False, "log_level": "warning"}
    uvicorn.run(application(sys.argv[1]), http="httptools", loop="asyncio", **options)
