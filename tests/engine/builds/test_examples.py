"""What is offered to try on a build belongs to it: the films' queries to the films alone, a filter to columns that there are."""

import numpy as np
import pytest

from engine import filters
from engine.builds import examples
from engine.builds.examples import Example, examples_of, filter_of, shipped, spoken, text_of
from engine.builds.make import digest_of, make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.data.datasets import load

FILMS = {example.query for example in shipped()[1]}


@pytest.fixture
def built(tmp_path):
    """Makes a build of documents and, by split, their queries."""

    def build(documents, queries=None, qrels=None, scheme="atomic"):
        corpus = Corpus("films", documents, queries or {}, qrels or {}, [])
        return Build(make(corpus, BuildSpec(scheme=scheme), tmp_path / "built"))

    return build


def things(count, **metadata):
    names = ("cup", "rake", "lamp", "blanket", "kettle", "hammer", "basket", "mirror", "ladder", "candle", "spoon", "broom")
    return [Document(f"d{row}", "", f"A {names[row]} of good make", metadata) for row in range(count)]


class TestQueries:
    def test_the_films_bring_theirs_along_under_the_hash_of_the_catalogue_as_it_is(self):
        sha256, shown = shipped()
        assert sha256 == digest_of(load("films"))
        assert len(shown) == examples.MOST
        assert all(bool(example.note) == bool(example.scorer) for example in shown)

    def test_a_build_of_the_films_with_other_identifiers_has_the_same_and_a_part_of_them_its_own(self, films_home, opened):
        films = Build(films_home / "builds" / "films")
        assert examples_of(films) == shipped()[1]
        own = examples_of(opened)
        assert own == [Example(opened.corpus.queries[query]) for query in opened.corpus.qrels["dev"]][: examples.MOST]
        assert not {example.query for example in own} & FILMS

    def test_another_catalogue_of_the_same_name_is_another_catalogue(self, built):
        assert not {example.query for example in examples_of(built(things(8)))} & FILMS

    def test_development_queries_come_before_others_and_a_split_of_another_name_is_better_than_none(self, built):
        documents = things(3)
        queries = {"q0": "old", "q1": "shiny", "q2": "broken", "q3": "?!", "q4": "x" * 200, "q5": "SHINY"}
        qrels = {
            "test": {"q0": {"d0": 1}},
            "dev": {query: {"d1": 1} for query in ("q3", "q4", "q1", "q5")},
            "train": {"q2": {"d2": 1}},
        }
        found = {}
        for splits in (("test", "dev", "train"), ("test", "train"), ("test",), ()):
            corpus = Corpus("c", documents, queries, {split: qrels[split] for split in splits}, [])
            found[splits] = examples.judged(corpus)
        assert list(found.values()) == [["shiny"], ["broken"], ["old"], []]
        assert examples.judged(Corpus("c", documents, queries, {"held": {"q0": {"d0": 1}}}, [])) == ["old"]

    def test_titles_are_taken_from_all_over_the_tree(self, built):
        documents = [Document(f"d{row}", f"Thing {row}", f"text {row}", {}) for row in range(60)]
        build = built(documents)
        titles, leaves = spoken(build), build.trie.documents
        place = {f"Thing {row}": at for at, row in enumerate(leaves.tolist())}
        assert len(titles) == examples.MOST
        assert np.diff(sorted(place[title] for title in titles)).min() >= 9

    def test_documents_without_a_title_are_told_by_the_words_that_name_their_place(self, built):
        build = built(things(8))
        assert len(spoken(build)) == examples.MOST
        said = {name.replace(" · ", " ") for name in build.names}
        assert set(spoken(build)) <= said

    def test_where_nothing_can_be_asked_there_is_nothing_to_try(self, built):
        assert examples_of(built([Document("d0", "", "...", {}), Document("d1", "", "!!", {})])) == []


class TestFilters:
    @pytest.mark.parametrize(
        ("metadata", "filter_text"),
        [
            ([{"price": row, "kind": ["Tool", "New"][: 1 + row % 2]} for row in range(12)], "price > 5 and kind has New"),
            ([{"price": row, "kind": "it's"} for row in range(12)], "price > 5"),
            ([{"my kind": "Kitchen ware" if row % 3 else "Tool"} for row in range(12)], "'my kind' = 'Kitchen ware'"),
            ([{"price": 3, "kind": "tool"} for _ in range(12)], ""),
            ([{} for _ in range(12)], ""),
            ([{"it's": row, "line\nbreak": row} for row in range(12)], ""),
            ([{"note": f"{row} times"} for row in range(12)], ""),
        ],
    )
    def test_it_is_made_of_columns_and_values_that_there_are(self, built, metadata, filter_text):
        documents = [one._replace(metadata=values) for one, values in zip(things(12), metadata, strict=True)]
        build = built(documents)
        assert filter_of(build) == filter_text
        if filter_text:
            assert 0 < filters.evaluate(build.columns, filter_text).sum() < 12

    def test_that_of_the_films_lets_some_of_them_through(self, films_home):
        films = Build(films_home / "builds" / "films")
        assert 100 < filters.evaluate(films.columns, filter_of(films)).sum() < 1000

    def test_two_conditions_that_leave_nothing_together_are_not_joined(self, built):
        documents = [
            one._replace(metadata={"price": row, "kind": "Tool" if row < 4 else f"kind {row}"})
            for row, one in enumerate(things(12))
        ]
        assert filter_of(built(documents)) == "price > 5"

    def test_a_column_of_paths_is_passed_over(self, built):
        documents = [
            one._replace(metadata={"categories": [["Makeup", "Nails"]] if row < 6 else [["Hair"]], "kind": "ab"[row % 2]})
            for row, one in enumerate(things(12))
        ]
        assert filter_of(built(documents)) == "kind = a"


def test_the_text_to_type_is_that_of_a_document_cut_at_a_word(built):
    build = built([Document("d0", "a title", "", {}), Document("d1", "", f"  a\n kite {'flies ' * 40}", {})])
    told = text_of(build)
    assert told.startswith("a kite flies")
    assert told.endswith("flies …")
    assert len(told) <= examples.LONGEST + 2
