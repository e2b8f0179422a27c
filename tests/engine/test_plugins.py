"""Records of another package: a small one lies in ``tests/plugin_example``, with the metadata that pip would write."""

import json
import os
import subprocess
import sys

import pytest

from engine.paths import ROOT

EXAMPLE = ROOT / "tests" / "plugin_example"


def shell(*arguments, example=True):
    """Run a command where the package is installed, or is not; gives (exit code, JSON or None, stderr)."""
    path = {"PYTHONPATH": f"{EXAMPLE}{os.pathsep}{ROOT}"} if example else {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "engine", *map(str, arguments), "--json"],
        cwd=ROOT,
        env=os.environ | path,
        capture_output=True,
        text=True,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def names(rows):
    return [row["name"] for row in rows]


@pytest.fixture(scope="module")
def listed():
    code, rows, _ = shell("plugins")
    assert code == 0
    return {(row["group"].removeprefix("triescope."), row["name"]): row["left_aside"] for row in rows}


def test_each_is_listed_with_what_is_wrong_with_it(listed):
    assert {place for place, why in listed.items() if why is None} == {
        ("schemes", "signs"),
        ("strategies", "reversed"),
        ("scorers", "node-again"),
        ("retrievers", "euclid"),
    }
    assert listed["schemes", "atomic"] == "its name is taken"
    assert "NOTHING" in listed["schemes", "gone"]
    assert listed["strategies", "signs"] == "triescope_example:SCHEME is no Strategy named 'signs'"
    assert "triescope_example_that_is_not_there" in listed["scorers", "broken"]


def test_a_scheme_makes_identifiers_and_a_strategy_decodes_them():
    code = """
import numpy as np
from engine import identifiers, trie
from engine.decoding import strategies
from engine.scorers.centroid import CentroidScorer, node_means
vectors = np.random.default_rng(0).standard_normal((40, 8)).astype(np.float32)
fitted = identifiers.fit("signs", vectors, {"bits": 2})
tree = trie.build(fitted.codes)
scorer = CentroidScorer(tree, node_means(tree, vectors), [])
found = {way: strategies.decode(way, tree, scorer, vectors[0], beams=9).leaves.tolist() for way in ("exact", "reversed")}
print(fitted.vocabulary[:2], len(set(found["exact"])), found["reversed"] == found["exact"][::-1])
"""
    path = os.environ | {"PYTHONPATH": f"{EXAMPLE}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, env=path, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("(4, 4) 9 True", "")


def test_a_retriever_searches_and_can_be_fused(small_build):
    code = f"""
import engine
build = engine.open({str(small_build)!r})
vector = build.embeddings[3]
names = ("dense", "euclid", "bm25+euclid")
found = {{name: [hit.id for hit in build.search("a film", name, 7, vector=vector)[0]] for name in names}}
print(found["dense"] == found["euclid"], len(found["bm25+euclid"]))
"""
    path = os.environ | {"PYTHONPATH": f"{EXAMPLE}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, env=path, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("True 7", "")


def test_the_others_are_there_with_a_warning_and_nothing_is_said_without_the_package():
    code, found, said = shell("schemes")
    assert code == 0
    assert names(found)[-1] == "signs"
    assert "triescope-example 1.0: 'atomic' of triescope.schemes is left aside: its name is taken" in said
    code, found, said = shell("scorers")
    assert (code, names(found["kinds"])[-1]) == (0, "node-again")
    assert "broken" in said
    assert shell("plugins", example=False) == (0, [], "")
