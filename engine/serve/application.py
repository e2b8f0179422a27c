"""The server's paths: each hands what was asked to the engine and sends what the shell's ``--json`` would print."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

import engine
from engine import retrievers
from engine.builds import answers
from engine.builds.written import check_query
from engine.errors import TriescopeError
from engine.serve import asked, changes, checked, next_items, told
from engine.serve.batches import Batches, BusyError, Wanted
from engine.serve.guard import Guard
from engine.serve.held import Held
from engine.serve.metrics import Metrics
from engine.serve.sending import plain, sent
from engine.serve.settings import Settings
from engine.serve.shelf import Shelf

# Threads beside the one that searches: decodes, explanations, the tree.
THREADS = 2
# Seconds between two looks at the folders.
LOOK_S = 1.0
FAULTS: dict[int | str, dict[str, Any]] = {
    400: {"model": told.Fault, "description": "What was asked cannot be had; the sentence says why."},
    422: {"model": told.Fault, "description": "A parameter is missing, or out of its range."},
    503: {"model": told.Fault, "description": "Too many requests wait already."},
}

log = logging.getLogger(__name__)
T = TypeVar("T")


def application(shelf: Shelf, settings: Settings) -> Guard:
    """The whole server as an ASGI application."""
    metrics = Metrics(lambda: [(name, len(shelf.get(name).build.documents)) for name in shelf.names], lambda: shelf.switches)

    def search(wanted: Wanted, texts: list[str]) -> list[tuple[Held, Any, int]]:
        def of(held: Held) -> list[tuple[Held, Any, int]]:
            found = held.search(texts, wanted.retriever, wanted.k, wanted.beams, wanted.filter)
            allowed = held.allowed(wanted.filter)
            return [(held, hits, 0 if allowed is None else int(allowed.sum())) for hits in found]

        return shelf.answer(wanted.build, of)

    batches = Batches(search, settings.together, settings.waiting, metrics.together.observe)
    threads, places = ThreadPoolExecutor(THREADS, "answer"), asyncio.Semaphore(settings.waiting)
    follower, writer = ThreadPoolExecutor(1, "follow"), ThreadPoolExecutor(1, "write")

    async def in_thread(name: str, work: Callable[[Held], T]) -> T:
        if places.locked():
            raise BusyError
        async with places:
            return await asyncio.get_running_loop().run_in_executor(threads, shelf.answer, name, work)

    async def follow() -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await asyncio.get_running_loop().run_in_executor(follower, shelf.follow_all)
            except Exception:  # whatever it was, it is told, and the next look comes: else nobody would ever see a newer build
                log.exception("the builds could not be looked at")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(batches.run()), asyncio.create_task(follow())]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for pool in (threads, follower, writer):
            pool.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(
        title="Triescope",
        version=engine.__version__,
        summary="Generative retrieval: builds that answer over HTTP.",
        lifespan=lifespan,
        docs_url=None,  # their pages are fetched from elsewhere; the description itself is at /openapi.json
        redoc_url=None,
        responses=FAULTS,
    )
    _tell_faults(app, shelf)

    @app.get("/search", response_model=told.SearchTold, summary="Search a build with one retriever.")
    async def _search(
        query: asked.Text,
        retriever: asked.Retriever = "generative",
        k: asked.K = 10,
        beams: asked.Beams = retrievers.DEFAULT_BEAMS,
        filter_text: asked.Filter = "",
        explain: asked.Explain = False,
        build: asked.BuildName = "",
    ) -> Response:
        check_query(query)
        checked.check_retriever(retriever)
        name = shelf.get(build).name
        held, hits, passed = await batches.ask(Wanted(name, retriever, k, beams, filter_text), query)
        value = {"build": name, "query": query, "retriever": retriever}
        value |= answers.filter_json(held.build, filter_text, passed)
        value |= answers.read_json(held.build, query, retriever, held.allowed(filter_text))
        if explain:  # two milliseconds of words and stems, which the others need not wait for
            listed = await in_thread(name, lambda _: answers.hits_json(held.build, query, retriever, hits))
        else:
            listed = answers.hits_json(held.build, query, retriever, hits, explain=False)
        return sent(value | {"hits": listed})

    @app.get("/decode", response_model=told.DecodeTold, summary="Decode a query: every step, what was kept, what was cut.")
    async def _decode(
        query: asked.Text,
        beams: asked.Beams = 10,
        k: asked.K = 10,
        strategy: asked.Strategy = "beam",
        option: asked.Options = [],  # noqa: B006 - FastAPI copies it
        filter_text: asked.Filter = "",
        force: asked.Prefix = "",
        ban: asked.Prefixes = [],  # noqa: B006
        branch: asked.Prefix = "",
        temperature: asked.Temperature = 1.0,
        seed: asked.Seed = 0,
        scorer: asked.Scorer = "",
        build: asked.BuildName = "",
    ) -> Response:
        options = checked.settings_of(strategy, option)
        rest = (k, strategy, options, filter_text, force, ban, branch, temperature, seed, scorer)
        found = await in_thread(build, lambda held: answers.decoded(held.whole().build, query, beams, *rest)[1])
        return sent({"build": shelf.get(build).name} | found)

    @app.get("/why", response_model=told.WhyTold, summary="Why a document comes back, or at which level it is cut.")
    async def _why(
        query: asked.Text,
        document: asked.Document,
        beams: asked.Beams = retrievers.DEFAULT_BEAMS,
        filter_text: asked.Filter = "",
        temperature: asked.Temperature = 1.0,
        build: asked.BuildName = "",
    ) -> Response:
        rest = (query, document, beams, filter_text, temperature)
        found = await in_thread(build, lambda held: answers.explained(held.whole().build, *rest)[1])
        return sent({"build": shelf.get(build).name} | found)

    @app.get("/trie", response_model=told.TrieTold, summary="What lies below a prefix of the tree.")
    async def _trie(prefix: asked.Prefix = "", build: asked.BuildName = "") -> Response:
        return sent({"build": shelf.get(build).name} | answers.trie_json(shelf.get(build).build, prefix))

    @app.get("/recommend", response_model=told.RecommendTold, summary="What comes next after a history of items.")
    async def _recommend(
        history: asked.History,
        less: asked.Less = "",
        model: asked.Model = "",
        k: asked.K = 10,
        beams: asked.Beams = retrievers.DEFAULT_BEAMS,
        seen: asked.Seen = False,
        slate: asked.Slate = "",
        build: asked.BuildName = "",
    ) -> Response:
        rest = (history, less, model, k, beams, seen, slate)
        return sent(await in_thread(build, lambda held: next_items.recommended(held.whole(), *rest)))

    @app.get("/builds", response_model=list[told.BuildTold], summary="The builds that are served.")
    async def _builds() -> Response:
        listed = []
        for name in shelf.names:
            held = shelf.get(name)
            manifest = held.build.manifest
            known = {"documents": manifest.corpus.documents, "scheme": manifest.identifiers.scheme, "created": manifest.created}
            known |= {"encoder": manifest.encoder.name.rpartition("/")[2], "scorers": held.build.scorer_names}
            listed.append({"name": name, **known, "fault": shelf.faults.get(name) or plain(shelf, held.unencoded)})
        return sent(listed)

    @app.get("/health", response_model=told.HealthTold, summary="Whether the server answers; asks for no token.")
    async def _health() -> Response:
        return sent({"status": "ok", "version": engine.__version__, "builds": len(shelf.names)})

    @app.get("/metrics", summary="Figures for Prometheus.", responses={200: {"content": {"text/plain": {}}}})
    async def _metrics() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    if settings.writable:
        changes.routes(app, shelf, writer)
    return Guard(app, settings, metrics)


def _tell_faults(app: FastAPI, shelf: Shelf) -> None:
    """Every fault is one sentence under ``error``: no traceback, no path of this machine."""

    @app.exception_handler(TriescopeError)
    async def _ours(_: Request, error: TriescopeError) -> Response:
        return sent({"error": plain(shelf, str(error))}, 400)

    @app.exception_handler(BusyError)
    async def _busy(_: Request, error: BusyError) -> Response:
        return sent({"error": "too many requests wait already; try again"}, 503, {"retry-after": "1"})

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return sent({"error": f"{first['loc'][-1]}: {first['msg'][:1].lower()}{first['msg'][1:]}"}, 422)

    @app.exception_handler(HTTPException)
    async def _of_http(_: Request, error: HTTPException) -> Response:
        return sent({"error": str(error.detail).lower()}, error.status_code, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def _bug(_: Request, error: Exception) -> Response:
        # The connection ends with it, and a client that is not told would send its next request into nothing.
        return sent({"error": "the server failed at this request; its log says where"}, 500, {"connection": "close"})
