"""Look-up: what has the values comes first, ranked by the scorer, the rest by number; train queries say what is meant."""

import shutil

import numpy as np
import pytest

from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Document
from engine.filters.columns import columns_of
from engine.retrievers import Queries
from engine.retrievers.look_up import reader
from engine.retrievers.query_keys import LookUp

ASKED = [
    "a heist",
    "french crime",
    "comedies of the 1990s in english",
    "horror or comedy from the united states",
    "documentary in french, horror",
]
FILMS = [
    Document(str(place), "", "", {"genre": genre, "land": land, "year": year})
    for place, (genre, land, year) in enumerate(
        [
            ("war", "france", 1961),
            ("war", "italy", 1972),
            ("drama", "france", 1961),
            ("drama", "italy", 1985),
            ("war", "war", 1999),
        ]
        * 3
    )
]


def has(document, words):
    """Whether a document has all that is meant by hand, a list of alternatives each: the slow twin of a filter."""
    meta = document.metadata
    values = {str(value).casefold() for cell in meta.values() for value in (cell if isinstance(cell, list) else [cell])}
    return all(any(w in values or (isinstance(w, int) and meta["year"] // 10 * 10 == w) for w in either) for either in words)


MEANT = [
    [],
    [["french"], ["crime"]],
    [["comedy"], [1990], ["english"]],
    [["horror", "comedy"], ["united states"]],
    [["documentary", "horror"], ["french"]],
]


RESTS = ["a heist", "french crime", "of the in", "or from the", "in"]


def test_the_list_is_that_of_a_filter_by_hand_with_the_others_behind(opened):
    by, wide = opened.retriever("look-up", 200), opened.retriever("generative", 200)
    queries = Queries(ASKED, np.asarray(opened.embed_queries(ASKED)))
    k, found = 60, by.search(queries, 60)
    rests = np.asarray(opened.embed_queries(RESTS))
    for place, words in enumerate(MEANT):
        fits = np.array([has(document, words) for document in opened.documents])
        assert fits.any()
        # Of what nobody has together the later words are left aside.
        while not fits.any():
            words = words[:-1]
            fits = np.array([has(document, words) for document in opened.documents])
        assert fits.any()
        one = Queries([RESTS[place]], rests[place : place + 1])
        first = wide.search(one, k, fits).rows[0]
        behind = wide.search(one, k, ~fits).rows[0] if not fits.all() else np.array([-1])
        assert found.rows[place].tolist() == [*first[first >= 0], *behind[behind >= 0]]
        assert (np.diff(found.scores[place]) <= 0).all()
        count = 0 if fits.all() else int(fits.sum())
        assert found.sources[place] == ["look-up"] * count + ["number"] * (k - count)
        assert ("written by number" in reader(opened).read(ASKED[place]).told()[0]) == fits.all()


def test_under_a_filter_nothing_else_comes_and_a_short_list_is_filled(opened):
    allowed = np.arange(len(opened.documents)) % 2 == 0
    queries = Queries(ASKED, np.asarray(opened.embed_queries(ASKED)))
    found = opened.retriever("look-up", 200).search(queries, 40, allowed)
    assert all(sorted(rows[rows >= 0]) == np.flatnonzero(allowed).tolist() for rows in found.rows)


def test_a_query_that_took_a_turn_keeps_it_when_words_are_left_out(opened):
    (whole, rest), turn = opened.embed_queries(["a crime film", "a film"]), np.asarray(opened.embeddings[3])
    by = opened.retriever("look-up", 200)
    (moved,) = by.by_the_rest(Queries(["a crime film"], (whole + turn)[None]), ["a film"]).vectors
    expected = (rest + turn) / np.linalg.norm(rest + turn)
    assert moved == pytest.approx(expected, abs=1e-4)


def test_what_train_queries_mean_otherwise_is_left_aside():
    columns = columns_of(FILMS)
    dramas, wars = [2, 3, 7, 8], [0, 1, 4]
    asked = [("a war", dramas), ("of war", dramas), ("a drama", dramas), ("dramas", dramas), ("war drama", dramas)]
    reads = LookUp(columns, asked)
    key = reads.keys.named("drama")[0].keys[0]
    # By hand: all three queries that say drama mean dramas; of the six times that a genre is named half are right.
    assert (reads.asked, reads.queries) == (5, 5)
    assert reads.trust(key) == pytest.approx((3 + 2 * 3 / 6) / (3 + 2))
    found = reads.read("war drama")
    assert found.filter == "genre = 'drama'"
    assert np.flatnonzero(found.allowed).tolist() == [row for row, film in enumerate(FILMS) if film.metadata["genre"] == "drama"]
    assert found.notes == ("\"war\" left aside: genre = 'war' has 20% of what answers train queries that say so, less than 70%",)
    assert LookUp(columns, asked, least=0).read("war").constraints[0].documents == 9
    assert reads.at_least(0).read("war").filter == LookUp(columns, asked, least=0).read("war").filter != reads.read("war").filter
    assert LookUp(columns, [("a war", wars)] * 9).read("a war").allowed.sum() == 9


def test_values_of_one_column_join_and_what_leaves_nothing_is_told():
    reads = LookUp(columns_of(FILMS))
    found = reads.read("drama or war of 1961, from france, of the 80s, not italy")
    assert found.filter == "(genre = 'drama' or (genre = 'war' or land = 'war')) and year = 1961 and land = 'france'" or (
        found.filter.startswith("genre = 'drama'")
    )
    assert any("ambiguous: a value of genre and land" in note for note in reads.read("war").notes)
    assert reads.read("italy france").filter == "(land = 'italy' or land = 'france')"
    assert any("no document that is left has year >= 1980" in note for note in reads.read("france of the 80s").notes)
    assert any("turns it round" in note for note in reads.read("not italy").notes)
    assert reads.read("not italy").allowed is None
    assert int(reads.read("france", np.arange(15) < 3).allowed.sum()) == 2


def test_in_a_tree_of_attributes_the_keys_are_the_first_codes(small_corpus, home):
    folder = home / "builds" / "keys"
    make(small_corpus, BuildSpec(scheme="attributes", settings={"columns": "language,mood"}), folder)
    build = Build(folder)
    reading = reader(build).read("a french one")
    trace = build.decode("a french one", 20, tree=build.view(reading.filter))
    (first,) = {int(build.codes[build.row_of[d.id]][0]) for d in build.documents if d.metadata["language"] == "French"}
    assert [build.trie.prefix(int(node)) for node in trace.steps[0].kept.node] == [(first,)]
    assert {build.trie.prefix(int(node))[0] for node in trace.steps[-1].kept.node} == {first}
    shutil.rmtree(folder)


def test_the_shell_says_what_was_read(small_build, told, shell):
    value = told("search", small_build, "french crime", "-r", "look-up", "-k", "60")
    assert value["read"][0].startswith('"french" is language = ')
    evidence = [hit["evidence"] for hit in value["hits"]]
    assert evidence[0].startswith("language = 'french'")
    assert evidence[-1].startswith("by number")
    trace = told("decode", small_build, "french crime", "--look-up", "--filter", "year > 1900")
    assert "documents are left" in " ".join(trace["read"])
    assert all(
        "French" in Build(small_build).documents[Build(small_build).row_of[h["id"]]].metadata.values() for h in trace["hits"]
    )
    code, out, _ = shell("decode", small_build, "a heist", "--look-up")
    assert (code, "it names no value to look up" in out) == (0, True)
    lacks = told("lost", small_build, "french crime", "-r", "look-up", "-k", "1", "-d", Build(small_build).documents[0].id)
    assert lacks["lists"][0]["lacks"][0]["told"].startswith("has not language = 'french'")
