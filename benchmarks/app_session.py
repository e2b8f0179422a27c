"""One visitor of the app who speaks Streamlit's protocol: a websocket, protobuf messages, no browser."""

import asyncio
import random
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

PATIENCE_S = 120
THINKS_S = (0.5, 3.0)
START = "start"
PAGES = (START, "decode", "compare", "trie", "codebooks", "identifiers")
CHARTS = {"echarts_chart", "plotly_chart"}


class Rerun(NamedTuple):
    """One run of a page: seconds from the request to the last message, and bytes sent."""

    page: str
    seconds: float
    size: int


async def session(
    url: str, seed: int, seconds: float, asked: Iterator[str], first: tuple[str, ...] = PAGES[:2]
) -> tuple[list[Rerun], list[str]]:
    """Open the first pages, then pages at random for so many seconds; the reruns, and in words what went wrong."""
    chance, reruns, faults, pages = random.Random(seed), [], [], {}
    end = time.monotonic() + seconds
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], max_size=None, origin=url) as socket:
        for page in first:
            reruns.append(await rerun(socket, pages, page, f"query={quote(next(asked))}", faults))
        while time.monotonic() < end:
            await asyncio.sleep(chance.uniform(*THINKS_S))
            try:
                reruns.append(await rerun(socket, pages, *next_page(chance, next(asked)), faults))
            except (TimeoutError, OSError, WebSocketException) as error:
                faults.append(f"{type(error).__name__} {error}")
                break
    return reruns, faults


def next_page(chance: random.Random, query: str) -> tuple[str, str]:
    """A page and its query string: Decode in three of nine, the others once or twice."""
    text = f"query={quote(query)}"
    return chance.choice(
        [
            ("decode", text),
            ("decode", f"{text}&beams={chance.choice([10, 50, 100])}"),
            ("decode", f"{text}&step={chance.randint(0, 3)}"),
            ("compare", text),
            ("trie", f"prefix={chance.randint(0, 31)}"),
            ("trie", ""),
            ("codebooks", ""),
            ("identifiers", ""),
            (START, ""),
        ]
    )


async def rerun(
    socket: ClientConnection, pages: dict[str, str], page: str, query: str, faults: list[str], kept: set[str] | None = None
) -> Rerun:
    """Ask for a page and read until its run has ended. Large elements are ``kept``, by hash, as a browser keeps them: what
    did not change is not sent again.

    Raises
    ------
    TimeoutError
        No message for two minutes.
    """
    asked = BackMsg()
    asked.rerun_script.query_string = query
    if page in pages:
        asked.rerun_script.page_script_hash = pages[page]
    else:
        asked.rerun_script.page_name = "" if page == START else page
    asked.rerun_script.cached_message_hashes.extend(kept or ())
    start, size, drawn = time.perf_counter(), 0, set()
    await socket.send(asked.SerializeToString())
    while True:
        raw = await asyncio.wait_for(socket.recv(), PATIENCE_S)
        size += len(raw)
        told = ForwardMsg.FromString(raw)
        kind = told.WhichOneof("type")
        if kind == "navigation":
            pages.update({known.url_pathname or START: known.page_script_hash for known in told.navigation.app_pages})
        elif kind == "delta":
            if kept is not None and told.metadata.cacheable:
                kept.add(told.hash)
            element = told.delta.new_element
            drawn.add(element.WhichOneof("type"))
            if element.WhichOneof("type") == "exception":
                faults.append(f"{page}: {element.exception.message[:200]}")
        elif kind == "script_finished":
            if told.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                faults.append(f"{page}: does not compile")
            if told.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                if page in ("decode", "compare") and not drawn & CHARTS:
                    faults.append(f"{page} with a query in the address drew no picture")
                return Rerun(page, time.perf_counter() - start, size)
