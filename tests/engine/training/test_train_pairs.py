import re

import numpy as np
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from engine.builds import layout
from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.training.pairs import pseudo_queries
from engine.training.pairs.draws import draw, pools
from engine.training.pairs.sources import SOURCES, Pairs, check_mix, collect, held_out
from tests.engine.training.by_hand import source_of

DOCUMENTS = [
    Document("a", "Red kites", "Red kites soar above the moor. They eat carrion and small mammals. Dr. J. Hill counts all.", {}),
    Document("b", "Blue whales", "Blue whales filter krill from cold water. Nobody knows how they navigate.", {}),
    Document("c", "", "An untitled note on the tides of the northern sea.", {}),
    Document("d", "Only a title", "", {}),
    Document("e", "No identifier", "This page has no identifier but has words enough.", {}),
]
CODES = [[0], [1], [2], [3], [-1]]
QUERIES = {"q1": "birds of prey", "q2": "krill eaters", "q3": "what floats", "q4": "birds of prey"}
QRELS = {
    "train": {"q1": {"a": 2, "b": 0}, "q2": {"b": 1, "gone": 2, "e": 2}, "q4": {"a": 1, "c": 1}},
    "dev": {"q3": {"b": 1}},
}


@pytest.fixture
def source(tmp_path):
    return source_of(tmp_path, DOCUMENTS, CODES, queries=QUERIES, qrels=QRELS)


def told(pairs):
    """(text, id, source, grade) of every pair."""
    columns = zip(pairs.query, pairs.row, pairs.source, pairs.grade, strict=True)
    return {(pairs.texts[query], DOCUMENTS[row].id, SOURCES[kind], float(grade)) for query, row, kind, grade in columns}


def test_judged_pairs_are_the_positive_grades_of_the_split_and_equal_texts_are_one_query(source):
    pairs = collect(source, "train", {"judged": 1}, 0)
    assert told(pairs) == {
        ("birds of prey", "a", "judged", 2.0),
        ("birds of prey", "c", "judged", 1.0),
        ("krill eaters", "b", "judged", 1.0),
    }
    assert pairs.texts == ["birds of prey", "krill eaters"]
    assert [array.dtype for array in pairs[1:]] == [np.int64, np.int64, np.int8, np.float32]
    assert told(collect(source, "dev", {"judged": 1}, 0)) == {("what floats", "b", "judged", 1.0)}


def test_the_test_split_is_never_read(tmp_path):
    source = source_of(tmp_path, DOCUMENTS, CODES, queries=QUERIES, qrels={"test": QRELS["dev"]})
    with pytest.raises(TriescopeError, match="test split"):
        collect(source, "test", {"judged": 1}, 0)


def test_only_sources_with_a_share_are_made_and_counted(source):
    pairs = collect(source, "train", {"judged": 2, "title": 1, "span": 0}, 0)
    assert pairs.counts() == {"judged": 3, "title": 3}
    assert ("Red kites", "a", "title", 1.0) in told(pairs)


def test_documents_that_are_left_out_or_have_no_identifier_get_no_pair_from_any_source(source):
    mix = dict.fromkeys(SOURCES, 1.0)
    take(source, {(0, 1): 3, (1, 3): 1, (3, 1): 1, (4, 1): 2, (1, 0): 5})
    pairs = collect(source, "train", mix, 0, frozenset({0}), generator=lambda texts: [[f"asked of {text}"] for text in texts])
    assert set(pairs.row.tolist()) == {1, 2, 3}
    assert pairs.counts().keys() == set(SOURCES)
    assert not any("kites" in text.lower() for text in pairs.texts)


def take(source, weights):
    """What was taken together: (row, other) -> weight."""
    rows, others = np.array(list(weights)).T
    matrix = csr_matrix((np.array(list(weights.values()), np.float32), (rows, others)), (len(DOCUMENTS), len(DOCUMENTS)))
    path = source.folder / layout.TAKEN / layout.TAKEN_TOGETHER
    path.parent.mkdir(exist_ok=True)
    np.savez(path, indptr=matrix.indptr.astype(np.int64), indices=matrix.indices.astype(np.int32), data=matrix.data)
    return path


def test_what_was_taken_together_finds_each_other_the_most_first(source):
    with pytest.raises(TriescopeError, match="has no interactions, so nothing was taken together"):
        collect(source, "train", {"together": 1}, 0)
    path = take(source, {(0, 1): 1, (0, 3): 2, (0, 0): 9, (0, 2): 3, (0, 4): 8, (2, 0): 0})
    assert source.together(np.arange(4), 2) == [[2, 3], [], [], []]  # not itself, not one without an identifier, nothing of 0
    pairs = collect(source, "train", {"together": 1}, 0, per_document=3)
    assert told(pairs) == {("Only a title", "a", "together", 1.0), ("Blue whales", "a", "together", 1.0)}
    np.savez(path, indptr=np.array([0, 1, 1]), indices=np.array([7]), data=np.ones(1, np.float32))
    with pytest.raises(TriescopeError, match="damaged, or of another catalogue"):
        collect(source, "train", {"together": 1}, 0)


def test_generated_queries_are_those_of_the_generator_cut_and_without_empty_ones(source):
    asked = []

    def generator(texts):
        asked.extend(texts)
        return [["one " * 100, " ", "two", "two"]] + [[] for _ in texts[1:]]

    pairs = collect(source, "train", {"generated": 1}, 0, generator=generator)
    assert asked == [document.searched_text() for document in DOCUMENTS[:4]]
    assert pairs.texts == [" ".join(["one"] * 64), "two"]
    with pytest.raises(TriescopeError, match="generated queries need a generator"):
        collect(source, "train", {"generated": 1}, 0)


def test_progress_is_told_for_each_source(source):
    heard = []
    collect(source, "train", {"judged": 1, "title": 1}, 0, progress=lambda *told: heard.append(told))
    assert heard == [("judged queries", 0, 4), ("judged queries", 4, 4), ("title queries", 0, 4), ("title queries", 4, 4)]


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ({"judged": 1}, "has no judged queries in split 'nowhere'; choose titles, sentences or spans"),
        ({"judged": 1, "title": 1, "span": 1}, "no judged queries .* and no titles and no text .*; choose sentences"),
        ({"tweets": 1}, "unknown source of training pairs 'tweets'; there are judged, title"),
        ({"title": -1}, "the share of title pairs is -1"),
        ({"title": float("nan")}, "the share of title pairs is nan"),
        ({"title": 0}, "no share above 0"),
        ({}, "no share above 0"),
    ],
)
def test_a_mix_that_yields_nothing_says_why(tmp_path, mix, message):
    source = source_of(tmp_path, [Document("a", "", "moor", {})])
    with pytest.raises(TriescopeError, match=message):
        collect(source, "nowhere", mix, 0)


def test_judged_queries_of_documents_that_training_must_not_know_are_nothing_to_train_on(source):
    with pytest.raises(TriescopeError, match="no judged query in split 'dev' whose relevant documents may be trained on"):
        collect(source, "dev", {"judged": 1}, 0, frozenset({1}))


def test_the_same_seed_gives_the_same_pairs_and_another_seed_others(source):
    mix = {"span": 1.0, "template": 1.0}
    one, same, other = (collect(source, "train", mix, seed) for seed in (3, 3, 4))
    assert one.texts == same.texts
    assert all(np.array_equal(a, b) for a, b in zip(one[1:], same[1:], strict=True))
    assert one.texts != other.texts


@st.composite
def some_pairs(draw):
    texts = draw(st.integers(1, 8))
    many = draw(st.lists(st.tuples(st.integers(0, texts - 1), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30))
    query, row, kind = map(np.array, zip(*many, strict=True))
    return Pairs([f"t{place}" for place in range(texts)], query, row, kind.astype(np.int8), np.ones(len(many), np.float32))


@given(some_pairs(), st.floats(0, 1), st.integers(0, 99))
def test_held_out_pairs_share_no_text_and_lose_none(pairs, share, seed):
    parts = held_out(pairs, share, seed)
    assert not set(parts[0].texts) & set(parts[1].texts)
    assert len(parts[1].texts) == max(1, round(share * len(pairs.texts)))

    def plain(some):
        return sorted((some.texts[q], r, s, g) for q, r, s, g in zip(*map(np.ndarray.tolist, some[1:]), strict=True))

    assert sorted(plain(parts[0]) + plain(parts[1])) == plain(pairs)


@given(some_pairs(), st.integers(0, 99), st.integers(0, 10**6))
def test_a_draw_depends_on_seed_and_step_alone_and_takes_only_sources_with_a_share(pairs, seed, step):
    mix = {"judged": 3.0, "title": 1.0}
    if not (pairs.source < 2).any():
        with pytest.raises(TriescopeError, match="no source of the mix has a pair"):
            draw(pools(pairs), mix, 7, seed, step)
        return
    chosen = draw(pools(pairs), mix, 7, seed, step)
    assert chosen.dtype == np.int64
    assert chosen.shape == (7,)
    assert set(pairs.source[chosen]) <= {0, 1}
    assert np.array_equal(chosen, draw(pools(pairs), mix, 7, seed, step))


def test_draws_follow_the_shares_of_the_sources_and_are_even_over_queries_and_then_over_their_documents():
    kinds = np.array([1, 0, 0, 3, 0, 1], np.int8)
    query = np.array([0, 0, 0, 0, 1, 1])
    pairs = Pairs(["t", "u"], query, np.arange(6), kinds, np.ones(6, np.float32))
    mix = {"judged": 3.0, "title": 1.0, "sentence": 7.0}  # there are no sentences, and spans have no share
    drawn = np.concatenate([draw(pools(pairs), mix, 1000, 5, step) for step in range(40)])
    shares = np.bincount(drawn, minlength=6) / len(drawn)
    assert shares == pytest.approx([1 / 8, 3 / 16, 3 / 16, 0, 3 / 8, 1 / 8], abs=0.01)
    assert not np.array_equal(draw(pools(pairs), mix, 50, 5, 0), draw(pools(pairs), mix, 50, 5, 1))
    assert not np.array_equal(draw(pools(pairs), mix, 50, 5, 0), draw(pools(pairs), mix, 50, 6, 0))


def test_a_mix_of_known_sources_passes():
    check_mix({"judged": 0, "title": 0.1})


MAKERS = [pseudo_queries.sentences, pseudo_queries.spans, pseudo_queries.templates]
words = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=12)
texts = st.lists(st.one_of(words, st.sampled_from("kite moor. soar The whale, Fig.".split())), max_size=90).map(" ".join)
documents = st.lists(st.builds(Document, st.just("x"), texts, texts, st.just({})), max_size=4)


@given(documents, st.integers(1, 5), st.integers(0, 9))
def test_pseudo_queries_are_few_short_different_and_drawn_by_the_seed(documents, per_document, seed):
    for make in MAKERS:
        made = make(documents, per_document, seed)
        assert len(made) == len(documents)
        assert made == make(documents, per_document, seed)
        for queries in made:
            assert len(queries) <= per_document
            assert len(set(queries)) == len(queries)
            assert all(query.strip() == query and 1 <= len(query.split()) <= 64 for query in queries)
    made = pseudo_queries.titles(documents)
    assert [len(queries) <= 1 for queries in made] == [True] * len(documents)


@given(documents, st.integers(0, 9))
def test_sentences_and_spans_are_words_of_the_text(documents, seed):
    for document, sentences, spans in zip(
        documents, pseudo_queries.sentences(documents, 3, seed), pseudo_queries.spans(documents, 3, seed), strict=True
    ):
        assert all(query in " ".join(document.text.split()) for query in sentences)
        # Spans leave out what is no word: dashes and stops that stand alone.
        kept = " ".join(word for word in document.text.split() if regex.search(r"[\p{L}\p{N}]", word))
        assert all(query in kept for query in spans)


def test_empty_titles_and_texts_make_no_query():
    empty = [Document("x", "", "", {}), Document("x", " - ", "...", {})]
    assert pseudo_queries.titles(empty) == [[], []]
    assert [make(empty, 4, 0) for make in MAKERS] == [[[], []]] * 3


def test_a_span_surrounds_a_keyword_within_one_sentence():
    document = Document("x", "", "The cat sat on the old mat. A zebra zebra zebra came by to say hello today.", {})
    for seed in range(20):
        (span,) = pseudo_queries.spans([document], 1, seed)[0]
        assert "zebra" in span
        assert "mat" not in span
        assert 4 <= len(span.split()) <= 10


def test_a_span_of_any_length_and_place_holds_its_keyword():
    """All other words are too short to be keywords; there is room on both sides."""
    document = Document("x", "", "on we go to it by an up ox zebra as if he is at my or no us do", {})
    found = [pseudo_queries.spans([document], 1, seed)[0][0] for seed in range(300)]
    assert all("zebra" in span.split() for span in found)
    assert {len(span.split()) for span in found} == set(range(4, 11))
    assert {span.split().index("zebra") for span in found} == set(range(10))


def test_a_keyword_that_begins_in_one_word_and_ends_in_the_next_has_its_span():
    asked = Document("a", "", "北京烤鸭外皮酥脆", {})
    others = [Document("b", "", "北京。烤鸭。外皮。酥脆。", {})]
    assert pseudo_queries.keywords([asked.text, others[0].text], 1)[0] == ["京烤"]
    assert pseudo_queries.spans([asked, *others], 1, 0)[0] == [asked.text]


def test_sentences_are_drawn_without_putting_back():
    text = " ".join(f"Sentence number {number} is this one." for number in "one two three four five six".split())
    for seed in range(50):
        (drawn,) = pseudo_queries.sentences([Document("x", "", text, {})], 4, seed)
        assert len(set(drawn)) == 4
        assert drawn == sorted(drawn, key=text.index)


def test_documents_without_spaces_have_sentences_and_spans_of_several_words():
    documents = [
        Document("a", "北京烤鸭", "北京最有名的菜是烤鸭，外皮酥脆。好吃！", {}),
        Document("b", "", "ภาษาไทยเป็นภาษาที่ใช้ในประเทศไทย", {}),
        Document("c", "", "字" * 500, {}),
    ]
    assert pseudo_queries.sentences(documents, 4, 0) == [
        ["北京最有名的菜是烤鸭，外皮酥脆。"],  # the other one has two words
        ["ภาษาไทยเป็นภาษาที่ใช้ในประเทศไทย"],
        ["字" * 128],  # two characters a word
    ]
    for seed in range(9):
        for document, (span, *_) in zip(documents, pseudo_queries.spans(documents, 2, seed), strict=True):
            assert span in document.text
            assert len(span) < 36


def test_templates_are_templates_with_keywords():
    document = Document("x", "Zebra stripes", "Zebra stripes confuse flies.", {})
    start_or_end = re.compile("|".join(re.escape(t).replace(r"\{keywords\}", "(.+)") for t in pseudo_queries.TEMPLATES))
    for query in pseudo_queries.templates([document], 10, 1)[0]:
        found = start_or_end.fullmatch(query)
        filled = next(group for group in found.groups() if group)
        assert set(re.split(", | and ", filled)) <= {"zebra", "stripes", "confuse", "flies"}


def slow_keywords(texts, limit):
    stop = {"the", "and", "are", "not"}
    split = [[word for word in text.split() if word not in stop] for text in texts]
    best = []
    for mine in split:
        weight = {w: (1 + np.log(mine.count(w))) * np.log((1 + len(texts)) / sum(w in other for other in split)) for w in mine}
        best.append(sorted(weight, key=lambda word: (-round(weight[word], 9), mine.index(word)))[:limit])
    return best


@given(st.lists(st.lists(st.sampled_from("kite moor whale the and tide sea".split()), max_size=12).map(" ".join), max_size=5))
def test_keywords_agree_with_counting_by_hand(texts):
    assert pseudo_queries.keywords(texts, 3) == slow_keywords(texts, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One here. Two there! Three?", ["One here.", "Two there!", "Three?"]),
        ("Dr. Hill met Mr. B. Lee vs. nobody. It rained.", ["Dr. Hill met Mr. B. Lee vs. nobody.", "It rained."]),
        ("A dose of approx. 5 mg (cf. Fig. 3). Then 2.5 more.", ["A dose of approx. 5 mg (cf. Fig. 3).", "Then 2.5 more."]),
        ('He said "no way." She left.', ['He said "no way."', "She left."]),
        ("soft cotton. machine wash.", ["soft cotton.", "machine wash."]),
        ("A heading\n\nThe text below.\nIt goes on.", ["A heading", "The text below.", "It goes on."]),
        ("北京很大。天气好！“去吗？”去。", ["北京很大。", "天气好！", "“去吗？”", "去。"]),
        ("  ", []),
    ],
)
def test_sentences_are_split_where_a_reader_would(text, expected):
    assert pseudo_queries.split_sentences(text) == expected


@given(texts)
def test_splitting_into_sentences_loses_no_word(text):
    assert "".join(pseudo_queries.split_sentences(text)).replace(" ", "") == "".join(text.split())
