"""Schemes whose codes are words (category, attributes, title, keywords, url), and the two without structure (atomic, random)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import corpus, paths, trie
from engine.corpus import Document
from engine.errors import TriescopeError
from engine.identifiers import atomic, attributes, base, category, columns, keywords, random, rq_kmeans, title, url
from engine.identifiers.base import Material
from engine.identifiers.collisions import extra_code
from engine.identifiers.paths_of_words import DEEPEST, END, UNKNOWN, clipped, identifiers_of, is_beginning

OF_WORDS = {scheme.name: scheme for scheme in (m.SCHEME for m in (category, attributes, title, keywords, url))}
ALL = OF_WORDS | {scheme.name: scheme for scheme in (atomic.SCHEME, random.SCHEME)}

few_words = st.lists(st.lists(st.sampled_from(["a", "b", "c", END, UNKNOWN]), max_size=4), min_size=1, max_size=15)
any_words = st.lists(st.lists(st.text(min_size=1, max_size=5), max_size=DEEPEST), min_size=1, max_size=8)
cells = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.lists(st.one_of(st.text(max_size=5), st.none())),
)


def document(text="", name="", **metadata):
    return Document("", name, text, metadata)


def fit(scheme, documents, seed=0, **settings):
    """What a scheme fits on documents and random vectors, every option given or None."""
    vectors = np.random.default_rng(1).normal(size=(len(documents), 8)).astype(np.float32)
    chosen = {option.name: settings.get(option.name) for option in scheme.options}
    assert not settings.keys() - chosen.keys()
    return scheme.fit(Material(vectors, documents), chosen, seed, lambda done, total: None)


def spelled(fitted):
    """Each identifier in its words."""
    return [[fitted.words[level][code] for level, code in enumerate(row) if code >= 0] for row in fitted.codes.tolist()]


def resolved(fitted):
    """The identifiers after the extra code, checked: each leaf of their trie is one document, and each document is one."""
    unique = extra_code(fitted, None, 0)
    tree = trie.build(unique.codes)
    leaves = np.flatnonzero(np.diff(tree.first_child) == 0)
    assert sorted(int(row) for leaf in leaves for row in tree.leaf_documents(leaf)) == list(range(len(fitted.codes)))
    assert (tree.counts[leaves] == 1).all()
    assert (unique.codes.max(axis=0) < unique.vocabulary).all()
    assert len(unique.vocabulary) == unique.codes.shape[1]
    if unique.words:
        assert [len(words) for words in unique.words] == list(unique.vocabulary)
    return unique


@pytest.fixture(scope="module")
def films():
    return corpus.read(paths.bundled() / "films").documents


# Paths of words


@given(st.one_of(few_words, any_words), st.booleans())
def test_any_paths_become_a_trie_whose_leaves_are_the_documents(words, always_end):
    fitted = identifiers_of(words, always_end)
    trie.build(fitted.codes)
    resolved(fitted)
    rows = [tuple(row) for row in fitted.codes.tolist()]
    filled = [tuple(path) or (UNKNOWN,) for path in words]
    assert [[a == b for b in rows] for a in rows] == [[a == b for b in filled] for a in filled]


@given(few_words, st.booleans())
def test_identifiers_spell_their_paths_and_end_only_where_they_must(words, always_end):
    fitted = identifiers_of(words, always_end)
    filled = [path or [UNKNOWN] for path in words]
    begins = [any(other != path and other[: len(path)] == path for other in filled) for path in filled]
    expected = [[*path, END] if always_end or begin else path for path, begin in zip(filled, begins, strict=True)]
    assert spelled(fitted) == expected
    assert is_beginning(fitted.codes).sum() == 0


@given(any_words)
def test_codes_of_a_level_are_its_different_words_in_alphabetical_order(words):
    fitted = identifiers_of(words)
    assert fitted.codes.dtype == np.int32
    for level, (found, size) in enumerate(zip(fitted.words, fitted.vocabulary, strict=True)):
        own = [word for path in words for word in (path or [UNKNOWN])[level : level + 1]]
        assert found in (sorted(set(own)), [END, *sorted(set(own))])
        assert set(fitted.codes[:, level].tolist()) - {-1} == set(range(size))


@given(few_words.filter(lambda rows: any(rows)))
def test_a_row_is_a_beginning_when_a_longer_one_starts_with_it(words):
    width = max(map(len, words))
    codes = np.array([[*map(ord, (word[0] for word in path)), *[-1] * (width - len(path))] for path in words])
    short = [[word[0] for word in path] for path in words]
    assert is_beginning(codes).tolist() == [any(b != a and b[: len(a)] == a for b in short) for a in short]


def test_a_word_that_reads_like_an_end_is_not_one():
    fitted = identifiers_of([["a"], ["a", END], ["a", END, "b"]])
    assert spelled(fitted) == [["a", END], ["a", END, END], ["a", END, "b"]]
    assert len(np.unique(fitted.codes, axis=0)) == 3


def test_no_documents_are_said():
    with pytest.raises(TriescopeError, match="need the documents"):
        identifiers_of([])


@given(st.lists(st.text(min_size=1, max_size=3), max_size=40))
def test_a_clipped_path_is_short_and_holds_everything(path):
    short = clipped(path, "/")
    assert len(short) <= DEEPEST
    assert "/".join(short) == "/".join(path)
    assert len(path) > DEEPEST or short == path


# Category


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


# Attributes


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


# Title


def test_no_title_is_the_beginning_of_another():
    documents = [document(name=name) for name in ("Alien", "Alien Resurrection", "Aliens", "ALIEN!")]
    fitted = fit(title.SCHEME, documents)
    assert spelled(fitted) == [["alien", END], ["alien", "resurrection", END], ["aliens", END], ["alien", END]]
    resolved(fitted)


def test_a_title_of_fifty_words_is_cut_and_one_without_words_is_taken_from_the_text():
    long = " ".join(f"w{place}" for place in range(50))
    documents = [document(name=long), document(name=long + " more"), document("A ship lands."), document("Ω", "…?!"), document()]
    found = spelled(fit(title.SCHEME, documents))
    assert [len(row) for row in found[:2]] == [13, 13]
    assert found[2:] == [["a", "ship", "lands", END], ["…?!", END], [UNKNOWN, END]]
    assert spelled(fit(title.SCHEME, documents, length=2))[0] == ["w0", "w1", END]
    resolved(fit(title.SCHEME, documents))


def test_titles_in_any_script_are_kept_whole():
    names = ["Οδύσσεια του Ομήρου", "七人の侍", "ÉTÉ – l’an 01", "पथेर पांचाली"]
    found = spelled(fit(title.SCHEME, [document(name=name) for name in names]))
    assert found == [["οδύσσεια", "του", "ομήρου", END], ["七人の侍", END], ["été", "l’an", "01", END], ["पथेर", "पांचाली", END]]


# Keywords


def telling(texts, words):
    """The keywords of each text before any is added, word by word."""
    split = [text.split() for text in texts]
    every = [word for text in split for word in text]
    with_word = {word: sum(word in text for text in split) for word in every}

    def worth(text, word):
        return text.count(word) * np.log1p(len(every) / len(texts) / every.count(word))

    found = []
    for text in split:
        best = sorted(set(text), key=lambda word: (with_word[word] < 2, -round(worth(text, word), 9), -with_word[word], word))
        found.append(sorted(best[:words], key=lambda word: (-with_word[word], word)))
    return found


@given(st.lists(st.lists(st.sampled_from("oak elm ash fir yew bay".split()), min_size=1, max_size=9), min_size=1, max_size=8))
def test_keywords_are_the_most_telling_words_commonest_first(made):
    texts = [" ".join(text) for text in made]
    best, vocabulary = keywords.best_words(texts)
    found = [[vocabulary[word] for word in sorted(row[row >= 0][:3])] for row in best]
    assert found == telling(texts, 3)


def test_words_are_added_until_documents_differ():
    texts = ["oak elm ash fir yew", "oak elm ash fir bay", "oak elm ash fir", "plum pear"]
    found = spelled(fit(keywords.SCHEME, [document(text) for text in texts]))
    assert found == [["ash", "elm", "fir", "oak", "yew"], ["ash", "elm", "fir", "oak", "bay"], ["ash", "elm", "fir", "oak", END],
                     ["pear", "plum"]]  # fmt: skip


def test_no_document_has_more_keywords_than_eight():
    fitted = fit(keywords.SCHEME, [document("oak elm ash fir yew bay plum pear lime fig")] * 3)
    assert [len(row) for row in spelled(fitted)] == [keywords.MOST] * 3
    assert spelled(resolved(fitted))[2][-1] == "2"


def test_documents_without_words_are_told_apart_by_number():
    assert spelled(resolved(fit(keywords.SCHEME, [document("12 34"), document("!"), document("日本")])))[1] == [UNKNOWN, "1"]


# URL


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


# Atomic and random


def test_an_atomic_identifier_is_one_code_that_nobody_shares():
    fitted = fit(atomic.SCHEME, [document()] * 5)
    assert fitted.codes.tolist() == [[0], [1], [2], [3], [4]]
    assert resolved(fitted) is fitted


def test_random_identifiers_are_those_of_rq_kmeans_dealt_out_by_seed(films):
    few = films[:200]
    ours, theirs = fit(random.SCHEME, few, seed=3, codes=4), fit(rq_kmeans.SCHEME, few, seed=3, codes=4)
    assert ours.vocabulary == theirs.vocabulary
    assert sorted(map(tuple, ours.codes)) == sorted(map(tuple, theirs.codes))
    assert (ours.codes != theirs.codes).any(axis=1).mean() > 0.9
    assert (fit(random.SCHEME, few, seed=3, codes=4).codes == ours.codes).all()
    shapes = [trie.build(resolved(one).codes).level_start.tolist() for one in (ours, theirs)]
    assert shapes[0] == shapes[1]


# All of them


FULL = {"category": ["A", "x"], "year": 1999, "url": "https://a.org/b"}


@pytest.mark.parametrize("scheme", ALL.values(), ids=ALL)
@pytest.mark.parametrize("rows", [1, 6])
def test_one_document_or_many_that_are_equal_each_have_an_identifier(scheme, rows):
    fitted = resolved(fit(scheme, [document("Some ship lands on an island.", "Ship", **FULL)] * rows))
    assert len(np.unique(fitted.codes, axis=0)) == rows


@pytest.mark.parametrize("scheme", OF_WORDS.values(), ids=OF_WORDS)
@given(cell=st.lists(cells, min_size=1, max_size=6), text=st.text(max_size=30), name=st.text(max_size=12))
def test_whatever_cells_and_texts_hold_becomes_a_trie(scheme, cell, text, name):
    documents = [document(text, name, odd=value) for value in cell] + [document(name, text, other="x")]
    asked = {"category": {"column": "odd"}, "url": {"column": "odd"}, "attributes": {"columns": "odd,other"}}
    resolved(fit(scheme, documents, **asked.get(scheme.name, {})))


@pytest.mark.parametrize("scheme", ALL.values(), ids=ALL)
def test_every_scheme_names_films_and_comes_back_from_disk(scheme, films, tmp_path):
    asked = {"url": {"column": "genre"}, "random": {"codes": 8}}.get(scheme.name, {})
    unique = resolved(fit(scheme, films, **asked))
    again = resolved(fit(scheme, films, **asked))
    base.save(unique, tmp_path / "identifiers.npz")
    loaded = base.load(tmp_path / "identifiers.npz")
    for other in (again, loaded):
        assert (other.codes == unique.codes).all()
        assert other.codes.dtype == np.int32
        assert (other.vocabulary, other.words, other.codebooks) == (unique.vocabulary, unique.words, [])
    assert scheme.assign is None


def test_films_choose_their_own_columns(films):
    assert category.find_column(films) == "genre"
    assert attributes.find_columns(films) == ["genre", "mood", "language", "countries"]
    assert not category.is_hierarchy([columns.steps(film.metadata["countries"]) for film in films])
