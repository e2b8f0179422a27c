"""What changed, folded into a build: the same answers, trained scorers too, one build under the name at every moment."""

import json
import os
import shutil
from importlib import import_module

import numpy as np
import pytest
import torch

from engine.builds import living, runs
from engine.builds.folding import fold
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.files import exchange
from engine.live import journal
from engine.scorers import carried
from engine.scorers.kinds import KINDS
from engine.training.source import open_source
from tests.engine.builds.test_living import ASKED, documents, vectors
from tests.engine.stored_runs import stored_run
from tests.engine.training.whole_models import shaken

KINDS_HERE = "node joint one-pass transformer t5".split()
SMALL = {"node": {"hidden": 16}, "joint": {"hidden": 16, "layers": 0}, "one-pass": {"hidden": 16}, "t5": {"size": "tiny"}}


@pytest.fixture
def folder(sixty_home, tmp_path):
    return shutil.copytree(sixty_home / "builds" / "sixty", tmp_path / "sixty")


def change(folder):
    """Twenty documents come, of which one goes again with one of the first; some share the codes of others."""
    near = np.repeat(np.asarray(Build(folder).embeddings[:5]), 4, axis=0)
    living.add(folder, documents(20), vectors=near)
    living.remove(folder, ["new-3", Build(folder).documents[9].id])


def trained(folder, scorer):
    """A scorer of a kind whose weights are the first ones, shaken: no training."""
    kind, parts = KINDS[scorer], Build(folder, live=False).parts
    chosen = {option.name: option.default for option in kind.options} | SMALL.get(scorer, {})
    model = shaken(import_module(kind.model).create(parts, chosen, 0))
    run = stored_run(name=scorer, scorer=scorer, settings=chosen)
    runs.store(folder, run, {name: tensor.numpy() for name, tensor in model.state_dict().items()})
    return chosen


def answers(build, name, k=12):
    hits = build.search(ASKED, name, k, 100, vector=vectors(1, 5)[0]).hits
    return [(hit.id, round(hit.score, 4)) for hit in hits]


@pytest.mark.parametrize("scorer", KINDS_HERE)
def test_a_trained_scorer_follows_and_then_comes_along(folder, scorer):
    torch.set_num_threads(1)
    trained(folder, scorer)
    plain = Build(folder)
    change(folder)
    live = Build(folder)
    old, new = plain.scorer(scorer), live.scorer(scorer)
    # Children that are there before and after, with as many documents, have the odds they had.
    came = live.grown.change.came
    (query,) = old.encode([ASKED], vectors(1, 5)) if old.abilities.reads_text else vectors(1, 5)
    for node in np.flatnonzero(came >= 0):
        below, before = live.trie.children(np.array([node])), plain.trie.children(came[[node]])
        same = np.array_equal(came[below.node], before.node)
        if same and len(below.node) and np.array_equal(live.trie.counts_of(below.node), plain.trie.counts_of(before.node)):
            state, total = np.array([node]), np.zeros(1, np.float32)
            found = new.score(new.start(query), state, total, below).log_prob
            wanted = old.score(old.start(query), came[[node]], total, before).log_prob
            if scorer in ("node", "joint", "transformer"):  # the others' softmax is over codes that came too
                np.testing.assert_allclose(found, wanted, atol=1e-4)
    name = f"generative:{scorer}"
    found = answers(live, name, 100)
    assert {f"new-{n}" for n in range(20) if n != 3} <= {document for document, _ in found}
    assert fold(folder).carried == [scorer]
    assert answers(Build(folder), name, 100) == found


def test_a_new_node_is_scored_as_the_centroid_scorer_would_until_it_learns(folder):
    change(folder)
    live = Build(folder)
    of = live.grown.change
    nodes = np.arange(len(of.after.code))
    untrained = carried.vectors(of, np.asarray(of.means_before), nodes)
    new = of.came < 0
    assert new.sum() > 10
    np.testing.assert_allclose(untrained[new], of.means[new], atol=1e-6)
    counts = carried.biases(of, np.log(of.before.counts), nodes)
    np.testing.assert_allclose(counts[new], np.log(of.after.counts)[new], atol=1e-6)
    # What training added to a node is added to those that come below it.
    learned = carried.vectors(of, np.asarray(of.means_before) + 0.25, nodes)
    np.testing.assert_allclose(learned[new], of.means[new] + 0.25, atol=1e-6)


def test_everything_answers_as_before_and_the_changes_are_gone(folder):
    change(folder)
    live = Build(folder)
    names = "bm25 dense generative hybrid tfidf".split()
    before = {name: answers(live, name) for name in names}
    ids, catalogue = [document.id for document in live.documents], live.catalogue
    codes = [live.identifier(row) for row in range(len(ids))]
    found = fold(folder)
    made = Build(folder)
    assert (found.changes, found.documents, made.grown, journal.stamp(folder)) == (2, len(ids), None, "")
    assert [document.id for document in made.documents] == ids
    assert [made.identifier(row) for row in range(len(ids))] == codes
    assert {name: answers(made, name) for name in names} == before
    assert made.catalogue == catalogue
    assert made.manifest.corpus.fitted == 59
    assert living.drift_of(made) == found.drift
    assert sorted(os.listdir(folder.parent)) == ["sixty"]
    # One that was killed after the two had changed places has left the old one behind.
    left = folder.with_name(".sixty.folded")
    left.mkdir()
    assert fold(folder) is None
    assert not left.exists()
    # It goes on from there.
    living.add(folder, documents(2, 40), vectors=vectors(2))
    assert living.drift_of(Build(folder)).later == 21
    assert Build(folder).catalogue == catalogue


def test_a_scorer_that_cannot_follow_is_said_and_never_lost(folder, monkeypatch):
    trained(folder, "node")
    runs.choose(folder, "node")
    monkeypatch.setattr("engine.builds.runs.kind", lambda name: KINDS[name]._replace(carry=None))
    change(folder)
    live = Build(folder)
    assert live.default_scorer == "centroid"
    with pytest.raises(TriescopeError, match="node cannot follow what changed in the catalogue"):
        live.scorer("node")
    with pytest.raises(TriescopeError, match="node cannot follow what changed; delete it"):
        fold(folder)
    assert Build(folder).grown
    assert runs.names(folder) == ["node"]


def test_two_folders_change_places_in_one_step(tmp_path, monkeypatch):
    for place in ("one", "other"):
        (tmp_path / place).mkdir()
        (tmp_path / place / place).touch()
    exchange(tmp_path / "one", tmp_path / "other")
    assert os.listdir(tmp_path / "one") == ["other"]
    assert os.listdir(tmp_path / "other") == ["one"]
    monkeypatch.setattr("ctypes.CDLL", lambda *given, **more: object())  # a system without it
    exchange(tmp_path / "one", tmp_path / "other")
    assert os.listdir(tmp_path / "one") == ["one"]
    assert sorted(os.listdir(tmp_path)) == ["one", "other"]


def test_the_shell_adds_syncs_removes_and_folds_in(folder, told, shell, tmp_path):
    rows = [{"id": f"new-{n}", "title": f"Glass {n}", "text": "A dragon sings."} for n in range(2)]
    feed = tmp_path / "feed.jsonl"
    feed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert told("add", folder, feed)["added"] == 2
    assert told("add", folder, feed)["unchanged"] == 2
    assert told("search", folder, "glass dragon", "-r", "bm25", "-k", 1)["hits"][0]["id"] == "new-0"
    assert told("remove", folder, "new-0")["documents"] == 61
    with open(feed, "a") as file:
        for document in Build(folder).documents[:40]:
            file.write(json.dumps({"id": document.id, "title": document.title, "text": document.text} | document.metadata) + "\n")
    ahead = told("sync", folder, feed, "--dry-run")
    counts = {"added": 1, "changed": 0, "removed": 20, "unchanged": 41}
    assert counts.items() <= ahead.items()
    assert ahead["ids"]["added"] == ["new-0"]
    code, _, err = shell("sync", folder, feed, "--most", "0.1")
    assert code == 2
    assert "it would remove 20 of 61 documents" in err
    assert counts.items() <= told("sync", folder, feed).items()
    assert told("compact", folder)["documents"] == 42
    assert told("compact", folder) == {"changes": 0}


def test_a_change_is_refused_in_a_line(folder, shell, tmp_path):
    code, _, err = shell("remove", folder, "nobody")
    assert code == 2
    assert "has no document 'nobody'; nothing is removed" in err
    (tmp_path / "a.csv").write_text("id,title\n1,\n")
    code, _, err = shell("add", folder, tmp_path / "a.csv")
    assert code == 2
    assert "no document with a title or a text" in err


def test_a_change_of_codes_is_known_for_every_node(folder):
    change(folder)
    of = Build(folder).grown.change
    for node in range(len(of.after.code)):
        before = of.before.find(of.after.prefix(node))
        assert of.came[node] == (-1 if before is None else before)


def test_training_learns_from_the_build_as_it_was_made_and_says_so(folder, caplog):
    assert len(open_source(folder).documents) == 60
    assert caplog.text == ""
    change(folder)
    assert len(open_source(folder).documents) == 60
    assert "learned from as it was made" in caplog.text
