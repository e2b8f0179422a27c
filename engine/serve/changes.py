"""Documents that come and go while others search: what the shell's ``add`` and ``remove`` do, over HTTP.

A change is written whole or not at all (:mod:`engine.builds.living`), one after the other, and is answered when every retriever
finds it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from engine.builds import living
from engine.builds.living import Plan
from engine.builds.opened import Build
from engine.data.corpus import Document
from engine.serve import asked, told
from engine.serve.sending import sent
from engine.serve.settings import DOCUMENTS
from engine.serve.shelf import Shelf

# Documents of one request: embedding them takes seconds, and others wait.
MOST = 1000
Value = str | int | float | bool | None | list[str | int | float]


class DocumentSent(BaseModel):
    """A document as it is sent."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)

    id: str = Field(min_length=1, max_length=500, examples=["inception-2010"])
    title: str = Field("", max_length=10_000, examples=["Inception"])
    text: str = Field("", max_length=1_000_000, examples=["A thief who steals secrets out of dreams is to plant one."])
    metadata: dict[str, Value] = Field(default_factory=dict, max_length=200, examples=[{"year": 2010}])


class DocumentsSent(BaseModel):
    """Documents to add; those whose ids are there are changed."""

    model_config = ConfigDict(extra="forbid")

    documents: list[DocumentSent] = Field(min_length=1, max_length=MOST)


Ids = Annotated[list[str], Query(alias="id", description="Id of a document; repeat for more.", min_length=1, max_length=MOST)]


def routes(app: FastAPI, shelf: Shelf, writer: ThreadPoolExecutor) -> None:
    """Give the application the paths by which documents come and go; ``writer`` has one thread."""

    async def changed(name: str, change: Callable[[Build], Plan]) -> Response:
        def work() -> dict[str, str | int]:
            build = shelf.follow(shelf.get(name).name).build
            found = change(build)
            held = shelf.follow(build.folder.name)  # whoever is answered finds what was written
            return {"build": held.name} | found.counts() | {"documents": len(held.build.documents)}

        return sent(await asyncio.get_running_loop().run_in_executor(writer, work))

    @app.post(DOCUMENTS, response_model=told.ChangedTold, summary="Add documents, or change those whose ids are there.")
    async def _add(request: Request, documents: DocumentsSent, build: asked.BuildName = "") -> Response:
        # A form of somebody else's page can send text without asking; JSON it cannot.
        if not request.headers.get("content-type", "").lower().startswith("application/json"):
            raise HTTPException(415, "documents are sent as application/json")
        come = [Document(one.id, one.title, one.text, dict(one.metadata)) for one in documents.documents]
        return await changed(build, lambda opened: living.add(opened.folder, come, known=opened))

    @app.delete(DOCUMENTS, response_model=told.ChangedTold, summary="Remove documents: all that are named, or none.")
    async def _remove(ids: Ids, build: asked.BuildName = "") -> Response:
        return await changed(build, lambda opened: living.remove(opened.folder, ids, opened))
