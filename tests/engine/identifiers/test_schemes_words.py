"""Schemes whose codes are words of the text (title, keywords), those without structure (atomic, random), and all of these."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import paths, trie
from engine.data import corpus
from engine.identifiers import atomic, attributes, base, category, columns, keywords, random, rq_kmeans, title
from engine.identifiers.paths_of_words import END, UNKNOWN
from tests.engine.identifiers.words import ALL, OF_WORDS, cells, document, fit, resolved, spelled


@pytest.fixture(scope="module")
def films():
    return corpus.read(paths.bundled() / "films").documents


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
    assert found == [
        ["ash", "elm", "fir", "oak", "yew"],
        ["ash", "elm", "fir", "oak", "bay"],
        ["ash", "elm", "fir", "oak", END],
        ["pear", "plum"],
    ]


def test_what_is_asked_counts_and_the_most_telling_word_can_come_first():
    """Three texts that share most words; who asks for the last one says plum, which the second has too."""
    documents = [document("oak elm elm"), document("oak plum elm"), document("oak oak elm ash")]
    asked = base.Asked(np.zeros((2, 2), np.float32), np.array([0, 1, 0]), np.array([2, 2, 1]), ["plum", "a plum oak"])
    material = base.Material(np.zeros((3, 2), np.float32), documents, asked=asked)
    given = {"words": 2, "order": "telling", "asked": 1}
    assert keywords.SCHEME.asks(given)
    assert not keywords.SCHEME.asks({"order": "telling"})
    fitted = keywords.fit(material, given, 0, lambda done, total: None)
    found = spelled(fitted)
    assert fitted.notes == ("keywords: 2 train queries; each counts 1 times as words of what answers it",)
    # By hand: the last text counts oak three times and plum twice, of five oaks and four plums (three asked) in all.
    texts = ["oak elm elm", "oak plum elm plum", "oak oak elm ash plum plum oak"]
    assert found == [sorted_by_worth(texts, place)[:2] for place in range(3)]
    assert found[2] != found[2][::-1]
    plain = spelled(keywords.fit(material, {"words": 2}, 0, lambda done, total: None))
    assert plain[0][:2] == ["elm", "oak"]


def sorted_by_worth(texts, place):
    """The words of a text, the most telling first, word by word; those of one text alone last."""
    split = [text.split() for text in texts]
    every = [word for text in split for word in text]
    with_word = {word: sum(word in text for text in split) for word in every}
    worth = {word: split[place].count(word) * np.log1p(len(every) / len(texts) / every.count(word)) for word in set(split[place])}
    return sorted(worth, key=lambda word: (with_word[word] < 2, -round(worth[word], 9), -with_word[word], word))


def test_no_document_has_more_keywords_than_eight():
    fitted = fit(keywords.SCHEME, [document("oak elm ash fir yew bay plum pear lime fig")] * 3)
    assert [len(row) for row in spelled(fitted)] == [keywords.MOST] * 3
    assert spelled(resolved(fitted))[2][-1] == "2"


def test_documents_without_words_are_told_apart_by_number():
    assert spelled(resolved(fit(keywords.SCHEME, [document("12 34"), document("!"), document("日本")])))[1] == [UNKNOWN, "1"]


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


def test_a_thesaurus_is_a_tree_of_titles_cut_where_it_is_asked_to_be():
    rows = {"n1": ("entity", ["n1"]), "n2": ("ring", ["n1", "n2"]), "n3": ("ring", ["n1", "n3"])}
    rows["n4"] = ("key ring", ["n1", "n3", "n4"])
    documents = [corpus.Document(name, title, "", {"path": path}) for name, (title, path) in rows.items()]
    fitted = resolved(fit(category.SCHEME, documents, column="path"))
    assert [set(words) - {"(end)"} for words in fitted.words[:3]] == [{"entity"}, {"ring (n2)", "ring (n3)"}, {"key ring"}]
    cut = resolved(fit(category.SCHEME, documents, column="path", levels=1))
    assert [cut.words[0], len(np.unique(cut.codes, axis=0)), cut.content.tolist()] == [["entity"], 4, [1, 1, 1, 1]]


def test_films_choose_their_own_columns(films):
    assert category.find_column(films) == "genre"
    assert attributes.find_columns(films) == ["genre", "mood", "language", "countries"]
    assert not category.is_hierarchy([columns.steps(film.metadata["countries"]) for film in films])
