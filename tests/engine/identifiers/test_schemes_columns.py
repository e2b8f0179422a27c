"""Schemes whose codes are values of columns: category, attributes, url."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import paths
from engine.data import corpus
from engine.errors import TriescopeError
from engine.identifiers import attributes, category, url
from engine.identifiers.paths_of_words import DEEPEST, END, UNKNOWN
from tests.engine.identifiers.words import document, fit, resolved, spelled


@pytest.fixture(scope="module")
def films():
    return corpus.read(paths.bundled() / "films").documents


def test_categories_of_different_depth_are_shelves_and_those_that_go_on_have_an_end():
    fitted = fit(category.SCHEME, [document(category=path) for path in ("Toys > Kites", "Toys", "Garden", "Toys > Kites", None)])
    assert spelled(fitted) == [["Toys", "Kites"], ["Toys", END], ["Garden"], ["Toys", "Kites"], [UNKNOWN]]
    assert spelled(resolved(fitted))[3] == ["Toys", "Kites", "1"]


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ({"shelf": ["A/x", "A/y", "B/z"], "genre": [["D", "e"], ["D", "f"], ["G", "h"]]}, "genre"),
        ({"Categories": ["A > x", "A", "B"], "genre": [["D", "e"], ["D", "f"], ["G", "h"]]}, "Categories"),
        ({"mood": ["sad", "glad", "sad"], "shelf": ["A/x", "A/y", "B/z"]}, "shelf"),
        ({"countries": [["F", "S"], ["S", "F"], ["S", "I"]], "tree": [["A", "x"], ["A", "y"], ["B"]]}, "tree"),
        ({"url": ["http://a/b", "http://a/c", "http://d"], "tree": ["A > x", "A > y", "A"]}, "tree"),
    ],
)
def test_the_column_of_paths_is_found(made, found):
    documents = [document(**dict(zip(made, row, strict=True))) for row in zip(*made.values(), strict=True)]
    assert category.find_column(documents) == found


@pytest.mark.parametrize(
    "metadata", [{}, {"year": 1999}, {"mood": "sad"}, {"category": "flat"}, {"url": "https://a.org/b/c"}, {"cast": ["A", "B"]}]
)
def test_a_corpus_without_paths_is_said_with_its_columns(metadata):
    with pytest.raises(
        TriescopeError, match=f"category: no metadata column holds paths.*there are {', '.join(metadata) or 'none'}"
    ):
        fit(category.SCHEME, [document(**metadata)] * 3)


def test_a_category_column_that_is_asked_for_is_taken_even_when_flat():
    documents = [document(genre=["D", "e"], mood="sad"), document(genre=["D", "f"], mood="glad")]
    assert spelled(fit(category.SCHEME, documents, column="mood")) == [["sad"], ["glad"]]


def test_a_category_as_deep_as_no_tree_is_cut():
    fitted = fit(category.SCHEME, [document(category=[str(step) for step in range(40)]), document(category=["0"])])
    assert fitted.codes.shape[1] == DEEPEST


def test_attributes_are_words_of_the_columns_in_the_order_asked_for():
    documents = [document(year=1994, made=["Spain", "Cuba"]), document(year=None, made="Peru"), document(year=2001)]
    fitted = fit(attributes.SCHEME, documents, columns="made, year,made")
    assert spelled(fitted) == [["Spain", "1990s"], ["Peru", UNKNOWN], [UNKNOWN, "2000s"]]


@pytest.mark.parametrize("missing", [None, "", " ", [], [None], float("nan")])
def test_a_missing_value_has_a_code_of_its_own(missing):
    assert attributes.values(["sad", missing, None]) == ["sad", UNKNOWN, UNKNOWN]
    assert attributes.values([1994, missing, "unknown"]) == ["1990s", UNKNOWN, UNKNOWN]


def test_columns_are_found_by_how_they_split_the_corpus_and_ordered_by_their_values():
    rows = range(40)
    documents = [
        document(
            constant="x", rare="y" if row else "z", half=row % 2, third=row % 3, fifth=row % 5, tenth=row % 10, own=f"#{row}"
        )
        for row in rows
    ]
    assert attributes.find_columns(documents) == ["half", "third", "fifth", "tenth"]


def test_without_a_column_of_few_values_the_one_of_fewest_is_taken():
    assert attributes.find_columns([document(a="x", b="x"), document(a="y", b="x"), document(a="z", b="x")]) == ["a"]
    assert attributes.find_columns([document(a="x", b=None)]) == ["a"]


@given(st.lists(st.floats(-1e6, 1e6).filter(lambda number: not 1000 <= number <= 2100), min_size=1, max_size=40))
def test_bands_keep_the_order_of_numbers_and_equal_numbers_together(numbers):
    said = attributes.binned(np.array(numbers))
    in_order = [word for _, word in sorted(zip(numbers, said, strict=True), key=lambda pair: pair[0])]
    assert len(in_order) == len(numbers)
    assert len(set(said)) <= attributes.BANDS
    changes = [word for place, word in enumerate(in_order) if place == 0 or in_order[place - 1] != word]
    assert len(changes) == len(set(changes))


def test_numbers_typed_as_text_are_numbers_and_a_column_with_a_word_in_it_is_text():
    assert attributes.values([str(n) for n in range(10)])[:2] == ["0 to 1", "0 to 1"]
    assert attributes.values(["1990", "soon"]) == ["1990", "soon"]


@pytest.mark.parametrize(
    ("metadata", "asked", "fault"),
    [
        ({}, None, "attributes: the corpus has no metadata column"),
        ({"year": None}, None, "attributes: the corpus has no metadata column"),
        ({"year": 1999}, "decade", "attributes: there is no metadata column 'decade'; there are year"),
        ({"year": 1999}, ",".join(f"c{place}" for place in range(17)), "attributes: at most 16 columns, not 17"),
    ],
)
def test_attributes_that_are_not_there_are_said(metadata, asked, fault):
    with pytest.raises(TriescopeError, match=fault):
        fit(attributes.SCHEME, [document(**metadata)] * 2, columns=asked)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("https://www.Example.org/a/b%20c/", ["example.org", "a", "b c"]),
        ("//example.org/a?x=1&y=2#z", ["example.org", "a", "?x=1&y=2", "#z"]),
        ("docs/guide.md", ["docs", "guide.md"]),
        (r"C:\docs\guide.md", ["C:", "docs", "guide.md"]),
        ("Note: this/that", ["Note: this", "that"]),
        ("/a?x", ["a", "?x"]),
        ("http://[bad", ["http:", "[bad"]),
        ("%ff%zz", ["\ufffd%zz"]),
        (["docs", " guide "], ["docs", "guide"]),
        ("   ", []),
        (None, []),
    ],
)
def test_an_address_is_split_into_what_a_person_reads(address, parts):
    assert url.segments(address) == parts


def test_the_host_is_a_code_only_where_there_are_several():
    one = [document(url=f"https://a.org/{path}") for path in ("x/1", "x/2", "x")]
    assert spelled(fit(url.SCHEME, one)) == [["x", "1"], ["x", "2"], ["x", END]]
    two = [*one, document(url="https://b.org/y"), document(url="")]
    assert spelled(fit(url.SCHEME, two))[2:] == [["a.org", "x", END], ["b.org", "y"], [UNKNOWN]]
    root = [*one, document(url="https://a.org/")]
    assert spelled(fit(url.SCHEME, root))[2:] == [["a.org", "x", END], ["a.org", END]]


def test_very_long_addresses_are_cut_and_still_differ():
    long = "https://a.org/" + "/".join(f"s{place}" for place in range(500))
    fitted = fit(url.SCHEME, [document(Link=long), document(Link=long + "/x"), document(Link="https://a.org/" + "y" * 10_000)])
    assert fitted.codes.shape[1] == DEEPEST
    assert len(np.unique(fitted.codes, axis=0)) == 3


def test_a_corpus_without_addresses_is_said_with_its_columns(films):
    with pytest.raises(TriescopeError, match=r"url: the corpus has no URL or path column .*there are countries"):
        fit(url.SCHEME, films)
