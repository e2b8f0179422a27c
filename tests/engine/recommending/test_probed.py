"""Probes of a build: with interactions and without, and fitted anew."""

import json

from engine.builds.opened import Build
from engine.recommending.probed import probed


def test_a_build_with_interactions_says_what_its_prefixes_say_of_them(build):
    found = probed(build, again=True)
    assert [one.name for one in found.parts] == ["head", "middle", "tail"]
    assert sum(one.items for one in found.parts) == len(build.documents)
    assert found.together[0].pairs > 50
    assert [one.how for one in found.refits] == ["with another seed", "without a twentieth of the documents"]
    assert all(0 <= row.kept <= 1 for one in found.refits for row in one.churn)
    text = "\n".join(found.lines())
    assert "taken one after another" in text
    assert "fitted anew, with another seed: of the pairs" in text


def test_a_build_without_has_its_tree_alone(small_build, shell):
    found = probed(Build(small_build))
    assert found.structure.levels == Build(small_build).trie.levels
    assert [found.together, found.parts, found.refits] == [[], [], []]
    assert json.dumps(found.as_json())
    assert json.loads(shell("report", small_build, "--json")[1])["probes"]["structure"] == found.structure._asdict()
