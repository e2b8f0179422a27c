"""Whatever is asked, in whatever letters, is answered in a sentence: no traceback, no path of this machine, no hang."""

import random

import pytest

from engine.serve import told

ODD = ["", "\0", "\u202eabc", "'", '"', "--", "*", "(((", "year", "not", "-1", "1e999", "NaN", "99999999999", "../../etc/passwd"]
ODD += [
    "%00",
    "<script>",
    "a" * 300,
    "+",
    "~",
    ":::",
    "generative:",
    "generative:../x",
    "dense@rrf",
    ".3*bm25+.7*dense",
    "\ud7ff",
    "true",
]
USUAL = {
    "query": ["a ship", "two friends"],
    "retriever": ["bm25", "dense", "generative", "hybrid"],
    "k": ["3"],
    "beams": ["5"],
    "filter": ["", "year > 1960"],
    "strategy": ["beam", "diverse", "exact"],
    "option": ["groups=2"],
    "force": [""],
    "ban": ["1"],
    "branch": [""],
    "temperature": ["1"],
    "seed": ["0"],
    "scorer": ["", "centroid"],
    "document": ["psycho-1960"],
    "prefix": ["1"],
    "explain": ["true"],
    "history": ["psycho-1960"],
    "less": [""],
    "model": [""],
    "seen": ["true"],
    "build": ["", "sixty"],
}
PATHS = {
    "/search": "query retriever k beams filter explain build",
    "/decode": "query beams k strategy option filter force ban branch temperature seed scorer build",
    "/why": "query document beams filter temperature build",
    "/trie": "prefix build",
    "/recommend": "history less model k beams seen build",
}


def ask(client, folder, chance):
    path = chance.choice(list(PATHS))
    names = PATHS[path].split()
    given = [(name, chance.choice(ODD if chance.random() < 0.12 else USUAL[name])) for name in names if chance.random() < 0.9]
    found = client.get(path, params=given)
    assert found.status_code in (200, 400, 422), (path, given, found.text)
    if found.status_code != 200:
        error = told.Fault.model_validate(found.json()).error
        assert "\n" not in error
        assert str(folder.parent) not in error
    return found.status_code


def test_odd_requests_are_answered_in_a_sentence(client, folder):
    chance = random.Random(4)
    assert {ask(client, folder, chance) for _ in range(150)} == {200, 400, 422}


@pytest.mark.slow
def test_two_thousand_of_them_leave_the_server_as_it_was(client, folder):
    chance = random.Random(5)
    before = client.get("/search", params={"query": "a ship"}).json()
    for _ in range(2000):
        ask(client, folder, chance)
    assert client.get("/search", params={"query": "a ship"}).json() == before
