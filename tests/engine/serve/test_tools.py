"""Tools for agents answer what the engine answers; asked by the protocol's own client, in this process and over stdio."""

import asyncio
import os
import sys

import pytest
from mcp import Client, StdioServerParameters

from engine.builds import answers
from engine.paths import ROOT
from engine.serve.tools import tools

QUERY = "a ship in a storm"


def ask(server, *calls):
    async def whole():
        async with Client(server, read_timeout_seconds=60) as client:
            listed = await client.list_tools()
            return listed.tools, [await client.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(whole())


def test_each_tool_gives_what_the_engine_gives(shelf, opened):
    document = opened.documents[7].id
    listed, found = ask(
        tools(shelf),
        ("search", {"query": QUERY, "retriever": "bm25", "k": 3, "filter": "year > 1950"}),
        ("decode", {"query": QUERY, "beams": 4, "k": 2}),
        ("why", {"query": QUERY, "document": document, "beams": 2}),
        ("builds", {}),
    )
    assert {tool.name for tool in listed} == {"search", "decode", "why", "builds"}
    assert all(tool.annotations.read_only_hint and tool.description for tool in listed)
    hits, trace, why, builds = (one.structured_content for one in found)
    expected = opened.search(QUERY, "bm25", 3, filter="year > 1950")[0]
    assert [(hit["id"], hit["score"]) for hit in hits["hits"]] == [(hit.id, hit.score) for hit in expected]
    whole = answers.decoded(opened, QUERY, 4, 2)[1]
    assert trace["hits"] == whole["hits"]
    assert [step["kept"] for step in trace["steps"]] == [step["kept"] for step in whole["steps"]]
    assert max(len(step["pruned"]) for step in trace["steps"]) <= 3
    assert why == {"build": "sixty"} | answers.explained(opened, QUERY, document, 2)[1]
    (build,) = builds["builds"]
    assert (build["name"], build["documents"], "year" in build["columns"]) == ("sixty", 60, True)


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("search", {"query": "?"}, "the query is empty"),
        ("search", {"query": "x", "retriever": "bm25:k1=0.9"}, "settings of its own"),
        ("search", {"query": "x", "build": "../sixty"}, "there is no build '../sixty' here"),
        ("search", {"query": "x", "k": 100_000}, "less than or equal to 100"),
        ("why", {"query": "x", "document": "nobody"}, "has no document 'nobody'"),
    ],
)
def test_what_was_asked_wrong_is_told_in_a_sentence(shelf, name, arguments, said):
    _, (found,) = ask(tools(shelf), (name, arguments))
    assert found.is_error
    assert said in found.content[0].text
    assert "Traceback" not in found.content[0].text


@pytest.mark.slow
def test_an_agent_starts_it_and_talks_over_stdio(folder, own_home):
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "engine", "mcp", str(folder)], cwd=str(ROOT), env=dict(os.environ)
    )
    listed, (found,) = ask(server, ("search", {"query": QUERY, "retriever": "bm25", "k": 1}))
    assert len(listed) == 4
    assert len(found.structured_content["hits"]) == 1
