"""Builds answer requests over HTTP: ``python -m engine serve``.

A request that searches waits for those before it in one queue (:mod:`engine.serve.batches`), where whatever came meanwhile is
answered together; the others go to a few threads. Each build is held open whole (:mod:`engine.serve.held`) and followed: one
that is put in its place is opened beside it, and takes over between two requests (:mod:`engine.serve.shelf`). What may be asked,
by whom and how often is in :mod:`engine.serve.settings` and :mod:`engine.serve.guard`. FastAPI and uvicorn are the
extra ``serve``.
"""
